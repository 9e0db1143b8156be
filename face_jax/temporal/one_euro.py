"""A causal low-pass for signals of frames, with one strength knob.

The one-euro filter (Casiez, Roussel, Vogel, CHI 2012, "1 € filter"): a first-order
low-pass whose time constant shrinks as the signal moves faster, so that a still face
does not tremble and a fast one is not late. Between two frames, dt apart, the signal
is taken as the line from x to x', of slope m, and followed exactly:

    v  <-  m + exp(-dt / t_v) (v - m)                     smoothed velocity
    t   =  strength * t_0 / (1 + t_0 |v| / r)             time constant
    y  <-  x' - t m + exp(-dt / t) (y - x + t m)          the output

with t_0 = ``REST_TIME_CONSTANT``. The lag behind a steady motion is t |v|, which stays
below strength * r whatever the speed: r is the largest lag in units of the signal.
Strength 0 gives t = 0 and y = x' exactly. The output never leaves the range of the
input. All constants are in seconds, so the result does not depend on the frame rate
beyond what sampling itself loses, and frames may be missing: dt is then longer.

What is kept of the output is its offset y - x from the input. Rotations are filtered by
the same lines: slope and offset are then rotation vectors in the frame of the input,
which are short, so that nothing wraps around.
"""

import flax.struct
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.rotations import (
    axis_angle_to_quaternion,
    quaternion_to_axis_angle,
)
from face_jax.types import Array

REST_TIME_CONSTANT = 0.25
"""Time constant at strength 1 for a signal that does not move, seconds."""
VELOCITY_TIME_CONSTANT = 0.16
"""Time constant of the velocity estimate, seconds (1 Hz cut-off)."""


@flax.struct.dataclass
class SignalState:
    """Filter memory of one signal of D channels that move together.

    Attributes:
      raw: [..., D] last input; of a rotation the quaternion [..., 4].
      offset: [..., D] last output less last input; of a rotation [..., 3], the rotation
        vector from input to output in the input's own frame.
      velocity: [..., D] smoothed derivative of the input, per second.
      lag: [...] largest lag at strength 1 in units of the signal.
    """

    raw: Array
    offset: Array
    velocity: Array
    lag: Array


def at_rest(value: np.ndarray | Array, lag: np.ndarray | float) -> SignalState:
    """The memory before a clip whose first frame is given: a signal that rests there.

    Args:
      value: [..., D].
      lag: [...] largest lag at strength 1.
    """
    place, still = np.asarray(value, np.float32), np.zeros(np.shape(value), np.float32)
    return _state(place, still, lag)


def at_rest_rotation(value: np.ndarray | Array, lag: np.ndarray | float) -> SignalState:
    """The same for a rotation.

    Args:
      value: [..., 3] axis-angle radians.
      lag: [...] radians.
    """
    turned = axis_angle_to_quaternion(jnp.asarray(value, jnp.float32))
    return _state(turned, np.zeros(np.shape(value), np.float32), lag)


def advance(
    state: SignalState,
    raw: Array,
    *,
    strength: float | Array,
    interval: float | Array,
) -> tuple[SignalState, Array]:
    """Takes the next value of a signal.

    Args:
      state: memory after the value before.
      raw: [..., D] the value.
      strength: 0 to 1.
      interval: seconds since the value before.

    Returns:
      The memory, and the filtered value [..., D].
    """
    slope = (raw - state.raw) / interval
    velocity, offset = _follow(state, slope, strength, interval)
    return SignalState(raw, offset, velocity, state.lag), raw + offset


def advance_rotation(
    state: SignalState,
    raw: Array,
    *,
    strength: float | Array,
    interval: float | Array,
) -> tuple[SignalState, Array]:
    """Takes the next rotation; as ``advance``.

    Args:
      state: memory after the rotation before.
      raw: [..., 3] axis-angle radians, of any length.
      strength: 0 to 1.
      interval: seconds since the rotation before.

    Returns:
      The memory, and the filtered rotation [..., 3], of length at most pi.
    """
    turned = axis_angle_to_quaternion(raw)
    step = _compose(_conjugate(state.raw), turned)
    slope = quaternion_to_axis_angle(step) / interval
    velocity, offset = _follow(state, slope, strength, interval)
    smooth = _compose(turned, axis_angle_to_quaternion(offset))
    state = SignalState(turned, offset, velocity, state.lag)
    return state, quaternion_to_axis_angle(smooth)


def check_settings(strength: float, frame_rate: float) -> None:
    """Refuses settings that no filter can have.

    Raises:
      ValueError: the strength is not in [0, 1], or the frame rate not above 0.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"smoothing strength: 0 to 1 expected, got {strength}")
    if not (np.isfinite(frame_rate) and frame_rate > 0):
        raise ValueError(f"frame rate: a positive number expected, got {frame_rate}")


def _state(raw, still: np.ndarray, lag: np.ndarray | float) -> SignalState:
    lags = np.broadcast_to(np.asarray(lag, np.float32), still.shape[:-1])
    arrays = (raw, still, still, lags)
    return SignalState(*(jnp.asarray(array, jnp.float32) for array in arrays))


def _follow(
    state: SignalState, slope: Array, strength: float | Array, interval: float | Array
) -> tuple[Array, Array]:
    """Velocity and offset after a line of some slope."""
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
    return velocity, keep * (state.offset + behind) - behind


def _conjugate(quaternion: Array) -> Array:
    return quaternion * jnp.array([1.0, -1.0, -1.0, -1.0])


def _compose(first: Array, second: Array) -> Array:
    """The product of quaternions [..., 4], made unit length."""
    w, v = first[..., :1], first[..., 1:]
    x, u = second[..., :1], second[..., 1:]
    real = w * x - jnp.sum(v * u, axis=-1, keepdims=True)
    product = jnp.concatenate([real, w * u + x * v + jnp.cross(v, u)], axis=-1)
    return product / jnp.sqrt(jnp.sum(product**2, axis=-1, keepdims=True))
