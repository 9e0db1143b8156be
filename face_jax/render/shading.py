"""From normals to light."""

import jax.numpy as jnp
import numpy as np

from face_jax.geometry.products import einsum
from face_jax.types import Array

LIGHT_DIRECTIONS = np.array(
    [[-1, 1, 1], [1, 1, 1], [-1, -1, 1], [1, -1, 1], [0, 0, 1]], np.float32
)
"""Towards the five lamps of SMIRK (arXiv 2404.04104), in model space; any length."""

LIGHT_INTENSITY = 1.7
"""Of each of SMIRK's lamps."""

ALBEDO = 180 / 255
"""Grey of SMIRK's heads."""


def directional_shading(
    normals: Array,
    directions: Array | np.ndarray = LIGHT_DIRECTIONS,
    intensities: Array | np.ndarray | float = LIGHT_INTENSITY,
) -> Array:
    """Mean over lamps of the light that a matte surface reflects.

    Normals are taken as they are: one that interpolation has shortened is darker, as
    published.

    Args:
      normals: [..., 3] float32, in the frame of the directions.
      directions: [L, 3] towards the lamps, of any length but 0.
      intensities: of the lamps, [L, C] by channel; or one number for all, C is 1.

    Returns:
      [..., C] float32, at least 0.

    Raises:
      ValueError: shapes that do not fit.
    """
    _check_shapes(np.shape(normals), np.shape(directions), np.shape(intensities))
    directions = jnp.asarray(directions, jnp.float32)
    lengths = jnp.linalg.norm(directions, axis=-1, keepdims=True)
    facing = einsum("...c,lc->...l", normals, directions / lengths)
    lamps = jnp.asarray(intensities, jnp.float32)
    if not lamps.ndim:
        lamps = jnp.full((len(directions), 1), lamps)
    return einsum("...l,lc->...c", jnp.clip(facing, 0.0, 1.0), lamps) / len(directions)


def _check_shapes(
    normals: tuple[int, ...], directions: tuple[int, ...], intensities: tuple[int, ...]
) -> None:
    if normals[-1:] != (3,):
        raise ValueError(f"normals: expected [..., 3], got {normals}")
    if len(directions) != 2 or directions[1] != 3 or not directions[0]:
        raise ValueError(f"directions: expected [L, 3], got {directions}")
    lamps = directions[0]
    if intensities and (len(intensities) != 2 or intensities[0] != lamps):
        raise ValueError(
            f"intensities: expected one number or [{lamps}, C], got {intensities}"
        )
