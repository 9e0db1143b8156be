"""What synthetic pictures were made from, as part of items of one fixed shape."""

from collections.abc import Mapping

import numpy as np

from data_pipelines.items.base import ArraySpec, ElementSpec, Item
from data_pipelines.sources.faces import FacePicture
from data_pipelines.transforms.smirk_camera import camera_in_crop

CAMERA = "camera"
OF_THE_PICTURE = (CAMERA, "pose_params", "rotation")
"""Truth that turned crops do not keep."""


def check_lengths(lengths: Mapping[str, int], upright: bool) -> None:
    """Refuses vectors that no item can have.

    Args:
      lengths: of the vectors, by name.
      upright: whether crops are never turned.

    Raises:
      ValueError: a length below 1, or what turned crops do not keep.
    """
    for name, length in lengths.items():
        if length < 1:
            raise ValueError(f"truth.{name}: expected at least 1, got {length}")
    lost = sorted(set(lengths) & set(OF_THE_PICTURE))
    if lost and not upright:
        raise ValueError(
            f"truth: {', '.join(lost)} cannot be known of the crops of training; "
            "mode plain has them"
        )


def truth_spec(lengths: Mapping[str, int]) -> ElementSpec:
    """Shapes and types of ``passed_truth``; none where nothing is asked for."""
    if not lengths:
        return {}
    vectors = {
        name: ArraySpec((n,), np.dtype(np.float32)) for name, n in lengths.items()
    }
    return {"has_truth": ArraySpec((), np.dtype(bool)), **vectors}


def passed_truth(
    face: FacePicture, lengths: Mapping[str, int], matrix: np.ndarray, size: int
) -> Item:
    """The vectors of a picture by name, zeros for photographs, and which of both it is.

    Args:
      face: the picture.
      lengths: of the vectors that are asked for.
      matrix: [3, 3], from the picture to its crop, both in pixels.
      size: pixels of the crop along each side.

    Returns:
      ``has_truth`` bool, and float32 vectors; ``camera`` is that of the crop.

    Raises:
      ValueError: a synthetic picture has no such vector, or one of another length.
    """
    if not lengths:
        return {}
    item: Item = {"has_truth": np.array(bool(face.truth))}
    for name, length in lengths.items():
        value = _vector(face, name, length)
        if name == CAMERA and face.truth:
            height, width = face.image.shape[:2]
            value = camera_in_crop(value, matrix, (width, height), size)
        item[name] = value.astype(np.float32)
    return item


def _vector(face: FacePicture, name: str, length: int) -> np.ndarray:
    if not face.truth:
        return np.zeros(length)
    value = face.truth.get(name)
    if value is None or value.shape != (length,):
        known = {key: len(entry) for key, entry in face.truth.items()}
        raise ValueError(
            f"truth.{name}: expected {length} numbers, {face.name} has {known}"
        )
    return value
