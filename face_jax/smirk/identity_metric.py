"""How far two identities are apart: by coefficients, or by the faces they stand for."""

from typing import Literal

import numpy as np

from face_jax.geometry.head import HeadModel

IdentityMetric = Literal["coefficients", "vertices"]
"""``coefficients``, as SMIRK is published (arXiv 2404.04104): each counts alike, which
suits bases of few and ordered directions. ``vertices``: by how far the vertices of the
face are apart, so that what hardly shows does not drown what does."""


def vertex_metric(head: HeadModel, vertices: np.ndarray, num_shape: int) -> np.ndarray:
    """The quadratic form of mean squared distances between neutral faces.

    Faces are compared after the translation that suits them best, as in
    ``metrics.vertices.translation_aligned_error``.

    Args:
      head: with identity directions.
      vertices: int [F], numbers of those that count.
      num_shape: number n of coefficients.

    Returns:
      float32 [n, n], positive semidefinite. Its trace is 1, like that of the mean of
      squares over coefficients.

    Raises:
      ValueError: the first directions do not move these vertices.
    """
    basis = np.asarray(head.identity_basis, np.float64)[vertices, :, :num_shape]
    moves = (basis - basis.mean(axis=0)).reshape(-1, basis.shape[-1])
    squares = moves.T @ moves
    total = np.trace(squares)
    if not total > 0:
        raise ValueError(
            f"identity_metric='vertices': expected the first {num_shape} directions of "
            f"head {head.name!r} to move its face, they do not"
        )
    return (squares / total).astype(np.float32)
