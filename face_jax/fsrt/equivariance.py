"""Training the keypoint detector without labels: equivariance and spread.

A detector that is trained here sees each picture twice, once under a known random
warp, and must find the same points on the face, as in first-order motion models. The
spread term keeps the points from falling together.
"""

import jax
import jax.numpy as jnp

from face_jax.fsrt.encoding import pixel_grid
from face_jax.types import Array

MAX_ROTATION = 0.35
"""Largest rotation of a warp, radians."""
MAX_STRETCH = 0.2
"""Largest relative change of a side or shear of a warp."""
MAX_SHIFT = 0.15
"""Largest shift of a warp, pixel coordinates."""


def draw_warps(key: Array, count: int) -> Array:
    """Random affine maps near the identity, [B, 2, 3].

    A map takes pixel coordinates of the warped picture to those of the original.
    """
    angle_key, stretch_key, shift_key = jax.random.split(key, 3)
    angle = jax.random.uniform(angle_key, (count,), minval=-1.0) * MAX_ROTATION
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    rotation = jnp.stack([cosine, -sine, sine, cosine], axis=-1).reshape(-1, 2, 2)
    stretch = jax.random.uniform(stretch_key, (count, 2, 2), minval=-1.0) * MAX_STRETCH
    linear = rotation @ (jnp.eye(2) + stretch)
    shift = jax.random.uniform(shift_key, (count, 2, 1), minval=-1.0) * MAX_SHIFT
    return jnp.concatenate([linear, shift], axis=-1)


def transform(warps: Array, points: Array) -> Array:
    """Applies affine maps [B, 2, 3] to points [B, ..., 2]."""
    flat = points.reshape(points.shape[0], -1, 2)
    moved = jnp.einsum("bij,bnj->bni", warps[:, :, :2], flat) + warps[:, None, :, 2]
    return moved.reshape(points.shape)


def warp(images: Array, warps: Array) -> Array:
    """Pictures [B, H, W, 3] as seen through the maps; edge pixels repeat outside."""
    height, width = images.shape[1:3]
    grid = jnp.broadcast_to(
        jnp.asarray(pixel_grid(height, width)), (images.shape[0], height, width, 2)
    )
    places = transform(warps, grid)
    rows = (places[..., 1] + 1) * height / 2 - 0.5
    columns = (places[..., 0] + 1) * width / 2 - 0.5

    def sample(channel: Array, row: Array, column: Array) -> Array:
        return jax.scipy.ndimage.map_coordinates(channel, [row, column], 1, "nearest")

    per_channel = jax.vmap(sample, in_axes=(-1, None, None), out_axes=-1)
    return jax.vmap(per_channel)(images, rows, columns)


def equivariance(original: Array, warped: Array, warps: Array) -> Array:
    """Mean distance between keypoints found directly and through a warp.

    Args:
      original: [B, K, 2] keypoints of the pictures, pixel coordinates.
      warped: [B, K, 2] keypoints of the warped pictures.
      warps: [B, 2, 3] of ``draw_warps``.

    Returns:
      Scalar mean absolute difference, pixel coordinates.
    """
    return jnp.mean(jnp.abs(original - transform(warps, warped)))


def spread(keypoints: Array, margin: float = 0.2) -> Array:
    """Penalty on pairs of keypoints [B, K, 2] closer than a margin.

    Returns:
      Scalar mean over pairs of relu(1 - distance / margin)^2.
    """
    count = keypoints.shape[1]
    difference = keypoints[:, :, None] - keypoints[:, None, :]
    squared = jnp.sum(difference**2, axis=-1)
    distance = jnp.sqrt(squared + 1e-8)
    close = jax.nn.relu(1.0 - distance / margin) ** 2
    pairs = 1.0 - jnp.eye(count)
    return jnp.sum(close * pairs, axis=(1, 2)).mean() / (count * (count - 1))
