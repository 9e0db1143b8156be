"""Distances between meshes of the same vertices, up to what is not asked for.

All results have one number for each batch entry, in the unit of the vertices.
"""

import jax.numpy as jnp

from face_jax.geometry.alignment import align_points, move_points
from face_jax.types import Array


def translation_aligned_error(prediction: Array, target: Array) -> Array:
    """Mean distance of corresponding vertices after the best translation.

    The best in the least-squares sense: both meshes have their centroid at the origin.

    Args:
      prediction: [B, V, 3].
      target: [B, V, 3].

    Returns:
      [B].
    """
    return _distance(_centred(prediction), _centred(target))


def procrustes_error(prediction: Array, target: Array) -> Array:
    """Mean distance of corresponding vertices after the best similarity.

    Translation, rotation and scale of the prediction that minimise the sum of squared
    distances (Umeyama, PAMI 1991); never a reflection.

    Args:
      prediction: [B, V, 3], not all vertices in one place.
      target: [B, V, 3].

    Returns:
      [B].
    """
    aligned = move_points(align_points(prediction, target), prediction)
    return _distance(aligned, target)


def _centred(vertices: Array) -> Array:
    return vertices - vertices.mean(axis=-2, keepdims=True)


def _distance(one: Array, other: Array) -> Array:
    return jnp.linalg.norm(one - other, axis=-1).mean(axis=-1)
