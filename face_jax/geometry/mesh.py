"""Triangle meshes: normals, attributes of corners, and parts of a mesh."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array

_SMALLEST_NORM = 1e-6
"""Square metres: where normals of degenerate faces stop growing to unit length."""


def face_corners(attributes: Array, faces: Array | np.ndarray) -> Array:
    """Attributes of the three corners of every face.

    Args:
      attributes: [..., V, D] of the vertices.
      faces: [F, 3] int32.

    Returns:
      [..., F, 3, D].
    """
    return attributes[..., faces, :]


def face_normals(vertices: Array, faces: Array | np.ndarray) -> Array:
    """Cross product of two edges of every face, of length twice its area.

    Args:
      vertices: [..., V, 3].
      faces: [F, 3] int32, counter-clockwise from outside.

    Returns:
      [..., F, 3], outwards.
    """
    corners = face_corners(vertices, faces)
    edge_one = corners[..., 1, :] - corners[..., 0, :]
    edge_two = corners[..., 2, :] - corners[..., 0, :]
    return jnp.cross(edge_one, edge_two)


def vertex_normals(vertices: Array, faces: Array | np.ndarray) -> Array:
    """Outward normals of the vertices, weighted by the areas of their faces.

    The sum of the cross products of all faces at a vertex, divided by the larger of
    its length and 1e-6; shorter than 1 where faces are tiny, zero where there are
    none.

    Args:
      vertices: [..., V, 3] float32 metres.
      faces: [F, 3] int32.

    Returns:
      [..., V, 3] float32.
    """
    normals = face_normals(vertices, faces)
    sums = jnp.zeros_like(vertices)
    for corner in range(3):
        sums = sums.at[..., faces[:, corner], :].add(normals)
    squared = jnp.sum(sums**2, axis=-1, keepdims=True)
    return sums / jnp.sqrt(jnp.maximum(squared, _SMALLEST_NORM**2))


@dataclasses.dataclass(frozen=True)
class Submesh:
    """A part of a mesh.

    Attributes:
      vertices: [K] int32, which vertices of the whole mesh it has, ascending.
      faces: [G, 3] int32 rows of ``vertices``.
      kept_faces: [G] int32, which faces of the whole mesh these are, ascending.
    """

    vertices: np.ndarray
    faces: np.ndarray
    kept_faces: np.ndarray


def submesh(faces: np.ndarray, kept: np.ndarray) -> Submesh:
    """Cuts a mesh down to some vertices; a face stays if its three vertices do.

    Runs once per mesh, in numpy: the sizes of the result depend on the values.

    Args:
      faces: [F, 3] int32.
      kept: [V] bool.

    Raises:
      ValueError: ``kept`` is not one flag per vertex, or too short for the faces.
    """
    faces, kept = np.asarray(faces), np.asarray(kept)
    if kept.dtype != bool or kept.ndim != 1:
        raise ValueError(f"kept: expected bool [V], got {kept.dtype} {kept.shape}")
    check_faces(faces, len(kept))
    survives = kept[faces].all(axis=1)
    renumbered = np.cumsum(kept) - 1
    return Submesh(
        vertices=np.flatnonzero(kept).astype(np.int32),
        faces=renumbered[faces[survives]].astype(np.int32),
        kept_faces=np.flatnonzero(survives).astype(np.int32),
    )


def check_faces(faces: np.ndarray, num_vertices: int, name: str = "faces") -> None:
    """Refuses faces that are no triangles of the given vertices.

    Args:
      faces: what should be [F, 3] integers in [0, num_vertices).
      num_vertices: how many rows they may point at.
      name: what to call them in an error.

    Raises:
      ValueError: they are not.
    """
    faces = np.asarray(faces)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: expected integers [F, 3], got {faces.dtype} {faces.shape}"
        )
    if faces.size and not 0 <= faces.min() <= faces.max() < num_vertices:
        raise ValueError(
            f"{name}: expected rows in [0, {num_vertices}), "
            f"got {faces.min()} to {faces.max()}"
        )
