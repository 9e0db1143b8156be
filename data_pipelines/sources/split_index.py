"""A small table of a split, so that millions of frames are found without reading them.

``index/SPLIT.npz`` in the folder of a data set: for each picture or clip its file, person,
expression, number and size of frames, and the row of the first one among the frames.
``index/SPLIT_landmarks.npy`` has the 68 landmarks of all frames, which clips are chosen by.
"""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.landmarks.schemas import NUM_LANDMARKS, mediapipe_to_68
from data_pipelines.numpy_files import load_archive

FRAMES, VERSION = "frames", "1.0.0"
"""Name of the TFDS data set of all frames, and of the layout of its records."""

_NUMBERS = ("identity", "label", "first_frame", "num_frames", "width", "height")


@dataclasses.dataclass(frozen=True)
class SplitIndex:
    """Pictures and clips of a split, in the order of their frames.

    Attributes:
      files: paths below the root of the owners' data set.
      people: names of the persons by number, of all splits.
      identity: int64 [N], numbers of the persons.
      label: int64 [N], numbers of the expressions, or -1.
      first_frame: int64 [N], rows of the first frames.
      num_frames: int64 [N]; 1 of a picture.
      width: int64 [N] pixels of the stored frames.
      height: int64 [N].
    """

    files: tuple[str, ...]
    people: tuple[str, ...]
    identity: np.ndarray
    label: np.ndarray
    first_frame: np.ndarray
    num_frames: np.ndarray
    width: np.ndarray
    height: np.ndarray


def index_path(folder: Path, split: str) -> Path:
    """The file of a split's index."""
    return folder / "index" / f"{split}.npz"


def landmarks_path(folder: Path, split: str) -> Path:
    """The file of a split's landmarks."""
    return folder / "index" / f"{split}_landmarks.npy"


def landmarks_68_of(record: Mapping[str, Any]) -> np.ndarray:
    """68 points of a frame's record, float32 [68, 2]; NaN where they are not known.

    Where only MediaPipe's mesh is, its nearest vertices are taken.
    """
    points = np.asarray(record["landmarks_68"], np.float32)
    if np.isfinite(points).all() or "landmarks_478" not in record:
        return points
    return mediapipe_to_68(np.asarray(record["landmarks_478"], np.float32))


def write_tracks(path: Path, parts: Iterable[np.ndarray], count: int) -> None:
    """Writes the landmarks of ``count`` frames, part by part; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    shape = (count, NUM_LANDMARKS, 2)
    whole = np.lib.format.open_memmap(partial, "w+", np.float32, shape)
    begin = 0
    for part in parts:
        whole[begin : begin + len(part)] = part
        begin += len(part)
    whole.flush()
    os.replace(partial, path)


def write_index(
    path: Path, files: Sequence[str], people: Sequence[str], rows: np.ndarray
) -> None:
    """Writes an index, which appears whole or not at all.

    Args:
      path: of the file.
      files: N paths.
      people: names of all persons.
      rows: int64 [N, 6], in the order of ``SplitIndex``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    columns: dict[str, Any] = dict(
        zip(_NUMBERS, rows.reshape(-1, len(_NUMBERS)).T, strict=True)
    )
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.savez(
            file, files=np.array(files, str), people=np.array(people, str), **columns
        )
    os.replace(partial, path)


def read_index(folder: Path, split: str) -> SplitIndex:
    """Reads the index of a split.

    Raises:
      FileNotFoundError: the folder holds no prepared data set.
      ValueError: it has no such split.
    """
    path = index_path(folder, split)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{folder}: expected a data set that `face-jax prepare` wrote, found none"
        )
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.npz")))
        raise ValueError(f"{folder}: expected one of the splits {known}, got {split!r}")
    stored = load_archive(path)
    numbers = {name: stored[name] for name in _NUMBERS}
    files, people = (tuple(stored[name].tolist()) for name in ("files", "people"))
    return SplitIndex(files=files, people=people, **numbers)
