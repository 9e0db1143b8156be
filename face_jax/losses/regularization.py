"""Statistical regularisation of expression vectors: what keeps identity out of them.

FSRT (arXiv 2404.09736) borrows the three terms of VICReg (arXiv 2105.04906) in a form
of its own: the variance is taken along the entries of each vector, and the diagonal
is part of the covariance penalty. VICReg's own forms are here as well.
"""

import jax
import jax.numpy as jnp

from face_jax.types import Array

VARIANCE_EPSILON = 1e-4


def invariance(
    source: Array, source_other: Array, driving: Array, driving_other: Array
) -> Array:
    """Distance between the expressions of two colour views of the same images.

    Args:
      source: [..., E] expressions of the source images in one view.
      source_other: the same in another view.
      driving: [..., E] expressions of the driving images in one view.
      driving_other: the same in another view.

    Returns:
      Scalar: half the sum of the two mean squared differences.
    """
    return 0.5 * (
        jnp.mean((source - source_other) ** 2)
        + jnp.mean((driving - driving_other) ** 2)
    )


def variance(vectors: Array, across_batch: bool = False) -> Array:
    """Hinge that keeps standard deviations from falling below 1.

    Args:
      vectors: [n, E].
      across_batch: VICReg's form: deviation of every entry across the batch, instead
        of the published deviation of the entries within every vector.

    Returns:
      Scalar mean of relu(1 - sqrt(variance + 1e-4)), unbiased variances.
    """
    spread = jnp.var(vectors, axis=0 if across_batch else 1, ddof=1)
    return jnp.mean(jax.nn.relu(1.0 - jnp.sqrt(spread + VARIANCE_EPSILON)))


def covariance(vectors: Array, diagonal: bool = True) -> Array:
    """Penalty on entries of the vectors that vary together across the batch.

    The statistics are those of the rows that are given: for statistics per device,
    as data-parallel training without gathering has them, map this function over
    groups of rows and take the mean.

    Args:
      vectors: [n, E], n at least 2.
      diagonal: whether the entries' own variances count, as published, or not, as in
        VICReg.

    Returns:
      Scalar: sum of the squared entries of the unbiased covariance matrix over E.
    """
    rows, entries = vectors.shape
    centred = vectors - vectors.mean(axis=0)
    matrix = centred.T @ centred / (rows - 1)
    total = jnp.sum(matrix**2)
    if not diagonal:
        total -= jnp.sum(jnp.diagonal(matrix) ** 2)
    return total / entries
