"""FLAME (Li et al., "Learning a model of facial shape and expression from 4D scans").

The model is its owners' (flame.is.tue.mpg.de); you get it from them, under their terms.
``load_flame`` reads every edition from 2020 to 2023, also "Open" and "no jaw", as they
come or converted to ``.npz``, and what others have published for its topology.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from face_jax.convert.closed_pickle import read_npz, read_pickle
from face_jax.geometry.head import HeadModel
from face_jax.heads.checks import check_head
from face_jax.heads.flame_assets import (
    eyelids,
    landmarks,
    materials,
    read_assets,
    regions,
    texture_coordinates,
    whole_numbers,
)
from face_jax.types import Array

JOINT_NAMES = ("root", "neck", "jaw", "left_eye", "right_eye")
JOINT_PARENTS = (-1, 0, 1, 1, 1)

LICENCE = (
    "FLAME, flame.is.tue.mpg.de: the terms under which you got it from its owners "
    "apply; share it only if they permit."
)

KEYS = {
    "template": ("v_template",),
    "faces": ("f", "faces", "faces_tensor"),
    "directions": ("shapedirs",),
    "pose_correctives": ("posedirs",),
    "joint_regressor": ("J_regressor",),
    "skinning_weights": ("weights", "lbs_weights"),
    "parents": ("kintree_table", "parents"),
}
"""What a file calls the parts of the model: the original name, then those of the
buffers of published PyTorch layers."""

_IDENTITIES = {400: 300, 20: 10}
"""How many of a file's directions, which come first, are of identity."""


def load_flame(
    model: str | os.PathLike[str],
    assets: str | os.PathLike[str] | None = None,
    *,
    num_identity: int | None = None,
    licence: str = LICENCE,
) -> HeadModel:
    """Reads a FLAME model and what belongs to it; executes nothing.

    Args:
      model: the owners' pickle (``generic_model.pkl``, ``flame2023.pkl``,
        ``flame2023_no_jaw.pkl``, ``flame2023_Open.pkl``...) or an ``.npz`` with the
        same entries.
      assets: a folder that holds, at any depth, any of ``flame_assets.FILES``:
        landmark embeddings, region masks, eyelids, texture coordinates. None leaves
        the head without them.
      num_identity: how many of the directions are of identity; None knows it for
        models of 400 (300) and of 20 (10).
      licence: one line with the terms, kept with the head.

    Returns:
      The head, ``name`` is "flame".

    Raises:
      FileNotFoundError: a path does not exist.
      ValueError: a file is damaged, names code, lacks an entry, or holds an array that
        does not fit the others.
    """
    path = Path(model)
    contents = read_npz(path) if path.suffix == ".npz" else read_pickle(path)
    if not isinstance(contents, Mapping):
        raise ValueError(f"{path}: expected named arrays, got {type(contents)}")
    found = read_assets(assets) if assets is not None else {}
    return flame_from_arrays(
        {**contents, **found},
        where=str(path),
        num_identity=num_identity,
        licence=licence,
    )


def flame_from_arrays(
    arrays: Mapping[str, Any],
    *,
    where: str = "FLAME",
    num_identity: int | None = None,
    licence: str = LICENCE,
) -> HeadModel:
    """Builds the head from the arrays of its files.

    Args:
      arrays: entries of the model's file, and those that ``read_assets`` gives.
      where: what messages begin with.
      num_identity: as for ``load_flame``.
      licence: as for ``load_flame``.

    Raises:
      ValueError: an entry is missing or does not fit the others.
    """
    parts = {part: _entry(arrays, part, where) for part in KEYS}
    template = parts["template"]
    if template.ndim != 2 or template.shape[1] != 3:
        raise ValueError(f"{where}: v_template: expected [V, 3], got {template.shape}")
    identity, expression = _directions(
        parts["directions"], template, num_identity, where
    )
    _check_joints(parts["parents"], where)
    masks = regions(arrays, len(template), where)
    faces = whole_numbers(parts["faces"], f"{where}: f")
    uvs, faces_uv = texture_coordinates(arrays, faces, where)
    face_materials, material_names = materials(masks, faces)
    head = HeadModel(
        template=_floats(template),
        faces=jnp.asarray(faces),
        identity_basis=_floats(identity),
        expression_basis=_floats(expression),
        eyelid_basis=eyelids(arrays, where),
        joint_regressor=_floats(parts["joint_regressor"]),
        pose_correctives=_pose_correctives(parts["pose_correctives"], template, where),
        skinning_weights=_floats(parts["skinning_weights"]),
        landmarks=landmarks(arrays, where),
        regions=masks,
        uvs=uvs,
        faces_uv=faces_uv,
        face_materials=face_materials,
        name="flame",
        joint_names=JOINT_NAMES,
        joint_parents=JOINT_PARENTS,
        material_names=material_names,
        licence=licence,
    )
    check_head(head, where)
    return head


def _entry(arrays: Mapping[str, Any], part: str, where: str) -> np.ndarray:
    for key in KEYS[part]:
        if key in arrays:
            array = np.asarray(arrays[key])
            if array.dtype.kind not in "iuf":
                raise ValueError(f"{where}: {key}: expected numbers, got {array.dtype}")
            return array
    has = ", ".join(sorted(map(str, arrays))) or "nothing"
    raise ValueError(f"{where}: has no {' or '.join(KEYS[part])}; it has {has}")


def _directions(
    directions: np.ndarray, template: np.ndarray, num_identity: int | None, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Identity [V, 3, S] and expression directions [V, 3, E]."""
    if directions.ndim != 3 or directions.shape[:2] != template.shape:
        raise ValueError(
            f"{where}: shapedirs: expected [{len(template)}, 3, N], "
            f"got {directions.shape}"
        )
    count = directions.shape[2]
    split = _IDENTITIES.get(count) if num_identity is None else num_identity
    if split is None:
        raise ValueError(
            f"{where}: shapedirs: {count} directions; say how many are of identity "
            "(num_identity, --identities)"
        )
    if not 0 <= split <= count:
        raise ValueError(f"num_identity: expected 0 to {count}, got {split}")
    return directions[..., :split], directions[..., split:]


def _pose_correctives(posedirs: np.ndarray, template: np.ndarray, where: str) -> Array:
    """[(J - 1) * 9, V * 3] from [V, 3, (J - 1) * 9], or as it is."""
    count = 9 * (len(JOINT_NAMES) - 1)
    if posedirs.shape == (*template.shape, count):
        posedirs = posedirs.reshape(-1, count).T
    elif posedirs.shape != (count, template.size):
        raise ValueError(
            f"{where}: posedirs: expected [{len(template)}, 3, {count}], "
            f"got {posedirs.shape}"
        )
    return _floats(posedirs)


def _check_joints(kinematic_tree: np.ndarray, where: str) -> None:
    """Accepts FLAME's joints only; the root's parent is written in several ways."""
    parents = np.atleast_2d(kinematic_tree)[0].astype(np.int64)
    if tuple(parents[1:]) != JOINT_PARENTS[1:]:
        raise ValueError(
            f"{where}: kintree_table: expected parents {list(JOINT_PARENTS)}, "
            f"got {parents.tolist()}"
        )


def _floats(array: np.ndarray) -> Array:
    return jnp.asarray(array.astype(np.float32))
