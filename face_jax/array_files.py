"""Files of named arrays that are either complete or not there."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def check_name(path: str | os.PathLike[str]) -> Path:
    """The path of a file of arrays to write.

    Raises:
      ValueError: it does not end in ``.npz``.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"{path}: expected a name ending in .npz")
    return path


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Writes arrays; the file appears under its name when it is complete.

    Args:
      path: where they go; ends in ``.npz``. Missing folders are made.
      arrays: by name.

    Raises:
      ValueError: the name has another ending.
    """
    path = check_name(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.partial.npz")
    try:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
