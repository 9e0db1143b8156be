"""Reads pickled lists of points, and nothing else that a pickle may ask for.

A pickle is a program that calls what it names. Here the names of numpy's arrays lead to
classes that only keep what they are given; every other name is refused.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

_FLOATS = ("f4", "f8")


class _Text:
    """Bytes that were written as text."""

    def __init__(self, text: str = "", encoding: str = "latin1"):
        self.data = str(text).encode("latin1")

    def __setstate__(self, state: Any) -> None:
        raise ValueError("unexpected state")


class _Type:
    """A data type."""

    def __init__(self, code: str = "", *_: Any):
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple) -> None:
        self.order = state[1]


class _Points:
    """An array, and numpy's functions that make one."""

    def __init__(self, *_: Any):
        self.shape: Any = ()
        self.type: Any = None
        self.data: Any = b""

    def __setstate__(self, state: tuple) -> None:
        self.shape, self.type, in_columns, self.data = state[-4:]
        if in_columns:
            raise ValueError("expected arrays by rows")

    def array(self) -> np.ndarray:
        """The numbers, in memory of their own."""
        if not isinstance(self.type, _Type) or self.type.code not in _FLOATS:
            raise ValueError("expected arrays of floating-point numbers")
        data = self.data.data if isinstance(self.data, _Text) else self.data
        numbers = np.frombuffer(data, np.dtype(self.type.order + self.type.code))
        return numbers.reshape(self.shape).copy()


_KNOWN = {
    "numpy.core.multiarray._reconstruct": _Points,
    "numpy._core.multiarray._reconstruct": _Points,
    "numpy.ndarray": _Points,
    "numpy.dtype": _Type,
    "_codecs.encode": _Text,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name; refuses all but those of arrays."""
        if f"{module}.{name}" not in _KNOWN:
            raise pickle.UnpicklingError(f"refused to load {module}.{name}")
        return _KNOWN[f"{module}.{name}"]


def read_pickled_points(path: Path) -> list[np.ndarray | None]:
    """Reads a list of arrays of floating-point numbers.

    Args:
      path: a pickle of a list with an array, or None, for each frame of a clip.

    Returns:
      The arrays; None where the list has none.

    Raises:
      ValueError: the file holds something else.
    """
    try:
        with path.open("rb") as file:
            found = _Reader(file, encoding="latin1").load()
        if not isinstance(found, list):
            raise ValueError(f"expected a list, found {type(found).__name__}")
        return [_array(entry) for entry in found]
    except Exception as error:
        # A damaged pickle may fail in any way.
        raise ValueError(f"{path}: unreadable list of points: {error}") from error


def _array(entry: Any) -> np.ndarray | None:
    if entry is None:
        return None
    if not isinstance(entry, _Points):
        raise ValueError(f"expected arrays, found {type(entry).__name__}")
    return entry.array()
