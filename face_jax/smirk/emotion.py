"""How alike the expressions of two pictures are to a frozen emotion network.

The network is EMOCA's ResNet-50 (arXiv 2204.11312), whose pictures are RGB in [0, 1]
without normalisation; SMIRK (arXiv 2404.04104) compares its features.
"""

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp

from face_jax.nn.apply import apply
from face_jax.nn.resnet import BottleneckResNet
from face_jax.types import Array, Params

Distance = Literal["l2", "l1", "cosine"]

NORM_LIMIT = 1e-8
"""Smallest norm that features are divided by."""


def emotion_loss(
    network: BottleneckResNet,
    variables: Params,
    made: Array,
    target: Array,
    distance: Distance = "l2",
) -> Array:
    """Mean distance between the emotion features of pictures.

    Args:
      network: the emotion network.
      variables: its variables.
      made: [B, H, W, 3] float RGB in [0, 1], the pictures that are judged.
      target: [B, H, W, 3], what they should look like.
      distance: see ``feature_distance``.

    Returns:
      Scalar float32.
    """
    found, wanted = (apply(network, variables, images) for images in (made, target))
    return feature_distance(found, wanted, distance).mean()


def feature_distance(made: Array, target: Array, distance: Distance = "l2") -> Array:
    """Distance between two sets of features, pair by pair.

    Args:
      made: [B, C].
      target: [B, C].
      distance: ``l2`` for the mean squared difference, as published, ``l1`` for the
        mean absolute difference, ``cosine`` for 1 minus the cosine of the angle.

    Returns:
      [B] float32.

    Raises:
      ValueError: there is no such distance.
    """
    if distance not in _DISTANCES:
        raise ValueError(
            f"distance: expected one of {list(_DISTANCES)}, got {distance!r}"
        )
    return _DISTANCES[distance](made, target)


def _squared(made: Array, target: Array) -> Array:
    return jnp.mean((made - target) ** 2, axis=-1)


def _absolute(made: Array, target: Array) -> Array:
    return jnp.mean(jnp.abs(made - target), axis=-1)


def _cosine(made: Array, target: Array) -> Array:
    # 1 - cos without its cancellation: features of similar pictures are almost parallel.
    return 0.5 * jnp.sum((_unit(made) - _unit(target)) ** 2, axis=-1)


def _unit(features: Array) -> Array:
    squared = jnp.sum(features**2, axis=-1, keepdims=True)
    return features * jax.lax.rsqrt(jnp.maximum(squared, NORM_LIMIT**2))


_DISTANCES: dict[str, Callable[[Array, Array], Array]] = {
    "l2": _squared,
    "l1": _absolute,
    "cosine": _cosine,
}
