"""What others have published for FLAME's topology, read from the users' own copies."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from face_jax.convert.closed_pickle import read_npy, read_npz, read_pickle
from face_jax.geometry.head import LandmarkEmbedding
from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.types import Array

EMBEDDINGS = {
    "static_51": ("static_lmk_faces_idx", "static_lmk_bary_coords", (51,)),
    "contour_79": ("dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords", (79, 17)),
    "full_68": ("full_lmk_faces_idx", "full_lmk_bary_coords", (68,)),
    "mediapipe_105": ("mp_lmk_face_idx", "mp_lmk_b_coords", (105,)),
}
"""Names of the entries with faces and with barycentric coordinates, and their shape."""

MATERIALS = {
    "skin": (),
    "scalp": ("scalp",),
    "lips": ("lips",),
    "sclera": ("left_eyeball", "right_eyeball"),
}
"""Regions of each material; later ones win, the first is everywhere else."""


def _landmark_entries(path: Path) -> dict[str, Any]:
    return dict(_named(read_npy(path), path))


def _mediapipe_entries(path: Path) -> dict[str, Any]:
    found = _named(read_npz(path), path)
    missing = {"lmk_face_idx", "lmk_b_coords"} - set(found)
    if missing:
        raise ValueError(f"{path}: has no {', '.join(sorted(missing))}")
    order = found.get("landmark_indices", MEDIAPIPE_105)
    if tuple(np.ravel(order).tolist()) != MEDIAPIPE_105:
        raise ValueError(
            f"{path}: landmark_indices: expected the 105 published ones, in their order"
        )
    return {
        "mp_lmk_face_idx": found["lmk_face_idx"],
        "mp_lmk_b_coords": found["lmk_b_coords"],
    }


def _texture_entries(path: Path) -> dict[str, Any]:
    """Texture coordinates and triangles ``v/vt`` of an OBJ file."""
    uvs, corners = [], []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        word, *values = line.split() or [""]
        if word == "vt":
            uvs.append(values[:2])
        if word == "f":
            corners.append([corner.split("/")[:2] for corner in values])
    try:
        both = np.array(corners, np.int64) - 1
        coordinates = np.array(uvs, np.float32)
        if both.shape[1:] != (3, 2) or coordinates.shape[1:] != (2,):
            raise ValueError("other numbers of corners or of coordinates")
    except ValueError as error:
        raise ValueError(f"{path}: expected triangles v/vt and vt u v") from error
    return {"uvs": coordinates, "uv_corners": both}


FILES = {
    "landmark_embedding.npy": _landmark_entries,
    "mediapipe_landmark_embedding.npz": _mediapipe_entries,
    "FLAME_masks.pkl": lambda path: {"masks": _named(read_pickle(path), path)},
    "l_eyelid.npy": lambda path: {"l_eyelid": read_npy(path)},
    "r_eyelid.npy": lambda path: {"r_eyelid": read_npy(path)},
    "head_template.obj": _texture_entries,
}
"""File names, and how each is read."""


def read_assets(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Entries of all known files at any depth of a folder.

    Args:
      folder: holds at least one of ``FILES``.

    Returns:
      Entries by their published names; those of MediaPipe's points begin with
      ``mp_``, vertex lists are under ``masks``, texture coordinates under ``uvs`` and
      ``uv_corners`` ([F, 3, 2] rows of the vertex and of ``uvs``).

    Raises:
      FileNotFoundError: there is no such folder, or none of the files in it.
      ValueError: a file is damaged, or there are two of a name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    entries: dict[str, Any] = {}
    for name, read in FILES.items():
        paths = sorted(folder.rglob(name))
        if len(paths) > 1:
            raise ValueError(f"{folder}: has {name} twice: {paths[0]}, {paths[1]}")
        for path in paths:
            entries |= read(path)
    if not entries:
        raise FileNotFoundError(f"{folder}: has none of {', '.join(FILES)}")
    return entries


def landmarks(arrays: Mapping[str, Any], where: str) -> dict[str, LandmarkEmbedding]:
    """The embeddings that are there; refuses halves and other numbers of points."""
    found = {}
    for name, (faces_key, bary_key, shape) in EMBEDDINGS.items():
        if (faces_key in arrays) != (bary_key in arrays):
            raise ValueError(f"{where}: has only one of {faces_key} and {bary_key}")
        if faces_key in arrays:
            faces = _shaped(arrays[faces_key], shape, f"{where}: {faces_key}")
            bary = _shaped(arrays[bary_key], (*shape, 3), f"{where}: {bary_key}")
            found[name] = LandmarkEmbedding(
                jnp.asarray(whole_numbers(faces, f"{where}: {faces_key}")),
                jnp.asarray(bary.astype(np.float32)),
            )
    return found


def regions(
    arrays: Mapping[str, Any], num_vertices: int, where: str
) -> dict[str, Array]:
    """Masks [V] of lists of vertices."""
    found = {}
    for name, rows in arrays.get("masks", {}).items():
        rows = np.asarray(rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise ValueError(
                f"{where}: mask {name}: expected whole numbers [n], got {rows.dtype} "
                f"{rows.shape}"
            )
        if rows.size and not 0 <= rows.min() <= rows.max() < num_vertices:
            raise ValueError(
                f"{where}: mask {name}: expected vertices 0 to {num_vertices - 1}, "
                f"got {rows.min()} to {rows.max()}"
            )
        mask = np.zeros(num_vertices, bool)
        mask[rows] = True
        found[name] = jnp.asarray(mask)
    return found


def eyelids(arrays: Mapping[str, Any], where: str) -> Array | None:
    """[V, 3, 2] displacements of the left and right eyelid, or None."""
    keys = [key for key in ("l_eyelid", "r_eyelid") if key in arrays]
    if not keys:
        return None
    if len(keys) == 1:
        raise ValueError(f"{where}: has only one of l_eyelid and r_eyelid")
    left, right = (np.asarray(arrays[key]) for key in keys)
    for key, array in zip(keys, (left, right), strict=True):
        if array.dtype.kind not in "iuf":
            raise ValueError(f"{where}: {key}: expected numbers, got {array.dtype}")
    if left.shape != right.shape:
        raise ValueError(f"{where}: l_eyelid {left.shape}, but r_eyelid {right.shape}")
    return jnp.asarray(np.stack([left, right], axis=-1).astype(np.float32))


def texture_coordinates(
    arrays: Mapping[str, Any], faces: np.ndarray, where: str
) -> tuple[Array | None, Array | None]:
    """Texture coordinates [U, 2] and their rows [F, 3] at the corners of the faces.

    The file may list the faces in another order, each from another corner.
    """
    if "uvs" not in arrays:
        return None, None
    corners = _from_lowest_corner(arrays["uv_corners"])
    own = _from_lowest_corner(
        np.stack([faces, np.arange(faces.size).reshape(-1, 3)], -1)
    )
    theirs = corners[np.lexsort(corners[..., 0].T)]
    own = own[np.lexsort(own[..., 0].T)]
    if not np.array_equal(own[..., 0], theirs[..., 0]):
        raise ValueError(f"{where}: the texture coordinates are for other faces")
    faces_uv = np.empty(faces.size, np.int32)
    faces_uv[own[..., 1].ravel()] = theirs[..., 1].ravel()
    return jnp.asarray(arrays["uvs"]), jnp.asarray(faces_uv.reshape(-1, 3))


def materials(
    masks: Mapping[str, Array], faces: np.ndarray
) -> tuple[Array | None, tuple[str, ...]]:
    """The material [F] of every face, as far as regions tell, and their names."""
    if not masks:
        return None, ()
    found = np.zeros(len(faces), np.int32)
    for row, names in enumerate(MATERIALS.values()):
        for name in set(names) & set(masks):
            inside = np.flatnonzero(np.asarray(masks[name]))
            found[np.isin(faces, inside).all(axis=1)] = row
    return jnp.asarray(found), tuple(MATERIALS)


def whole_numbers(array: np.ndarray, what: str) -> np.ndarray:
    """The array as int32; refuses fractions and numbers that int32 does not hold."""
    if array.size and not -(2**31) <= array.min() <= array.max() < 2**31:
        raise ValueError(f"{what}: holds {array.min()} to {array.max()}")
    if not (array == np.floor(array)).all():
        raise ValueError(f"{what}: expected whole numbers")
    return array.astype(np.int32)


def _from_lowest_corner(corners: np.ndarray) -> np.ndarray:
    """Corners [F, 3, 2], each face turned to begin with its lowest vertex."""
    first = np.argmin(corners[..., 0], axis=1)
    turned = (first[:, None] + np.arange(3)) % 3
    return np.take_along_axis(corners, turned[..., None], axis=1)


def _named(value: Any, path: Path) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{path}: expected named arrays, got {type(value).__name__}")
    return value


def _shaped(array: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    array = np.asarray(array)
    if array.shape not in (shape, (1, *shape)) or array.dtype.kind not in "iuf":
        raise ValueError(
            f"{what}: expected numbers {list(shape)}, got {array.dtype} "
            f"{list(array.shape)}"
        )
    return array.reshape(shape)
