"""What frozen networks see in reconstructed pictures: features and expressions.

Source: Latent-OFER, arXiv 2307.11404, and its public code, which shows pictures in
[-1, 1] to networks that were trained on other numbers. Features are VGG-16's, as
published, or those of an expression network where there are no weights of VGG-16.
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


_EIGHTH = "stage_1_block_"
"""Beginning of the names of an expression network's blocks at an eighth of the size."""


class Perceived(NamedTuple):
    """Features of B pictures.

    Attributes:
      pooled: [B, H / 8, W / 8, C] float32: VGG-16's relu3_3 after max-pooling, of 256
        channels; or an expression network's, the same as ``deep``.
      deep: [B, H / 8, W / 8, C] float32: VGG-16's relu4_3, of 512 channels; or the maps
        of all blocks of that resolution.
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
    """VGG-16's features of pictures.

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


def perceive_expression(
    network: ExpressionNetwork, variables: Params, images: Array
) -> Perceived:
    """An expression network's features of pictures.

    Args:
      network: with at least two stages.
      variables: of the network.
      images: [B, H, W, 3] float RGB in [-1, 1], H and W divisible by 8.

    Returns:
      The features; their C is the number of blocks in the second stage times their
      channels.

    Raises:
      ValueError: the network has only one stage.
    """
    if len(network.depths) < 2:
        raise ValueError("expression network: expected at least 2 stages, got 1")

    def at_an_eighth(module: nn.Module, method: str) -> bool:
        return method == "__call__" and str(module.name).startswith(_EIGHTH)

    _, seen = network.apply(
        variables,
        normalize(0.5 * images + 0.5),
        method=lambda module, x: module.image_branch.extract(x),
        capture_intermediates=at_an_eighth,
        mutable=["intermediates"],
    )
    blocks = seen["intermediates"]["image_branch"]["trunk"]
    maps = [blocks[name]["__call__"][0] for name in sorted(blocks)]
    features = jnp.concatenate(maps, axis=-1).astype(jnp.float32)
    return Perceived(features, features)


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
