"""What frozen networks see in reconstructed pictures: features and expressions.

Source: Latent-OFER, arXiv 2307.11404, and its public code, which shows pictures in
[-1, 1] to networks that were trained on other numbers.
"""

from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp

from face_jax.latent_ofer.assembly_rules import Compat
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.patches import denormalize, normalize
from face_jax.nn.apply import apply
from face_jax.nn.resample import resize_bilinear
from face_jax.nn.vgg import VggFeatures
from face_jax.types import Array, Params

LAYERS = ("relu3_3", "relu4_3")

EXPRESSION_SIDE = 224
"""Height and width of the pictures that the expression network is trained on, pixels."""


class Perceived(NamedTuple):
    """VGG-16 features of B pictures.

    Attributes:
      pooled: [B, H / 8, W / 8, 256] float32, relu3_3 after max-pooling.
      deep: [B, H / 8, W / 8, 512] float32, relu4_3.
    """

    pooled: Array
    deep: Array


def feature_network(dtype: Any = jnp.float32) -> VggFeatures:
    """VGG-16 as far as it is looked at."""
    return VggFeatures(LAYERS, "vgg16", dtype)


def perceive(
    variables: Params,
    images: Array,
    compat: Compat = "fixed",
    dtype: Any = jnp.float32,
) -> Perceived:
    """Features of pictures.

    Args:
      variables: of ``feature_network``.
      images: [B, H, W, 3] float RGB in [-1, 1], H and W divisible by 8.
      compat: ``reference`` does not normalise them.
      dtype: type of the network's computation.

    Returns:
      The features.
    """
    # The network normalises what it is given: what it should see as it is goes back.
    shown = 0.5 * images + 0.5 if compat == "fixed" else denormalize(images)
    third, deep = apply(feature_network(dtype), variables, shown)
    pooled = nn.max_pool(third, (2, 2), strides=(2, 2))
    return Perceived(pooled.astype(jnp.float32), deep.astype(jnp.float32))


def expression_logits(
    network: ExpressionNetwork,
    variables: Params,
    images: Array,
    compat: Compat = "fixed",
    side: int = EXPRESSION_SIDE,
) -> Array:
    """What expressions a frozen network sees.

    Args:
      network: with its attention ``channel_first`` as published.
      variables: of the network.
      images: [B, H, W, 3] float RGB in [-1, 1].
      compat: ``reference`` neither normalises nor resizes them.
      side: height and width that the network sees otherwise, pixels.

    Returns:
      [B, classes] float32, before any sigmoid.
    """
    if compat == "fixed":
        images = resize_bilinear(normalize(0.5 * images + 0.5), (side, side))
    return apply(network, variables, images).logits
