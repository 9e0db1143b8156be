"""A causal temporal filter for probabilities with one strength knob: see ``one_euro``.

All classes are one signal with one time constant, so that filtered probabilities are a
mean of earlier ones: they stay in [0, 1] and add up to 1.
"""

import functools

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.temporal.one_euro import (
    SignalState,
    advance,
    at_rest,
    check_settings,
)
from face_jax.types import Array

PROBABILITY_LAG = 0.5
"""Largest lag at strength 1 in steady motion, as the length of the vector of
probabilities; it is 1.4 from one certain expression to another."""


@flax.struct.dataclass
class FilterState:
    """Filter memory between two chunks of a clip.

    Attributes:
      signal: the probabilities, [classes].
      elapsed: seconds since the last frame with a face.
    """

    signal: SignalState
    elapsed: Array


class ProbabilityFilter:
    """Smooths the probabilities of one clip in order, chunk by chunk."""

    def __init__(self, strength: float, frame_rate: float):
        """Starts a clip.

        Args:
          strength: 0 (off: chunks come back as they are) to 1.
          frame_rate: frames per second of the clip.

        Raises:
          ValueError: strength or frame rate out of range.
        """
        check_settings(strength, frame_rate)
        self._strength, self._interval = strength, 1.0 / frame_rate
        self._state: FilterState | None = None

    def __call__(self, probabilities: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Smooths the next frames.

        Args:
          probabilities: float32 [T, classes]; each T is compiled for.
          valid: bool [T], where there is a face. Other frames change nothing, and the
            time that they take makes the memory fade.

        Returns:
          float32 [T, classes]; rows without a face mean nothing.
        """
        if self._strength == 0 or (self._state is None and not valid.any()):
            return probabilities
        if self._state is None:
            first = probabilities[int(valid.argmax())]
            self._state = FilterState(at_rest(first, PROBABILITY_LAG), jnp.float32(0))
        self._state, smoothed = filter_chunk(
            self._state, probabilities, valid, self._strength, self._interval
        )
        return np.asarray(smoothed)


@jax.jit
def filter_chunk(
    state: FilterState,
    probabilities: Array,
    valid: Array,
    strength: float | Array,
    interval: float | Array,
) -> tuple[FilterState, Array]:
    """Filters consecutive frames in one scan.

    Args:
      state: memory after the frame before the first one.
      probabilities: [T, classes].
      valid: bool [T], where there is a face.
      strength: 0 to 1.
      interval: seconds between two frames.

    Returns:
      The memory after the last frame, and [T, classes].
    """

    def step(
        state: FilterState, frame: tuple[Array, Array]
    ) -> tuple[FilterState, Array]:
        row, known = frame
        elapsed = state.elapsed + interval
        signal, smooth = advance(state.signal, row, strength=strength, interval=elapsed)
        moved = FilterState(signal, jnp.zeros_like(elapsed))
        waiting = FilterState(state.signal, elapsed)
        choose = functools.partial(jnp.where, known)
        return jax.tree.map(choose, moved, waiting), smooth

    return jax.lax.scan(step, state, (probabilities, valid))
