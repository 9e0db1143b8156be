"""Angles between rotations."""

import jax.numpy as jnp

from face_jax.geometry.products import matmul
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.types import Array


def rotation_angle(first: Array, second: Array) -> Array:
    """Angle of the turn that takes one rotation to the other.

    Args:
      first: [..., 3] axis-angle vectors, radians.
      second: [..., 3].

    Returns:
      [...] degrees in [0, 180].
    """
    one, other = axis_angle_to_matrix(first), axis_angle_to_matrix(second)
    between = matmul(one, jnp.swapaxes(other, -1, -2))
    # The arc cosine of the trace alone cannot tell angles below a thirtieth of a degree.
    lower = jnp.stack([between[..., 2, 1], between[..., 0, 2], between[..., 1, 0]], -1)
    upper = jnp.stack([between[..., 1, 2], between[..., 2, 0], between[..., 0, 1]], -1)
    sine = jnp.linalg.norm(lower - upper, axis=-1) / 2
    cosine = (jnp.trace(between, axis1=-2, axis2=-1) - 1) / 2
    return jnp.rad2deg(jnp.arctan2(sine, cosine))
