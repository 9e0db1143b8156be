"""A causal temporal filter for motion with one strength knob: see ``one_euro``."""

import functools

import flax.struct
import jax
import numpy as np

from face_jax.fsrt.motion import Motion
from face_jax.temporal.one_euro import (
    SignalState,
    advance,
    at_rest,
    check_settings,
)
from face_jax.types import Array

KEYPOINT_LAG = 0.04
"""Largest lag of a keypoint in steady motion at strength 1: 2 % of the picture's
width."""
EXPRESSION_LAG = 0.2
"""The same of an expression, as a share of the first expression vector's length."""


@flax.struct.dataclass
class FilterState:
    """Filter memory between two chunks of a clip.

    Attributes:
      keypoints: one signal of two channels per keypoint, [K, 2].
      expression: one signal, [E].
    """

    keypoints: SignalState
    expression: SignalState


class MotionFilter:
    """Smooths the chunks of one clip in order, carrying its memory between them."""

    def __init__(self, strength: float, frame_rate: float):
        """Starts a clip.

        Args:
          strength: 0 (off: chunks come back as they are) to 1.
          frame_rate: frames per second of the clip.

        Raises:
          ValueError: strength or frame rate out of range.
        """
        check_settings(strength, frame_rate)
        self._strength = strength
        self._interval = 1.0 / frame_rate
        self._state: FilterState | None = None

    def __call__(self, motion: Motion) -> Motion:
        """Smooths the next chunk of T frames; any T, but each one is compiled for."""
        if self._strength == 0:
            return motion
        if self._state is None:
            self._state = start(motion.frame(0))
        self._state, smoothed = filter_chunk(
            self._state, motion, self._strength, self._interval
        )
        return jax.device_get(smoothed)


def smooth(motion: Motion, strength: float, frame_rate: float) -> Motion:
    """Smooths a whole clip.

    Args:
      motion: T frames.
      strength: 0 (off) to 1.
      frame_rate: frames per second.

    Returns:
      T frames.

    Raises:
      ValueError: strength or frame rate out of range.
    """
    return MotionFilter(strength, frame_rate)(motion)


def start(first: Motion) -> FilterState:
    """The filter's memory before the first frame of a clip: at rest at that frame."""
    keypoints, expression = np.asarray(first.keypoints), np.asarray(first.expression)
    keypoint_lag = np.full(keypoints.shape[:-1], KEYPOINT_LAG)
    expression_lag = np.asarray(EXPRESSION_LAG * np.linalg.norm(expression))
    return FilterState(
        keypoints=at_rest(keypoints, keypoint_lag),
        expression=at_rest(expression, expression_lag),
    )


@jax.jit
def filter_chunk(
    state: FilterState, motion: Motion, strength: float | Array, interval: float | Array
) -> tuple[FilterState, Motion]:
    """Filters consecutive frames in one scan.

    Args:
      state: memory after the frame before ``motion``'s first.
      motion: T frames.
      strength: 0 to 1.
      interval: seconds between two frames.

    Returns:
      The memory after the last frame, and T smoothed frames.
    """
    follow = functools.partial(advance, strength=strength, interval=interval)

    def step(state: FilterState, frame: Motion) -> tuple[FilterState, Motion]:
        keypoints, smooth_keypoints = follow(state.keypoints, frame.keypoints)
        expression, smooth_expression = follow(state.expression, frame.expression)
        state = FilterState(keypoints=keypoints, expression=expression)
        return state, Motion(smooth_keypoints, smooth_expression)

    return jax.lax.scan(step, state, motion)
