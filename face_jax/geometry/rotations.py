"""Conversions between the usual forms of a rotation, named ``a_to_b``.

A matrix R turns column vectors, v' = R v. Axis-angle vectors [..., 3] are axis times
angle in radians; quaternions [..., 4] are (w, x, y, z) of norm 1; the 6D form [..., 6]
is the first, then the second column of the matrix (Zhou et al., arXiv 1812.07035);
Euler angles [..., 3] are radians about the axes that ``order`` names, the last one
turning first. Values and derivatives of every function are finite at rotations by 0
and by pi. What has no function of its own goes through the matrix.
"""

import jax.numpy as jnp

from face_jax.geometry.products import matmul
from face_jax.types import Array

_SMALL_SQUARED_ANGLE = 1e-2
"""Below it four terms of a series are exact to float64's sixth digit or better."""

_SMALLEST_SQUARE = 1e-12
"""Square of a sine below which float32 no longer tells its direction."""


def skew(vectors: Array) -> Array:
    """Matrices K with K v = vector x v, [..., 3] to [..., 3, 3]."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    zero = jnp.zeros_like(x)
    entries = jnp.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    return entries.reshape(*vectors.shape, 3)


def axis_angle_to_matrix(axis_angle: Array) -> Array:
    """Rodrigues' formula, I + sin(a)/a K + (1 - cos(a))/a^2 K K with K = skew(r).

    Smooth everywhere.

    Args:
      axis_angle: [..., 3] float32 radians.

    Returns:
      [..., 3, 3] rotation matrices.
    """
    squared = jnp.sum(axis_angle**2, axis=-1)[..., None, None]
    cross = skew(axis_angle)
    turned_once = _sine_ratio(squared) * cross
    # 1 - cos(a) = 2 sin(a/2)^2 does not cancel at small angles.
    turned_twice = 0.5 * _sine_ratio(squared / 4) ** 2 * matmul(cross, cross)
    return jnp.eye(3, dtype=cross.dtype) + turned_once + turned_twice


def rodrigues(axis_angle: Array) -> Array:
    """Rodrigues' formula in the arithmetic of the public SMIRK code (2404.04104).

    The angle is that of r + 1e-8. In float32 1 - cos(a) cancels: values are within
    1e-6 of ``axis_angle_to_matrix``, derivatives within 2e-4 at angles around 1e-4.
    Singular at r = (-1e-8, -1e-8, -1e-8). For comparison with published numbers;
    everything else takes ``axis_angle_to_matrix``.

    Args:
      axis_angle: [..., 3] float32 radians.

    Returns:
      [..., 3, 3] rotation matrices.
    """
    shifted = jnp.sum((axis_angle + 1e-8) ** 2, axis=-1, keepdims=True)
    angle = jnp.sqrt(shifted)
    cross = skew(axis_angle / angle)
    angle = angle[..., None]
    turned = jnp.sin(angle) * cross + (1 - jnp.cos(angle)) * matmul(cross, cross)
    return jnp.eye(3, dtype=cross.dtype) + turned


def _sine_ratio(squared: Array) -> Array:
    """sin(a) / a of the squared angle, smooth at zero."""
    small = squared < _SMALL_SQUARED_ANGLE
    angle = jnp.sqrt(jnp.where(small, 1.0, squared))
    series = 1 - squared / 6 * (1 - squared / 20 * (1 - squared / 42))
    return jnp.where(small, series, jnp.sin(angle) / angle)


def axis_angle_to_quaternion(axis_angle: Array) -> Array:
    """Quaternions [..., 4] of axis-angle vectors [..., 3]."""
    squared = jnp.sum(axis_angle**2, axis=-1, keepdims=True)
    sine = _sine_ratio(squared / 4)
    small = squared < _SMALL_SQUARED_ANGLE
    angle = jnp.sqrt(jnp.where(small, 1.0, squared))
    # cos(a/2) = 1 - 2 sin(a/4)^2, whose derivative at zero is finite.
    near_zero = 1 - squared / 8 * _sine_ratio(squared / 16) ** 2
    cosine = jnp.where(small, near_zero, jnp.cos(angle / 2))
    return jnp.concatenate([cosine, 0.5 * sine * axis_angle], axis=-1)


def quaternion_to_axis_angle(quaternion: Array) -> Array:
    """Axis-angle vectors [..., 3] of length at most pi.

    At a rotation by pi both axes are right; the one of the given sign is returned.

    Args:
      quaternion: [..., 4] of norm 1.
    """
    quaternion = jnp.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    cosine, vector = quaternion[..., :1], quaternion[..., 1:]
    squared = jnp.sum(vector**2, axis=-1, keepdims=True)
    small = squared < _SMALL_SQUARED_ANGLE
    sine = jnp.sqrt(jnp.where(small, 1.0, squared))
    # asin(s)/s, from its series where s is small and cos(a/2) is not.
    series = 1 + squared * (1 / 6 + squared * (3 / 40 + squared * 5 / 112))
    half_angle = jnp.arctan2(sine, jnp.where(small, 1.0, cosine))
    return 2 * jnp.where(small, series, half_angle / sine) * vector


def quaternion_to_matrix(quaternion: Array) -> Array:
    """Rotation matrices [..., 3, 3] of quaternions [..., 4] of any norm but 0."""
    cosine, vector = quaternion[..., :1, None], quaternion[..., 1:]
    double = 2 / jnp.sum(quaternion**2, axis=-1)[..., None, None]
    cross = skew(vector)
    turned = double * (cosine * cross + matmul(cross, cross))
    return jnp.eye(3, dtype=cross.dtype) + turned


def matrix_to_quaternion(matrix: Array) -> Array:
    """Quaternions [..., 4] with w >= 0 of rotation matrices [..., 3, 3].

    Four formulas each divide by another component; the one with the largest divisor
    is taken, which is at least 1/2, so nothing is singular.
    """
    m = [[matrix[..., i, j] for j in range(3)] for i in range(3)]
    x, y, z = m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]
    xy, xz, yz = m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]
    w2 = 1 + m[0][0] + m[1][1] + m[2][2]
    x2 = 1 + m[0][0] - m[1][1] - m[2][2]
    y2 = 1 - m[0][0] + m[1][1] - m[2][2]
    z2 = 1 - m[0][0] - m[1][1] + m[2][2]
    # Row k is 4 q_k q.
    rows = [(w2, x, y, z), (x, x2, xy, xz), (y, xy, y2, yz), (z, xz, yz, z2)]
    products = jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)
    largest = jnp.argmax(jnp.stack([w2, x2, y2, z2], axis=-1), axis=-1)
    row = jnp.take_along_axis(products, largest[..., None, None], axis=-2)[..., 0, :]
    square = jnp.take_along_axis(row, largest[..., None], axis=-1)
    quaternion = 0.5 * row / jnp.sqrt(square)
    return jnp.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def matrix_to_axis_angle(matrix: Array) -> Array:
    """Axis-angle vectors [..., 3] of length at most pi of matrices [..., 3, 3]."""
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def matrix_to_rotation_6d(matrix: Array) -> Array:
    """The first two columns, [..., 3, 3] to [..., 6]."""
    return jnp.concatenate([matrix[..., 0], matrix[..., 1]], axis=-1)


def rotation_6d_to_matrix(rotation_6d: Array) -> Array:
    """The nearest right-handed frame by Gram and Schmidt, [..., 6] to [..., 3, 3].

    Columns of any length that are not parallel give a rotation; degenerate ones give
    finite values that are none.
    """
    first = _unit(rotation_6d[..., :3])
    second = rotation_6d[..., 3:]
    across = second - jnp.sum(first * second, axis=-1, keepdims=True) * first
    second = _unit(across)
    return jnp.stack([first, second, jnp.cross(first, second)], axis=-1)


def _unit(vectors: Array) -> Array:
    squared = jnp.sum(vectors**2, axis=-1, keepdims=True)
    return vectors / jnp.sqrt(jnp.maximum(squared, _SMALLEST_SQUARE))
