"""Files with pickled arrays, read without running anything that they contain.

They may hold containers, numbers, text, numpy arrays and scalars (as numpy 1 and 2
name them), scipy's CSC and CSR matrices, chumpy variables and torch tensors, none of
which need be installed. A file that names anything else is refused by that name.
"""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from face_jax.convert import pickled_arrays, pickled_tensors
from face_jax.convert.closed_unpickler import ClosedUnpickler, evaluate

_CONSTRUCTORS = pickled_arrays.CONSTRUCTORS | pickled_tensors.CONSTRUCTORS


def read_pickle(path: str | os.PathLike[str]) -> Any:
    """Reads a pickle of Python 2 or 3.

    Args:
      path: the file.

    Returns:
      Its value: built-in containers, numbers, text and numpy arrays. Sparse matrices
      are dense, chumpy variables and tensors are arrays.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is damaged or names something that is not allowed.
    """
    return _unpickle(_contents(path), str(path))


def read_npy(path: str | os.PathLike[str]) -> Any:
    """Reads an ``.npy`` file of numbers or of pickled objects.

    Returns:
      The array; of an array without axes that holds an object, the object.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: as ``read_pickle``.
    """
    return _array(_contents(path), str(path))


def read_npz(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Reads an ``.npz`` file whose entries may be pickled objects.

    Returns:
      The entries by name, each as ``read_npy`` gives it.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: as ``read_pickle``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(_contents(path))) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{path}: not a readable .npz file ({error})") from error
    return {
        name.removesuffix(".npy"): _array(contents, f"{path}: {name}")
        for name, contents in entries.items()
    }


def _contents(path: str | os.PathLike[str]) -> bytes:
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return Path(path).read_bytes()


def _unpickle(contents: bytes, where: str) -> Any:
    try:
        return evaluate(ClosedUnpickler(io.BytesIO(contents), _CONSTRUCTORS).load())
    # A damaged or hostile program fails in more ways than can be listed.
    except Exception as error:
        raise ValueError(f"{where}: not a pickle that can be read: {error}") from error


def _array(contents: bytes, where: str) -> Any:
    file = io.BytesIO(contents)
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            _, _, data_type = np.lib.format.read_array_header_1_0(file)
        else:
            _, _, data_type = np.lib.format.read_array_header_2_0(file)
        if not data_type.hasobject:
            return np.lib.format.read_array(io.BytesIO(contents), allow_pickle=False)
    # Of a damaged header the size may be more than there is memory.
    except (ValueError, EOFError, MemoryError) as error:
        raise ValueError(f"{where}: not a readable .npy file ({error})") from error
    array = _unpickle(file.read(), where)
    return array.item() if isinstance(array, np.ndarray) and not array.ndim else array
