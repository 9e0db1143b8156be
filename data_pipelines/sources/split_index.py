"""A small table of a split, so that millions of frames are found without reading them.

``index/SPLIT.npz`` in the folder of a data set: for each picture or clip its file, person,
expression, number and size of frames, and the row of the first one among the frames.
"""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

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
    with np.load(path, allow_pickle=False) as stored:
        numbers = {name: stored[name] for name in _NUMBERS}
        files, people = (tuple(stored[name].tolist()) for name in ("files", "people"))
    return SplitIndex(files=files, people=people, **numbers)
