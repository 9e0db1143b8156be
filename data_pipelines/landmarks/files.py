"""Landmark files: one per clip or picture, with the same name before the suffix.

Two formats are read. ``.npy``: float [T, 68, 2] for every frame, on the frame squeezed to
256 x 256 pixels, all zeros where no face was found (the layout of FSRT's training data,
arXiv 2404.09736). ``.npz``, which is also written: points of some frames in pixels, from
which the frames between are interpolated.
"""

import dataclasses
import os
import secrets
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from data_pipelines.landmarks.schemas import (
    MEDIAPIPE_IRISES,
    NUM_LANDMARKS,
    NUM_MEDIAPIPE,
    face_box,
    mediapipe_to_68,
    rescale_landmarks,
)
from data_pipelines.numpy_files import load_archive, load_array

REFERENCE_SIZE = 256
"""Side of the squeezed frame on which ``.npy`` landmarks are given."""

MAX_GAP = 8
"""Frames between two detections beyond which nothing is interpolated."""


@dataclasses.dataclass(frozen=True)
class LandmarkTrack:
    """Landmarks of one face through a clip (a picture is a clip of one frame).

    Attributes:
      points: float32 [T, 68, 2] in pixels of the frames; zeros where not valid.
      valid: bool [T], whether a frame's points were detected or interpolated.
      irises: float32 [T, 2, 2], iris centres of the left and right eye of the picture;
        NaN where unknown.
    """

    points: np.ndarray
    valid: np.ndarray
    irises: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    @property
    def boxes(self) -> np.ndarray:
        """Boxes of the face, float32 [T, 4]: left, top, right, bottom pixel edges."""
        return face_box(self.points)


def load_landmarks(
    path: str | os.PathLike[str],
    num_frames: int | None = None,
    frame_size: tuple[int, int] | None = None,
    max_gap: int = MAX_GAP,
) -> LandmarkTrack:
    """Reads the landmarks of a clip.

    Args:
      path: a ``.npy`` or ``.npz`` file.
      num_frames: frames of the clip; None for as many as the file speaks of.
      frame_size: (width, height) of the frames, to which the points are scaled; None
        keeps the scale of the file.
      max_gap: frames of a ``.npz`` between two detections at most this far apart are
        interpolated linearly; other frames without detection are not valid. Before the
        first and after the last detection, these are held for less than the usual
        step between detections.

    Returns:
      The track, one entry per frame.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file has another layout, or does not belong to this clip.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such landmark file")
    if path.suffix == ".npy":
        return _load_every_frame(path, num_frames, frame_size)
    if path.suffix == ".npz":
        return _load_some_frames(path, num_frames, frame_size, max_gap)
    raise ValueError(f"{path}: expected a landmark file ending in .npy or .npz")


def save_landmarks(
    path: str | os.PathLike[str],
    points: np.ndarray,
    frames: np.ndarray,
    size: tuple[int, int],
    irises: np.ndarray | None = None,
) -> None:
    """Writes landmarks of some frames of a clip.

    Args:
      path: where they go; ends in ``.npz``.
      points: [n, 68, 2], or MediaPipe's mesh [n, 478, 2 or 3], in pixels.
      frames: int [n], increasing frame numbers.
      size: (width, height) of the frames.
      irises: [n, 2, 2] iris centres of the left and right eye of the picture, NaN where
        unknown; None where no frame has them or ``points`` is a mesh.

    Raises:
      ValueError: shapes do not fit together; nothing is written.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"{path}: expected a name ending in .npz")
    contents: dict[str, Any] = {
        "points": np.asarray(points, np.float32),
        "frames": np.asarray(frames, np.int32),
        "size": np.asarray(size, np.int32),
    }
    if irises is not None:
        contents["irises"] = np.asarray(irises, np.float32)
    _check(path, contents)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.partial.npz")
    try:
        np.savez_compressed(temporary, **contents)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_array(path: Path) -> np.ndarray:
    """Reads a ``.npy`` of any shape.

    Raises:
      ValueError: it cannot be read.
    """
    try:
        return load_array(path)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: unreadable landmark file: {error}") from error


def read_archive(path: Path) -> dict[str, np.ndarray]:
    """Reads what ``save_landmarks`` wrote: the arguments by their names.

    Raises:
      ValueError: the file cannot be read, or has another layout.
    """
    try:
        contents = load_archive(path)
    except (OSError, ValueError, EOFError, AttributeError, BadZipFile) as error:
        raise ValueError(f"{path}: unreadable landmark file: {error}") from error
    _check(path, contents)
    return contents


def _load_every_frame(
    path: Path, num_frames: int | None, frame_size: tuple[int, int] | None
) -> LandmarkTrack:
    points = read_array(path)
    if points.ndim != 3 or points.shape[1:] != (NUM_LANDMARKS, 2):
        raise ValueError(
            f"{path}: expected [frames, 68, 2], found {list(points.shape)}"
        )
    if num_frames is not None and len(points) != num_frames:
        raise ValueError(
            f"{path}: expected landmarks of {num_frames} frames, found {len(points)}"
        )
    points = points.astype(np.float32)
    valid = points.any(axis=(1, 2)) & np.isfinite(points).all(axis=(1, 2))
    size = frame_size or (REFERENCE_SIZE, REFERENCE_SIZE)
    points = rescale_landmarks(points, (REFERENCE_SIZE, REFERENCE_SIZE), size)
    points[~valid] = 0
    return LandmarkTrack(points, valid, _unknown_irises(len(points)))


def _load_some_frames(
    path: Path,
    num_frames: int | None,
    frame_size: tuple[int, int] | None,
    max_gap: int,
) -> LandmarkTrack:
    contents = read_archive(path)
    points, irises, frames = _to_68(contents), _irises(contents), contents["frames"]
    count = num_frames if num_frames is not None else int(frames.max(initial=-1)) + 1
    if frames.max(initial=-1) >= count:
        raise ValueError(
            f"{path}: expected frames 0 to {count - 1}, found frame {frames.max()}"
        )
    together = np.concatenate([points, irises], axis=1)
    size = tuple(contents["size"].tolist())
    together = rescale_landmarks(together, size, frame_size or size)
    filled, valid = fill_gaps(together, frames, count, max_gap)
    irises = np.where(valid[:, None, None], filled[:, NUM_LANDMARKS:], np.nan)
    return LandmarkTrack(filled[:, :NUM_LANDMARKS], valid, irises.astype(np.float32))


def fill_gaps(
    points: np.ndarray, frames: np.ndarray, count: int, max_gap: int = MAX_GAP
) -> tuple[np.ndarray, np.ndarray]:
    """Points of all frames of a clip from those of some.

    Args:
      points: float32 [n, P, 2].
      frames: int [n], increasing, where they are.
      count: T, frames of the clip.
      max_gap: as for ``load_landmarks``.

    Returns:
      float32 [T, P, 2], zeros where not valid; and bool [T], where they are.
    """
    if len(frames) == 0:
        return np.zeros((count, *points.shape[1:]), np.float32), np.zeros(count, bool)
    wanted = np.arange(count)
    before = (np.searchsorted(frames, wanted, side="right") - 1).clip(min=0)
    after = np.searchsorted(frames, wanted).clip(max=len(frames) - 1)
    gap = frames[after] - frames[before]
    weight = ((wanted - frames[before]) / np.maximum(gap, 1)).clip(0, 1)
    weight = weight[:, None, None].astype(np.float32)
    filled = points[before] * (1 - weight) + points[after] * weight
    step = np.median(np.diff(frames)) if len(frames) > 1 else 1
    outside = np.maximum(frames[0] - wanted, wanted - frames[-1])
    valid = (gap <= max_gap) & (outside < min(step, max_gap))
    filled[~valid] = 0
    return filled, valid


def _to_68(contents: dict[str, np.ndarray]) -> np.ndarray:
    points = contents["points"].astype(np.float32)
    return (
        points[..., :2] if points.shape[1] == NUM_LANDMARKS else mediapipe_to_68(points)
    )


def _irises(contents: dict[str, np.ndarray]) -> np.ndarray:
    points = contents["points"]
    if "irises" in contents:
        return contents["irises"].astype(np.float32)
    if points.shape[1] == NUM_MEDIAPIPE:
        return points[:, MEDIAPIPE_IRISES, :2].astype(np.float32)
    return _unknown_irises(len(points))


def _unknown_irises(count: int) -> np.ndarray:
    return np.full((count, 2, 2), np.nan, np.float32)


def _check(path: Path, contents: dict[str, np.ndarray]) -> None:
    """Raises a ValueError that names what of a ``.npz`` is missing or misshapen."""
    missing = {"points", "frames", "size"} - set(contents)
    if missing:
        raise ValueError(f"{path}: expected arrays points, frames, size; no {missing}")
    points, frames = contents["points"], contents["frames"]
    if points.ndim != 3 or points.shape[1:] not in (
        (68, 2),
        (68, 3),
        (478, 2),
        (478, 3),
    ):
        raise ValueError(
            f"{path}: expected points [n, 68 or 478, 2 or 3], found {list(points.shape)}"
        )
    if frames.shape != (len(points),) or (np.diff(frames) <= 0).any():
        raise ValueError(f"{path}: expected {len(points)} increasing frame numbers")
    if contents["size"].shape != (2,) or (contents["size"] <= 0).any():
        raise ValueError(
            f"{path}: expected size (width, height), found {contents['size']}"
        )
    if "irises" in contents and contents["irises"].shape != (len(points), 2, 2):
        raise ValueError(
            f"{path}: expected irises [n, 2, 2], found {list(contents['irises'].shape)}"
        )
