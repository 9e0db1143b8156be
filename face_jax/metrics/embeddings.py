"""Distances between what a network sees in pictures: identity, and sets as a whole."""

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array


def cosine_similarity(prediction: Array, target: Array) -> Array:
    """Cosine of the angle between embeddings; CSIM where they are of face recognition.

    Args:
      prediction: [..., D] float.
      target: [..., D].

    Returns:
      [...] in [-1, 1]; NaN where either is zero.
    """
    dot = jnp.sum(prediction * target, axis=-1)
    lengths = [jnp.linalg.norm(v, axis=-1) for v in (prediction, target)]
    return dot / (lengths[0] * lengths[1])


def squared_distance(prediction: Array, target: Array) -> Array:
    """Sum of squared differences of embeddings [..., D]; [...].

    The average identity distance (``aed_id``) of the first-order motion model's
    evaluation, which takes no root, is its mean over frames.
    """
    return jnp.sum(jnp.square(prediction - target), axis=-1)


def frechet_distance(features: np.ndarray, others: np.ndarray) -> float:
    """Squared Frechet distance between Gaussians that are fitted to two sets.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), with unbiased covariances; FID where the
    features are Inception's. It shrinks with the number of rows: compare equal numbers
    alone. Computed on the host in float64.

    Args:
      features: [N, D] float, N at least 2.
      others: [M, D] float, M at least 2.

    Returns:
      The distance, at least 0.

    Raises:
      ValueError: the shapes do not fit, or a set has fewer than two rows.
    """
    sets = [np.asarray(rows, np.float64) for rows in (features, others)]
    for rows in sets:
        if rows.ndim != 2 or len(rows) < 2 or rows.shape[1:] != sets[0].shape[1:]:
            shapes = " and ".join(str(rows.shape) for rows in sets)
            raise ValueError(f"features: expected [N, D] and [M, D], got {shapes}")
    means = [rows.mean(axis=0) for rows in sets]
    spreads = [np.atleast_2d(np.cov(rows, rowvar=False)) for rows in sets]
    root = _square_root(spreads[0])
    # C1 C2 has the eigenvalues of the symmetric C1^(1/2) C2 C1^(1/2).
    eigenvalues = np.linalg.eigvalsh(root @ spreads[1] @ root)
    shared = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    distance = np.sum((means[0] - means[1]) ** 2) - 2 * shared
    return max(0.0, float(distance + sum(np.trace(spread) for spread in spreads)))


def _square_root(symmetric: np.ndarray) -> np.ndarray:
    """Root of a matrix [D, D] whose eigenvalues are not negative but for rounding."""
    values, vectors = np.linalg.eigh(symmetric)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
