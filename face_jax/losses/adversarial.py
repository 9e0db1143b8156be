"""Least-squares adversarial losses and feature matching, in float32."""

from collections.abc import Sequence

import jax.numpy as jnp

from face_jax.losses.perceptual import feature_l1
from face_jax.types import Array


def lsgan_generator(made: Array) -> Array:
    """Distance of a made image's prediction map from 1, the label of real ones.

    Args:
      made: prediction map of any shape, without a sigmoid.

    Returns:
      Scalar mean of (1 - D)^2.
    """
    return jnp.mean((1.0 - made.astype(jnp.float32)) ** 2)


def lsgan_discriminator(real: Array, made: Array) -> Array:
    """Distances of real maps from 1 and of made ones from 0.

    Args:
      real: prediction map of real images.
      made: prediction map of made images, whose gradient to the generator the
        caller has stopped.

    Returns:
      Scalar mean of (1 - D(real))^2 + D(made)^2.
    """
    return lsgan_generator(real) + jnp.mean(made.astype(jnp.float32) ** 2)


def relativistic(winning: Array, losing: Array) -> Array:
    """Relativistic average least squares (arXiv 1807.00734).

    A discriminator wants real pictures to win, a generator the made ones.

    Args:
      winning: scores of any shape, without a sigmoid, that should lie 1 above the mean
        of the others.
      losing: scores that should lie 1 below the mean of those; means are taken over
        all entries, of the whole batch.

    Returns:
      Scalar, half the sum of both mean squared distances.
    """
    winning, losing = winning.astype(jnp.float32), losing.astype(jnp.float32)
    above = jnp.mean((winning - losing.mean() - 1.0) ** 2)
    below = jnp.mean((losing - winning.mean() + 1.0) ** 2)
    return 0.5 * (above + below)


def feature_matching(real: Sequence[Array], made: Sequence[Array]) -> Array:
    """Mean absolute difference of the discriminator's features, block by block.

    Args:
      real: features of real images.
      made: features of made images.

    Returns:
      [number of blocks] float32, not weighted.
    """
    return feature_l1(made, real)
