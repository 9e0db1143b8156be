"""Which patches of a picture are covered, from the alpha of what was laid over it.

Source: Latent-OFER, arXiv 2307.11404, which takes patch labels from where it pastes
objects, and does not say how much of a patch they must cover.
"""

import jax.numpy as jnp

from face_jax.nn.checks import check_shape
from face_jax.nn.vit import patchify
from face_jax.types import Array

OPAQUE = 0.5
"""A pixel is covered when alpha is above this: it shows more of the occluder than of
the face. Soft shadows and clear lenses stay below."""

COVERED_SHARE = 0.25
"""A patch is covered when at least this share of its pixels is."""

FAINTEST = 0.02
"""Largest alpha that cannot be seen: it changes a colour by 5 of 255 at most."""


def patch_cover(occluder_mask: Array, patch_size: int) -> Array:
    """How much of each patch an occluder hides.

    This is a share of pixels, not the mean alpha: a shadow of alpha 0.4 over a whole
    patch, which leaves everything to be seen, would be as much as an opaque thing over
    four tenths of it.

    Args:
      occluder_mask: [B, H, W], alpha of the occluder: uint8, or float in [0, 1].
      patch_size: side of a patch, pixels.

    Returns:
      [B, L] float32, share of the pixels with an alpha above ``OPAQUE``; patches in
      raster order.

    Raises:
      ValueError: the shape does not divide into patches, or the type is another one.
    """
    return (_alpha(occluder_mask, patch_size) > OPAQUE).mean(axis=-1)


def covered_patches(cover: Array, share: float = COVERED_SHARE) -> Array:
    """Which patches count as covered.

    Args:
      cover: [...] float, of ``patch_cover``.
      share: of the pixels, from which on they do.

    Returns:
      [...] bool.

    Raises:
      ValueError: the share is not in (0, 1].
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share: expected a number in (0, 1], got {share}")
    return cover >= share


def untouched_patches(occluder_mask: Array, patch_size: int) -> Array:
    """Patches that show nothing of an occluder, not even its shadow.

    On pictures of covered faces these are what a detector may learn from as uncovered.
    Patches that are neither covered nor untouched are left out of its training.

    Args:
      occluder_mask: as in ``patch_cover``.
      patch_size: side of a patch, pixels.

    Returns:
      [B, L] bool, alpha is ``FAINTEST`` at most in every pixel.

    Raises:
      ValueError: as in ``patch_cover``.
    """
    return _alpha(occluder_mask, patch_size).max(axis=-1) <= FAINTEST


def _alpha(occluder_mask: Array, patch_size: int) -> Array:
    """Float32 [B, L, pixels of a patch] in [0, 1]."""
    check_shape("occluder_mask", occluder_mask, ("B", "H", "W"))
    if any(side % patch_size for side in occluder_mask.shape[1:]):
        raise ValueError(
            f"occluder_mask: expected [B, H, W], H and W divisible by {patch_size}, "
            f"got {list(occluder_mask.shape)}"
        )
    mask = jnp.asarray(occluder_mask)
    if mask.dtype != jnp.uint8 and not jnp.issubdtype(mask.dtype, jnp.floating):
        raise ValueError(f"occluder_mask: expected uint8 or float, got {mask.dtype}")
    largest = 255.0 if mask.dtype == jnp.uint8 else 1.0
    return patchify(mask[..., None], patch_size).astype(jnp.float32) / largest
