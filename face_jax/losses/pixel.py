"""Losses that compare images pixel by pixel, always in float32."""

import jax.numpy as jnp

from face_jax.types import Array


def mean_squared_error(prediction: Array, target: Array) -> Array:
    """Mean squared error of each item.

    Args:
      prediction: [B, ...].
      target: [B, ...], the same shape.

    Returns:
      [B] float32, the mean over all axes but the first.
    """
    error = prediction.astype(jnp.float32) - target.astype(jnp.float32)
    return jnp.mean(error**2, axis=tuple(range(1, error.ndim)))


def mean_absolute_error(prediction: Array, target: Array) -> Array:
    """Mean absolute error of each item, [B] float32; shapes as above."""
    error = prediction.astype(jnp.float32) - target.astype(jnp.float32)
    return jnp.mean(jnp.abs(error), axis=tuple(range(1, error.ndim)))
