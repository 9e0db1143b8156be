"""Perceptual losses: distances between feature maps of a frozen network."""

from collections.abc import Sequence

import jax.numpy as jnp

from face_jax.types import Array


def feature_l1(prediction: Sequence[Array], target: Sequence[Array]) -> Array:
    """Mean absolute difference of each pair of feature maps.

    Args:
      prediction: feature maps, any shapes.
      target: feature maps of the same shapes.

    Returns:
      [number of maps] float32, not weighted.
    """
    return jnp.stack(
        [
            jnp.mean(jnp.abs(ours.astype(jnp.float32) - theirs.astype(jnp.float32)))
            for ours, theirs in zip(prediction, target, strict=True)
        ]
    )
