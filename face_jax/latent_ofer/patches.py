"""Units of pictures and masks of patches, as all stages use them.

Patches lie on a square grid, in raster order; a mask is true where one is masked.
"""

import jax.numpy as jnp

from face_jax.nn.checks import check_shape
from face_jax.nn.vgg import IMAGENET_MEAN, IMAGENET_STD
from face_jax.types import Array


def normalize(images: Array) -> Array:
    """RGB [..., 3] in [0, 1] to ImageNet's units: mean 0, deviation 1, float32."""
    return (images.astype(jnp.float32) - IMAGENET_MEAN) / IMAGENET_STD


def denormalize(images: Array) -> Array:
    """The inverse of ``normalize``; what is predicted may lie outside of [0, 1]."""
    return images * IMAGENET_STD + IMAGENET_MEAN


def check_mask(mask: Array, rows: int, patches: int) -> None:
    """Refuses what says not for each patch whether it is masked.

    Raises:
      ValueError: the mask is not bool [rows, patches].
    """
    check_shape("mask", mask, (rows, patches))
    if mask.dtype != jnp.bool_:
        raise ValueError(f"mask: expected bool, true where masked, got {mask.dtype}")


def pixel_mask(mask: Array, patch_size: int) -> Array:
    """Masks of square grids of patches as masks of pictures.

    Args:
      mask: [B, L], any type; L is a square number.
      patch_size: side of a patch, pixels.

    Returns:
      [B, H, W], H = W = sqrt(L) * patch_size, of the same type.

    Raises:
      ValueError: the patches form no square.
    """
    check_shape("mask", mask, ("B", "L"))
    side = grid_side(mask.shape[1])
    grid = mask.reshape(-1, side, side)
    return jnp.repeat(jnp.repeat(grid, patch_size, axis=1), patch_size, axis=2)


def grid_side(patches: int) -> int:
    """Patches along each side of a square picture, of so many in all.

    Raises:
      ValueError: they form no square.
    """
    side = round(patches**0.5)
    if side**2 != patches:
        raise ValueError(f"mask: expected a square number of patches, got {patches}")
    return side
