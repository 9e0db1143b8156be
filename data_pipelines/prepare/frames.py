"""Records of frames: pictures, and every frame of a clip, with all that is known."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tensorflow_datasets as tfds

from data_pipelines.landmarks.schemas import NUM_LANDMARKS, NUM_MEDIAPIPE
from data_pipelines.prepare.examining import Source, is_still, points_of
from data_pipelines.prepare.planning import Kept
from data_pipelines.prepare.records import Features, encode
from data_pipelines.sources.readers import index_clip, open_clip
from data_pipelines.sources.records import decode_picture
from data_pipelines.video import read_image


@dataclasses.dataclass(frozen=True)
class Storing:
    """How frames are stored.

    Attributes:
      labels: names of the expressions, in the order of their numbers.
      has_mesh: whether records have MediaPipe's mesh.
      longest_side: larger pictures are shrunk to it, pixels; None keeps their size.
      picture_format: ``jpeg`` or ``png`` of pictures that are encoded anew.
    """

    labels: tuple[str, ...]
    has_mesh: bool
    longest_side: int | None
    picture_format: str


def frame_features(storing: Storing) -> Features:
    """Features of the records; what is not known is NaN, of labels -1."""
    features = {
        "image": tfds.features.Image(shape=(None, None, 3)),
        "file": tfds.features.Text(),
        "frame": tfds.features.Scalar(np.int64),
        "identity": tfds.features.Scalar(np.int64),
        "label": tfds.features.ClassLabel(names=list(storing.labels) or ["unknown"]),
        "box": tfds.features.Tensor(shape=(4,), dtype=np.float32),
        "landmarks_68": _points(NUM_LANDMARKS),
    }
    if storing.has_mesh:
        features["landmarks_478"] = _points(NUM_MEDIAPIPE)
    return tfds.features.FeaturesDict(features)


def frame_records(
    source: Source, kept: Kept, storing: Storing
) -> Iterator[dict[str, Any]]:
    """The records of a picture or clip, frame by frame.

    Landmarks and boxes are pixels of the stored pictures.

    Raises:
      OSError: the file has gone since it was looked at.
      ValueError: it has changed.
    """
    entry, seen = kept.entry, kept.examined
    size = (seen.width, seen.height)
    points = points_of(source, entry, seen.num_frames, size)
    given = {"landmarks_68": (points.points_68, NUM_LANDMARKS)}
    if storing.has_mesh:
        given["landmarks_478"] = (points.mesh, NUM_MEDIAPIPE)
    label = storing.labels.index(entry.label) if entry.label else -1
    scale = _scale(size, storing.longest_side)
    box = np.full(4, np.nan) if entry.box is None else np.asarray(entry.box)
    for number, (image, encoded) in enumerate(_pictures(source.root / entry.file)):
        record = {
            "image": _stored(image, encoded, scale, storing.picture_format),
            "file": entry.file,
            "frame": number,
            "identity": kept.identity,
            "label": label,
            "box": _moved(box.reshape(2, 2), scale).reshape(4),
        }
        for name, (track, count) in given.items():
            known = np.full((count, 2), np.nan) if track is None else track[number]
            record[name] = _moved(known, scale)
        yield record


def stored_size(kept: Kept, storing: Storing) -> tuple[int, int]:
    """(width, height) of the stored pictures."""
    size = (kept.examined.width, kept.examined.height)
    return _new_size(size, _scale(size, storing.longest_side))


def _pictures(path: Path) -> Iterator[tuple[np.ndarray, bytes | None]]:
    """RGB frames, each with the bytes of its file where that is one."""
    if is_still(path):
        yield read_image(path), path.read_bytes()
        return
    with contextlib.closing(open_clip(index_clip(path))) as reader:
        for frame in reader.iterate():
            yield frame, None


def _stored(
    image: np.ndarray, encoded: bytes | None, scale: float, picture_format: str
) -> bytes:
    """An encoded picture: the bytes of its file if these need no change."""
    if scale < 1:
        size = _new_size(image.shape[1::-1], scale)
        shrunk = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return encode(shrunk, picture_format)
    # Files may be turned by a mark in them, which plain decoders do not heed.
    if encoded is not None and np.array_equal(decode_picture(encoded), image):
        return encoded
    return encode(image, picture_format)


def _scale(size: Sequence[int], longest_side: int | None) -> float:
    return 1.0 if longest_side is None else min(1.0, longest_side / max(size))


def _new_size(size: Sequence[int], scale: float) -> tuple[int, int]:
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def _moved(points: np.ndarray, scale: float) -> np.ndarray:
    """Points of a shrunk picture; the centre of the first pixel is (0, 0)."""
    if scale == 1:
        return np.asarray(points, np.float32)
    return ((np.asarray(points) + 0.5) * scale - 0.5).astype(np.float32)


def _points(count: int) -> tfds.features.Tensor:
    return tfds.features.Tensor(shape=(count, 2), dtype=np.float32)
