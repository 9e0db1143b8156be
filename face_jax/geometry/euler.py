"""Euler angles: a rotation as three turns about coordinate axes."""

import jax.numpy as jnp

from face_jax.geometry.products import matmul
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.types import Array

_SMALLEST_SQUARE = 1e-12
"""Squared cosine below which float32 no longer tells the first angle."""


def euler_to_matrix(angles: Array, order: str = "XYZ") -> Array:
    """Turns about three axes, R = R_first R_second R_third.

    Args:
      angles: [..., 3] float32 radians, about the axes in ``order``.
      order: the three axes, each once; the last one turns first.

    Returns:
      [..., 3, 3] rotation matrices.

    Raises:
      ValueError: ``order`` is not a permutation of XYZ.
    """
    i, j, k = _axes(order)
    axes = jnp.eye(3, dtype=angles.dtype)
    turns = axis_angle_to_matrix(angles[..., None] * axes[jnp.array([i, j, k])])
    later = matmul(turns[..., 1, :, :], turns[..., 2, :, :])
    return matmul(turns[..., 0, :, :], later)


def matrix_to_euler(matrix: Array, order: str = "XYZ") -> Array:
    """Angles [..., 3] whose turns give the matrix, the second within ±pi/2.

    Where the second angle is ±pi/2 only a sum of the other two is determined; the
    first is then 0. The angles always give the matrix back.

    Args:
      matrix: [..., 3, 3] rotation matrices.
      order: the three axes, each once; the last one turns first.

    Returns:
      [..., 3] float32 radians.

    Raises:
      ValueError: ``order`` is not a permutation of XYZ.
    """
    i, j, k = _axes(order)
    sign = 1 if (j - i) % 3 == 1 else -1
    cosine = _length(matrix[..., i, i], matrix[..., i, j])
    first = _direction(-sign * matrix[..., j, k], matrix[..., k, k])
    second = jnp.arctan2(sign * matrix[..., i, k], cosine)
    # The turn that is left once the first is undone is well defined throughout.
    back = jnp.cos(first)[..., None] * matrix[..., j, :]
    back += sign * jnp.sin(first)[..., None] * matrix[..., k, :]
    third = jnp.arctan2(sign * back[..., i], back[..., j])
    return jnp.stack([first, second, third], axis=-1)


def euler_y(matrix: Array) -> Array:
    """The middle angle of order ZYX, atan2(-R20, |(R00, R10)|) (SMIRK).

    Of a head it is the yaw: positive when the subject turns to the own left.

    Args:
      matrix: [..., 3, 3] rotation matrices.

    Returns:
      [...] radians within ±pi/2.
    """
    cosine = _length(matrix[..., 0, 0], matrix[..., 1, 0])
    return jnp.arctan2(-matrix[..., 2, 0], cosine)


def _axes(order: str) -> list[int]:
    if sorted(order) != ["X", "Y", "Z"]:
        raise ValueError(f"order: expected a permutation of XYZ, got {order!r}")
    return ["XYZ".index(axis) for axis in order]


def _length(x: Array, y: Array) -> Array:
    """Length of (x, y) with a finite derivative at zero."""
    squared = x**2 + y**2
    tiny = squared < _SMALLEST_SQUARE
    return jnp.where(tiny, 0.0, jnp.sqrt(jnp.where(tiny, 1.0, squared)))


def _direction(y: Array, x: Array) -> Array:
    """atan2(y, x), and 0 where both vanish."""
    tiny = x**2 + y**2 < _SMALLEST_SQUARE
    return jnp.arctan2(jnp.where(tiny, 0.0, y), jnp.where(tiny, 1.0, x))
