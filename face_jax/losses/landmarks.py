"""Distances between landmarks of which some items have none."""

import jax.numpy as jnp
from jax import lax

from face_jax.losses.pixel import mean_squared_error
from face_jax.types import Array


def landmark_error(
    prediction: Array, target: Array, present: Array | None = None
) -> Array:
    """Mean squared error of the coordinates, over the items that have landmarks.

    Args:
      prediction: [B, P, 2].
      target: [B, P, 2] in the same unit; anything, NaN too, where there are none.
      present: bool [B], which items have them; None counts all.

    Returns:
      Scalar float32 in that unit squared; 0 where no item has landmarks.

    Raises:
      ValueError: the shapes do not fit together.
    """
    if prediction.shape != target.shape:
        raise ValueError(f"target: expected {prediction.shape}, got {target.shape}")
    if present is None:
        return jnp.mean(mean_squared_error(prediction, target))
    if present.shape != prediction.shape[:1]:
        raise ValueError(
            f"present: expected {prediction.shape[:1]}, got {present.shape}"
        )
    # Chosen before the difference: the gradient of a NaN is a NaN, even times zero.
    chosen = jnp.where(present[:, None, None], target, lax.stop_gradient(prediction))
    total = jnp.sum(mean_squared_error(prediction, chosen))
    return total / jnp.maximum(jnp.sum(present.astype(jnp.float32)), 1)
