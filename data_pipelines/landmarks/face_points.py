"""Landmark files of SMIRK's training data (arXiv 2404.04104): points in pixels.

For a picture or clip NAME one file of the same stem:

- ``NAME.npy``: MediaPipe's mesh [478, 2 or 3] of a picture, [T, 478, 2 or 3] of a clip;
  or 68 points, [68, 2] or [faces, 68, 2] of a picture (the first face is taken),
  [T, 68, 2] of a clip;
- ``NAME.pkl``: a list of [68, 2], or None, over all frames of a clip;
- ``NAME.npz``: what ``save_landmarks`` writes, of either kind.
"""

from pathlib import Path

import numpy as np

from data_pipelines.landmarks.files import read_archive, read_array
from data_pipelines.landmarks.pickled_points import read_pickled_points
from data_pipelines.landmarks.schemas import (
    NUM_LANDMARKS,
    NUM_MEDIAPIPE,
    rescale_landmarks,
)

SUFFIXES = (".npz", ".npy", ".pkl")
"""Endings of landmark files, in the order in which they are looked for."""


def find_points(folder: Path, stem: Path) -> Path:
    """The landmark file of a picture or clip.

    Args:
      folder: of the landmark files.
      stem: path of the picture below its own folder, without ending.

    Raises:
      FileNotFoundError: there is none.
    """
    for suffix in SUFFIXES:
        # Not with_suffix: it would cut a stem that contains a dot.
        path = folder / stem.parent / f"{stem.name}{suffix}"
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{folder / stem}: expected landmarks in a file that ends in "
        f"{', '.join(SUFFIXES)}, found none"
    )


def load_points(path: Path, num_frames: int, frame_size: tuple[int, int]) -> np.ndarray:
    """Reads the points of all frames.

    Args:
      path: a landmark file.
      num_frames: frames of the clip; 1 for a picture.
      frame_size: (width, height), to which points of a ``.npz`` are scaled.

    Returns:
      float32 [num_frames, 68 or 478, 2] pixels; NaN in frames without a face.

    Raises:
      ValueError: the file has another layout, or belongs to another clip.
    """
    if path.suffix == ".npz":
        return _from_archive(path, num_frames, frame_size)
    if path.suffix == ".pkl":
        points = _stacked(path)
    else:
        points = read_array(path)
        if num_frames == 1:
            points = _of_picture(points)
    if points.ndim != 3 or points.shape[1] not in (NUM_LANDMARKS, NUM_MEDIAPIPE):
        raise ValueError(
            f"{path}: expected 68 or 478 points, found {list(points.shape)}"
        )
    if len(points) != num_frames:
        raise ValueError(
            f"{path}: expected landmarks of {num_frames} frames, found {len(points)}; "
            "frames without a face must be there too, as NaN"
        )
    return _unknown_as_nan(points)


def _of_picture(points: np.ndarray) -> np.ndarray:
    """The first face of a picture as a clip of one frame."""
    return points[None] if points.ndim == 2 else points[:1]


def _stacked(path: Path) -> np.ndarray:
    found = read_pickled_points(path)
    missing = np.full((NUM_LANDMARKS, 2), np.nan)
    points = [missing if entry is None else entry for entry in found]
    wrong = [entry.shape for entry in points if entry.shape != missing.shape]
    if wrong or not points:
        raise ValueError(f"{path}: expected [68, 2] of each frame, found {wrong[:1]}")
    return np.stack(points)


def _from_archive(
    path: Path, num_frames: int, frame_size: tuple[int, int]
) -> np.ndarray:
    contents = read_archive(path)
    points, frames = contents["points"][..., :2], contents["frames"]
    if frames.max(initial=-1) >= num_frames or frames.min(initial=0) < 0:
        raise ValueError(
            f"{path}: expected frames 0 to {num_frames - 1}, found {frames.min()} to "
            f"{frames.max()}"
        )
    stored = tuple(contents["size"].tolist())
    filled = np.full((num_frames, *points.shape[1:]), np.nan, np.float32)
    filled[frames] = rescale_landmarks(points.astype(np.float32), stored, frame_size)
    return _unknown_as_nan(filled)


def _unknown_as_nan(points: np.ndarray) -> np.ndarray:
    """Frames whose points are all zero or partly unknown have none."""
    points = points[..., :2].astype(np.float32)
    known = points.any(axis=(1, 2)) & np.isfinite(points).all(axis=(1, 2))
    points[~known] = np.nan
    return points
