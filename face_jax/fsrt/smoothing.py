"""A causal temporal filter for motion with one strength knob.

The one-euro filter (Casiez, Roussel, Vogel, CHI 2012, "1 € filter"): a first-order
low-pass whose time constant shrinks as the signal moves faster, so that a still face
does not tremble and a fast one is not late. Between two frames, dt apart, the signal
is taken as the line from x to x', of slope m, and followed exactly:

    v  <-  m + exp(-dt / t_v) (v - m)                     smoothed velocity
    t   =  strength * t_0 / (1 + t_0 |v| / r)             time constant
    y  <-  x' - t m + exp(-dt / t) (y - x + t m)          the output

with t_0 = ``REST_TIME_CONSTANT``. The lag behind a steady motion is t |v|, which stays
below strength * r whatever the speed: r is the largest lag in units of the signal.
Strength 0 gives t = 0 and y = x' exactly. All constants are in seconds, so the result
does not depend on the frame rate beyond what sampling itself loses.
"""

import functools

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.motion import Motion
from face_jax.types import Array

REST_TIME_CONSTANT = 0.25
"""Time constant at strength 1 for a face that does not move, seconds."""
VELOCITY_TIME_CONSTANT = 0.16
"""Time constant of the velocity estimate, seconds (1 Hz cut-off)."""
KEYPOINT_LAG = 0.04
"""Largest lag of a keypoint in steady motion at strength 1: 2 % of the picture's
width."""
EXPRESSION_LAG = 0.2
"""The same of an expression, as a share of the first expression vector's length."""


@flax.struct.dataclass
class SignalState:
    """Filter memory of one signal of D channels that move together.

    Attributes:
      raw: [..., D] last input.
      smooth: [..., D] last output.
      velocity: [..., D] smoothed derivative, per second.
      lag: [...] largest lag at strength 1 in units of the signal.
    """

    raw: Array
    smooth: Array
    velocity: Array
    lag: Array


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
        _check(strength, frame_rate)
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
        keypoints=_at_rest(keypoints, keypoint_lag),
        expression=_at_rest(expression, expression_lag),
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
    advance = functools.partial(_advance, strength=strength, interval=interval)

    def step(state: FilterState, frame: Motion) -> tuple[FilterState, Motion]:
        state = FilterState(
            keypoints=advance(state.keypoints, frame.keypoints),
            expression=advance(state.expression, frame.expression),
        )
        return state, Motion(state.keypoints.smooth, state.expression.smooth)

    return jax.lax.scan(step, state, motion)


def jitter(keypoints: np.ndarray | Array) -> float:
    """How much keypoints tremble: the mean length of their second differences.

    Zero for steady motion; white noise of standard deviation s per coordinate
    gives about 3 s.

    Args:
      keypoints: [T, K, 2].

    Returns:
      Mean over frames and keypoints in units of the coordinates; 0 below three frames.
    """
    if len(keypoints) < 3:
        return 0.0
    acceleration = np.diff(np.asarray(keypoints, np.float64), n=2, axis=0)
    return float(np.linalg.norm(acceleration, axis=-1).mean())


def _at_rest(value: np.ndarray, lag: np.ndarray) -> SignalState:
    place = jnp.asarray(value, jnp.float32)
    velocity = jnp.asarray(np.zeros_like(value), jnp.float32)
    return SignalState(
        raw=place, smooth=place, velocity=velocity, lag=jnp.asarray(lag, jnp.float32)
    )


def _advance(
    state: SignalState,
    raw: Array,
    *,
    strength: float | Array,
    interval: float | Array,
) -> SignalState:
    slope = (raw - state.raw) / interval
    velocity = slope + jnp.exp(-interval / VELOCITY_TIME_CONSTANT) * (
        state.velocity - slope
    )
    speed = jnp.sqrt(jnp.sum(velocity**2, -1))
    # lag / (lag + ...) is 1 / (1 + ... / lag), safe where the lag is 0: no smoothing.
    share = state.lag / jnp.maximum(state.lag + REST_TIME_CONSTANT * speed, 1e-12)
    time_constant = (strength * REST_TIME_CONSTANT * share)[..., None]
    # The floor keeps the quotient finite; its exponential is 0, so y = x' exactly.
    keep = jnp.exp(-interval / jnp.maximum(time_constant, interval * 1e-6))
    behind = time_constant * slope
    smooth = raw - behind + keep * (state.smooth - state.raw + behind)
    return SignalState(raw=raw, smooth=smooth, velocity=velocity, lag=state.lag)


def _check(strength: float, frame_rate: float) -> None:
    if not 0 <= strength <= 1:
        raise ValueError(f"smoothing strength: 0 to 1 expected, got {strength}")
    if not (np.isfinite(frame_rate) and frame_rate > 0):
        raise ValueError(f"frame rate: a positive number expected, got {frame_rate}")
