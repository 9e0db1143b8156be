"""SMIRK's perceptual loss (arXiv 2404.04104): distances between feature maps of VGG-16."""

from typing import Any

import jax.numpy as jnp

from face_jax.losses.perceptual import feature_l1
from face_jax.nn.apply import apply
from face_jax.nn.resample import resize_bilinear
from face_jax.nn.vgg import VggFeatures
from face_jax.types import Array, Params

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")

SIDE = 224
"""Height and width that pictures are resized to, pixels."""


def perceptual_network(dtype: Any = jnp.float32) -> VggFeatures:
    """VGG-16 up to the last map that is compared."""
    return VggFeatures(LAYERS, "vgg16", dtype)


def perceptual_features(
    variables: Params,
    images: Array,
    squeezed: bool = True,
    side: int = SIDE,
    dtype: Any = jnp.float32,
) -> tuple[Array, ...]:
    """Feature maps of pictures.

    Args:
      variables: of the network.
      images: [B, H, W, 3] float RGB in [0, 1].
      squeezed: map pictures to [0.5, 1] first. SMIRK's published training does, as
        if its pictures were in [-1, 1].
      side: height and width that the network sees, pixels.
      dtype: type of the convolutions' computation.

    Returns:
      Four maps [B, h, w, C].
    """
    images = images.astype(jnp.float32)
    if squeezed:
        images = 0.5 * images + 0.5
    resized = resize_bilinear(images, (side, side))
    return apply(perceptual_network(dtype), variables, resized)


def perceptual_terms(
    variables: Params, made: Array, target: Array, **settings: Any
) -> Array:
    """Mean absolute difference of each of the four maps; the loss is their sum.

    Args:
      variables: of the network.
      made: [B, H, W, 3] float RGB in [0, 1].
      target: [B, H, W, 3].
      **settings: of ``perceptual_features``.

    Returns:
      [4] float32.
    """
    maps = (
        perceptual_features(variables, images, **settings) for images in (made, target)
    )
    return feature_l1(*maps)
