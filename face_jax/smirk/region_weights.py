"""How often the triangles of a head lend pixels: by the part of the face they are of.

Source: SMIRK, arXiv 2404.04104, and its public code.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from face_jax.convert.closed_pickle import read_npy
from face_jax.geometry.head import HeadModel

PUBLISHED = (
    ("neck", 0.0),
    ("right_eyeball", 0.0),
    ("right_ear", 0.0),
    ("lips", 0.5),
    ("nose", 0.5),
    ("left_ear", 0.0),
    ("eye_region", 1.0),
    ("forehead", 1.0),
    ("left_eye_region", 1.0),
    ("right_eye_region", 1.0),
    ("face_clean", 1.0),
    ("cleaner_lips", 1.0),
)
"""Weights of FLAME's regions; later ones win, other triangles have none."""

HALF = ("lips", "nose")
"""Regions of any head whose skin is textured enough by half as many pixels."""

HIDDEN = (
    "neck",
    "left_ear",
    "right_ear",
    "left_eyeball",
    "right_eyeball",
    "mouth_interior",
)
"""Regions of any head that lend no pixels. Points are drawn without regard to what
hides them, so the inside of a mouth would put teeth on closed lips."""


def region_weights(
    triangle_masks: Mapping[str, np.ndarray], num_faces: int
) -> np.ndarray:
    """Weights of FLAME's triangles, as published.

    Args:
      triangle_masks: rows of the triangles of each region, see
        ``read_triangle_masks``.
      num_faces: F.

    Returns:
      float32 [F], each 0, 0.5 or 1.

    Raises:
      ValueError: a region is missing, or names triangles that there are not.
    """
    weights = np.zeros(num_faces, np.float32)
    for name, weight in PUBLISHED:
        if name not in triangle_masks:
            raise ValueError(f"triangle masks: expected a region {name!r}, got none")
        rows = np.asarray(triangle_masks[name])
        if rows.size and not 0 <= rows.min() <= rows.max() < num_faces:
            raise ValueError(
                f"triangle masks: {name}: expected rows below {num_faces}, "
                f"got {rows.min()} to {rows.max()}"
            )
        weights[rows] = weight
    return weights


def region_weights_of_head(head: HeadModel) -> np.ndarray:
    """Weights of the triangles of any head, from its masks of vertices.

    1 for triangles of the face, 0.5 for those of lips and nose among them, 0 for
    triangles that touch a region in ``HIDDEN``, and for all others.

    Args:
      head: with a region ``face``; other regions count where it has them.

    Returns:
      float32 [F].

    Raises:
      ValueError: the head has no region ``face``.
    """
    if "face" not in head.regions:
        raise ValueError(f"head {head.name!r}: expected a region 'face', got none")
    faces = np.asarray(head.faces)
    masks = {name: np.asarray(mask)[faces] for name, mask in head.regions.items()}
    weights = masks["face"].all(axis=1).astype(np.float32)
    for name in set(HALF) & set(masks):
        weights[masks[name].all(axis=1)] *= 0.5
    for name in set(HIDDEN) & set(masks):
        weights[masks[name].any(axis=1)] = 0.0
    return weights


def read_triangle_masks(path: str | os.PathLike[str]) -> Mapping[str, np.ndarray]:
    """Reads the published ``FLAME_masks_triangles.npy``; executes nothing.

    Args:
      path: the user's own copy.

    Returns:
      Rows of the triangles of each region, by name.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it is damaged, or no dictionary of whole numbers.
    """
    contents = read_npy(path)
    if not isinstance(contents, Mapping):
        raise ValueError(f"{Path(path)}: expected named arrays, got {type(contents)}")
    masks = {str(name): np.asarray(rows) for name, rows in contents.items()}
    for name, rows in masks.items():
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise ValueError(
                f"{Path(path)}: {name}: expected whole numbers [n], got {rows.dtype} "
                f"{rows.shape}"
            )
    return masks
