"""Pictures with their latents in a folder of arrays, read without loading them.

The files are ``images.npy``, ``tokens.npy``, ``relevance.npy``, ``labels.npy``,
``occluders.npy`` and ``identities.npy``, whose first axes are the pictures, and
``latents.json``, which names what hides the faces.
"""

import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.numpy_files import load_array
from data_pipelines.sources.records import PathLike
from data_pipelines.sources.selection import select_rows

_TYPES = {
    "images": (np.uint8, "N, S, S, 3"),
    "tokens": (np.float16, "N, 1 + g * g, D"),
    "relevance": (np.float32, "N, g, g"),
    "labels": (np.int32, "N"),
    "occluders": (np.int32, "N"),
    "identities": (np.int32, "N"),
}
"""Type and axes of each array."""
_ONE = {
    "images": "image",
    "tokens": "tokens",
    "relevance": "relevance",
    "labels": "label",
    "occluders": "occluder",
    "identities": "identity",
}
"""What one row of each array is called."""
_NAMES = "latents.json"


class LatentFiles:
    """Pictures, their tokens, and how much each patch matters, in a fixed order.

    Attributes:
      path: the folder.
      occluder_names: names of what hides faces, in the order of their numbers.
      labels: int32 [len(self)], numbers of the expressions of all rows.
      size: pixels ``S`` of the pictures along each side.
      grid: patches ``g`` along each side.
      width: numbers ``D`` of a token.
    """

    def __init__(
        self,
        path: PathLike,
        kinds: Sequence[str] | None = None,
        identities: Sequence[int] | None = None,
    ):
        """Opens the files; rows are read when they are asked for.

        Args:
          path: folder that ``write_latents`` wrote.
          kinds: names in ``occluder_names``; only pictures with one of these are part
            of the collection. None takes all.
          identities: numbers of the persons who are part of it; None takes all.

        Raises:
          FileNotFoundError: a file is not there.
          ValueError: a file is damaged or does not fit the others, a kind or person is
            unknown, or no picture is left.
        """
        self.path = Path(path)
        self.occluder_names = _read_names(self.path / _NAMES)
        self._arrays = _open(self.path)
        _check(self.path, self._arrays, self.occluder_names)
        occluders = np.array(self._arrays["occluders"])
        rows = select_rows(str(self.path), occluders, self.occluder_names, kinds)
        shown = np.array(self._arrays["identities"])
        self._rows = _of_people(self.path, rows, shown, identities)
        self.labels = np.array(self._arrays["labels"])[self._rows]
        self.size = self._arrays["images"].shape[1]
        self.grid = self._arrays["relevance"].shape[1]
        self.width = self._arrays["tokens"].shape[2]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> dict[str, np.ndarray]:
        """One picture, as copies in memory.

        Returns:
          ``image`` uint8 [S, S, 3]; ``tokens`` float16 [1 + g * g, D]; ``relevance``
          float32 [g, g]; ``label``, ``occluder`` and ``identity`` int32.

        Raises:
          IndexError: there is no such row.
        """
        if not 0 <= row < len(self):
            raise IndexError(
                f"{self.path}: expected a row below {len(self)}, got {row}"
            )
        stored = self._rows[row]
        return {_ONE[name]: np.array(a[stored]) for name, a in self._arrays.items()}

    def __getstate__(self) -> dict[str, Any]:
        # Open files stay behind: a copy in another process opens its own.
        return {k: value for k, value in self.__dict__.items() if k != "_arrays"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._arrays = _open(self.path)


def write_latents(
    path: PathLike, arrays: Mapping[str, np.ndarray], kinds: Sequence[str]
) -> None:
    """Writes a folder for ``LatentFiles`` that appears whole or not at all.

    Args:
      path: the folder; those above it are made where they are missing.
      arrays: ``images`` uint8 [N, S, S, 3]; ``tokens`` float16 [N, 1 + g * g, D], the
        class token first, then the patches row by row; ``relevance`` float32 [N, g, g];
        ``labels``, ``occluders`` and ``identities`` int32 [N].
      kinds: names of what hides the faces, in the order of the numbers in
        ``occluders``.

    Raises:
      FileExistsError: there is something of that name.
      ValueError: an array is missing, or does not fit the others.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path}: expected a new folder, it is there already")
    if set(arrays) != set(_TYPES):
        raise ValueError(
            f"{path}: expected the arrays {', '.join(_TYPES)}, got {', '.join(arrays)}"
        )
    _check(path, arrays, kinds)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        temporary.mkdir()
        for name, array in arrays.items():
            np.save(_file(temporary, name), array)
        text = json.dumps({"kinds": list(kinds)}, indent=1) + "\n"
        (temporary / _NAMES).write_text(text, encoding="utf-8")
        os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _of_people(
    path: Path, rows: np.ndarray, shown: np.ndarray, identities: Sequence[int] | None
) -> np.ndarray:
    """Those of the rows that show one of these persons."""
    if identities is None:
        return rows
    if unknown := sorted(set(identities) - set(shown.tolist())):
        raise ValueError(
            f"{path}: identities: expected numbers in {_file(path, 'identities').name}, "
            f"got {unknown[0]}"
        )
    left = rows[np.isin(shown[rows], identities)]
    if not len(left):
        raise ValueError(f"{path}: none of {len(rows)} pictures shows {identities}")
    return left


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"


def _open(folder: Path) -> dict[str, np.ndarray]:
    """The arrays by name, mapped from their files."""
    return {name: _map(_file(folder, name)) for name in _TYPES}


def _map(file: Path) -> np.ndarray:
    _require(file)
    try:
        return load_array(file, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{file}: expected an array of numpy, {error}") from error


def _read_names(file: Path) -> tuple[str, ...]:
    _require(file)
    try:
        kinds = json.loads(file.read_text(encoding="utf-8"))["kinds"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{file}: expected {{"kinds": [names]}}, got {error!r}'
        ) from error
    if not isinstance(kinds, list) or not all(isinstance(k, str) for k in kinds):
        raise ValueError(f'{file}: expected {{"kinds": [names]}}, got {kinds!r}')
    return tuple(kinds)


def _require(file: Path) -> None:
    if not file.is_file():
        needed = ", ".join([*(f"{name}.npy" for name in _TYPES), _NAMES])
        raise FileNotFoundError(
            f"{file}: no such file; a folder of latents has {needed}"
        )


def _check(
    folder: Path, arrays: Mapping[str, np.ndarray], kinds: Sequence[str]
) -> None:
    """Refuses arrays that do not fit together, by the names of their files."""
    for name, (dtype, axes) in _TYPES.items():
        array = arrays[name]
        if array.dtype != dtype or array.ndim != len(axes.split(", ")):
            raise ValueError(
                f"{_file(folder, name)}: expected {np.dtype(dtype)} [{axes}], "
                f"got {array.dtype} {list(array.shape)}"
            )
    count, grid = len(arrays["labels"]), arrays["relevance"].shape[1]
    for name, array in arrays.items():
        expected = (count, *_shape_of_one(name, array.shape[1:], grid))
        if not count or array.shape != expected:
            raise ValueError(
                f"{_file(folder, name)}: expected {list(expected)}, at least one row "
                f"and as many as in labels.npy, got {list(array.shape)}"
            )
    _check_kinds(folder, arrays["occluders"], kinds)


def _shape_of_one(name: str, found: tuple[int, ...], grid: int) -> tuple[int, ...]:
    """What the shape of one row must be: square pictures, and tokens of the grid."""
    if name == "images":
        return found[0], found[0], 3
    if name == "tokens":
        return 1 + grid**2, found[1]
    return (grid, grid) if name == "relevance" else ()


def _check_kinds(folder: Path, occluders: np.ndarray, kinds: Sequence[str]) -> None:
    low, high = int(occluders.min()), int(occluders.max())
    if low < 0 or high >= len(kinds):
        raise ValueError(
            f"{_file(folder, 'occluders')}: expected numbers of the {len(kinds)} kinds "
            f"in {_NAMES}, got {low} to {high}"
        )
