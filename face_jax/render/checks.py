"""Checks of what users pass to the renderer."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.mesh import check_faces

LARGEST_INDEX = 2**31 - 1


def check_mesh(vertices: Any, faces: Any) -> None:
    """Refuses vertices and faces that are no batch of triangle meshes.

    Args:
      vertices: what should be [B, V, 3] floats.
      faces: what should be [F, 3] integers in [0, V); their values are seen only
        where they are known, not under ``jit``.

    Raises:
      ValueError: they are not, or a batch is empty.
    """
    check_points("vertices", vertices, 3)
    check_triangles(faces, vertices.shape[1])
    if vertices.shape[0] * len(faces) > LARGEST_INDEX:
        raise ValueError(
            f"vertices: {vertices.shape[0]} meshes of {len(faces)} faces are more faces than "
            "int32 can count; use smaller batches"
        )


def check_triangles(faces: Any, num_vertices: int) -> None:
    """Refuses what is no list of triangles.

    Args:
      faces: as for ``check_mesh``.
      num_vertices: how many vertices there are.

    Raises:
      ValueError: it is not, or it is empty.
    """
    if np.ndim(faces) != 2 or np.shape(faces)[1] != 3 or not _has_kind(faces, "iu"):
        raise ValueError(f"faces: expected integers [F, 3], got {_described(faces)}")
    if not len(faces):
        raise ValueError("faces: expected at least one face, got none")
    if not isinstance(faces, jax.core.Tracer):
        check_faces(np.asarray(faces), num_vertices)


def check_points(name: str, points: Any, size: int | None) -> None:
    """Refuses what is not a batch of vectors.

    Args:
      name: what to call it in an error.
      points: what should be floats [B, P, size] with B and P above 0.
      size: of the last axis, None for any.

    Raises:
      ValueError: it is not.
    """
    shape = np.shape(points)
    fits = len(shape) == 3 and shape[0] > 0 and shape[1] > 0
    if not fits or size not in (None, shape[2]) or not _has_kind(points, "fV"):
        wanted = f"[B, V, {size or 'D'}]"
        raise ValueError(f"{name}: expected floats {wanted}, got {_described(points)}")


def check_image_size(image_size: Any) -> None:
    """Refuses what is not (height, width) with at least one pixel.

    Raises:
      ValueError: it is not.
    """
    fits = isinstance(image_size, tuple) and len(image_size) == 2
    whole = fits and all(isinstance(side, int | np.integer) for side in image_size)
    if not whole or min(image_size) < 1:
        raise ValueError(
            f"image_size: expected (height, width) in pixels, got {image_size!r}"
        )


def _has_kind(array: Any, kinds: str) -> bool:
    # numpy knows bfloat16 as a kind of its own.
    dtype = jnp.result_type(array)
    return dtype.kind in kinds and (dtype.kind != "V" or dtype == jnp.bfloat16)


def _described(array: Any) -> str:
    return f"{jnp.result_type(array)} {np.shape(array)}"
