"""What must hold of a head model before anything is computed with it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from face_jax.geometry.head import HeadModel, LandmarkEmbedding

_OPTIONAL = (
    "eyelid_basis",
    "joint_regressor",
    "pose_correctives",
    "skinning_weights",
    "uvs",
    "faces_uv",
    "face_materials",
)


_AXES = {
    "template": 2,
    "faces": 2,
    "identity_basis": 3,
    "expression_basis": 3,
    "uvs": 2,
}
"""Numbers of axes of the arrays that tell the sizes of the others."""


def check_head(head: HeadModel, where: str) -> None:
    """Checks that the parts of a head fit together.

    Args:
      head: the head.
      where: what the message begins with: the file, or the head's name.

    Raises:
      ValueError: an array has another shape than the rest asks for, holds values that
        are not finite, or names a vertex, face, texture coordinate or material that
        does not exist; or joints lack what moves them. The message names the field, what was expected and what it is.
    """
    _check_axes(head, where)
    _check_joints(head, where)
    for field, shape in _expected_shapes(head).items():
        array = np.asarray(getattr(head, field))
        if array.shape != shape:
            raise ValueError(
                f"{where}: {field}: expected {_text(shape)}, got {_text(array.shape)}"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{where}: {field}: holds values that are not finite")
    for field, count in _counts(head).items():
        _check_rows(getattr(head, field), count, f"{where}: {field}")
    for name, embedding in head.landmarks.items():
        _check_embedding(embedding, len(head.faces), f"{where}: landmarks {name}")
    for name, mask in head.regions.items():
        if np.shape(mask) != (len(head.template),):
            raise ValueError(
                f"{where}: region {name}: expected {_text((len(head.template),))}, "
                f"got {_text(np.shape(mask))}"
            )
        if np.asarray(mask).dtype != bool:
            raise ValueError(
                f"{where}: region {name}: expected bool, got {np.asarray(mask).dtype}"
            )


def _check_axes(head: HeadModel, where: str) -> None:
    """Refuses arrays whose number of axes leaves the head without sizes."""
    for field, axes in _AXES.items():
        found = np.ndim(getattr(head, field))
        if getattr(head, field) is not None and found != axes:
            raise ValueError(f"{where}: {field}: expected {axes} axes, got {found}")


def _check_joints(head: HeadModel, where: str) -> None:
    """Refuses joints without parents, and parents that do not come first."""
    parents = head.joint_parents
    ordered = all(
        isinstance(parent, int) and min(0, joint - 1) <= parent < joint
        for joint, parent in enumerate(parents)
    )
    if len(parents) != len(head.joint_names) or not ordered:
        raise ValueError(
            f"{where}: joint_parents: expected -1 and then rows of earlier joints, one "
            f"for each of {len(head.joint_names)} joints, got {list(parents)}"
        )
    if (head.joint_regressor is None) != (head.skinning_weights is None):
        raise ValueError(
            f"{where}: joint_regressor, skinning_weights: expected both or none"
        )


def _expected_shapes(head: HeadModel) -> Mapping[str, tuple[int, ...]]:
    """Shapes of the fields that the head has, told from its sizes and names."""
    vertices, faces, joints = len(head.template), len(head.faces), len(head.joint_names)
    shapes: dict[str, tuple[int, ...]] = {
        "template": (vertices, 3),
        "faces": (faces, 3),
        "identity_basis": (vertices, 3, _directions(head, "identity")),
        "expression_basis": (vertices, 3, _directions(head, "expression")),
        "eyelid_basis": (vertices, 3, 2),
        "joint_regressor": (joints, vertices),
        "pose_correctives": ((joints - 1) * 9, vertices * 3),
        "skinning_weights": (vertices, joints),
        "uvs": (np.shape(head.uvs)[0] if head.uvs is not None else 0, 2),
        "faces_uv": (faces, 3),
        "face_materials": (faces,),
    }
    absent = {field for field in _OPTIONAL if getattr(head, field) is None}
    return {field: shape for field, shape in shapes.items() if field not in absent}


def _directions(head: HeadModel, kind: str) -> int:
    names: tuple[str, ...] = getattr(head, f"{kind}_names")
    return len(names) or np.shape(getattr(head, f"{kind}_basis"))[-1]


def _counts(head: HeadModel) -> Mapping[str, int]:
    counts = {"faces": len(head.template)}
    if head.uvs is not None and head.faces_uv is not None:
        counts["faces_uv"] = len(head.uvs)
    if head.face_materials is not None:
        counts["face_materials"] = len(head.material_names)
    return counts


def _check_rows(indices: Any, count: int, what: str) -> None:
    indices = np.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise ValueError(f"{what}: expected whole numbers, got {indices.dtype}")
    if indices.size and not 0 <= indices.min() <= indices.max() < count:
        raise ValueError(
            f"{what}: expected numbers from 0 to {count - 1}, got {indices.min()} to "
            f"{indices.max()}"
        )


def _check_embedding(embedding: LandmarkEmbedding, faces: int, what: str) -> None:
    expected = (*np.shape(embedding.faces), 3)
    if np.shape(embedding.bary) != expected:
        raise ValueError(
            f"{what}: bary: expected {_text(expected)}, got "
            f"{_text(np.shape(embedding.bary))}"
        )
    if not np.isfinite(np.asarray(embedding.bary)).all():
        raise ValueError(f"{what}: bary: holds values that are not finite")
    _check_rows(embedding.faces, faces, f"{what}: faces")


def _text(shape: tuple[int, ...]) -> str:
    return str(list(shape))
