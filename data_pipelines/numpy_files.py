"""Numpy's files, read by one thread at a time.

Numpy parses their headers as Python. Before CPython 3.11.8 and 3.12.2 two threads that
do so at once may get a ``SystemError`` for files in which nothing is wrong.
"""

import threading
from pathlib import Path
from typing import Literal

import numpy as np

_reading = threading.Lock()


def load_array(path: Path, mmap_mode: Literal["r"] | None = None) -> np.ndarray:
    """The array of a ``.npy`` file.

    Args:
      path: the file.
      mmap_mode: "r" leaves the numbers in the file until they are asked for.

    Raises:
      OSError, ValueError, EOFError: there is no such file, or it is another.
    """
    with _reading:
        return np.load(path, mmap_mode=mmap_mode, allow_pickle=False)


def load_archive(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a ``.npz`` file by name.

    Raises:
      OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile: there is no such
        file, or it is another.
    """
    with _reading, np.load(path, allow_pickle=False) as archive:
        return dict(archive)
