"""Masked patches: drawing them, the loss of predicting them, pictures from predictions.

Source: masked autoencoders, arXiv 2111.06377; Latent-OFER, arXiv 2307.11404, takes the
masks from its detector and keeps the picture outside of them.
"""

import jax.numpy as jnp

from face_jax.latent_ofer.patches import (
    check_mask,
    denormalize,
    grid_side,
    normalize,
    pixel_mask,
)
from face_jax.nn.checks import check_shape
from face_jax.nn.vit import patchify, unpatchify
from face_jax.types import Array

VARIANCE_EPSILON = 1e-6
"""Added to the variance of a patch before its pixels are divided by the deviation."""


def random_mask(noise: Array, ratio: float) -> tuple[Array, Array]:
    """Masks the patches with the largest numbers.

    Args:
      noise: float [B, L], draws from [0, 1).
      ratio: share of the patches to mask, in [0, 1).

    Returns:
      The mask, bool [B, L], and the numbers of the patches that are kept, int32 [B, K],
      K = int(L * (1 - ratio)) for every picture, in the order of their draws.

    Raises:
      ValueError: the noise is not [B, L], or the ratio would keep no patch or is
        negative.
    """
    check_shape("noise", noise, ("B", "L"))
    patches = noise.shape[1]
    count = int(patches * (1 - ratio))
    if not 0 < count <= patches:
        raise ValueError(
            f"ratio: expected a share in [0, 1) that keeps some of {patches} patches, "
            f"got {ratio}"
        )
    kept = jnp.argsort(noise, axis=1)[:, :count].astype(jnp.int32)
    rows = jnp.arange(len(noise))[:, None]
    return jnp.ones(noise.shape, bool).at[rows, kept].set(False), kept


def patch_targets(images: Array, patch_size: int, normalized: bool = False) -> Array:
    """What a masked autoencoder should predict.

    Args:
      images: [B, H, W, 3] float RGB in [0, 1].
      patch_size: side of a patch, pixels.
      normalized: whether each patch is brought to mean 0 and (unbiased) variance 1;
        predictions of such a network are no pictures.

    Returns:
      float32 [B, L, patch_size ** 2 * 3], in ImageNet's units or without any.
    """
    targets = patchify(normalize(images), patch_size)
    if not normalized:
        return targets
    mean = targets.mean(axis=-1, keepdims=True)
    variance = targets.var(axis=-1, keepdims=True, ddof=1)
    return (targets - mean) / jnp.sqrt(variance + VARIANCE_EPSILON)


def reconstruction_loss(patches: Array, targets: Array, mask: Array) -> Array:
    """Mean squared error of the masked patches.

    Args:
      patches: [B, L, P] float, predicted.
      targets: [B, L, P] float.
      mask: bool [B, L], the masked patches of all pictures count alike.

    Returns:
      float32 []; 0 where nothing is masked.

    Raises:
      ValueError: shapes differ, or the mask is not boolean.
    """
    check_shape("targets", targets, patches.shape)
    check_mask(mask, *patches.shape[:2])
    errors = jnp.square(patches - targets).mean(axis=-1)
    return jnp.sum(errors * mask) / jnp.maximum(jnp.sum(mask), 1)


def coarse_images(images: Array, patches: Array, mask: Array) -> Array:
    """Pictures whose masked patches are replaced by predicted ones.

    Args:
      images: [B, H, H, 3] float RGB in [0, 1].
      patches: [B, L, P] float in ImageNet's units, predicted for every patch.
      mask: bool [B, L], the patches to replace.

    Returns:
      float32 [B, H, H, 3] in [0, 1], outside of the mask what was given.

    Raises:
      ValueError: the shapes do not fit, or the mask is not boolean.
    """
    check_mask(mask, *patches.shape[:2])
    side = grid_side(mask.shape[1])
    patch_size = round((patches.shape[2] / images.shape[-1]) ** 0.5)
    predicted = denormalize(unpatchify(patches, patch_size, side, side))
    check_shape("images", images, predicted.shape)
    hole = pixel_mask(mask, patch_size)[..., None]
    return jnp.where(hole, jnp.clip(predicted, 0.0, 1.0), images)
