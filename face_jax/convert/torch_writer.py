"""Writes ``state_dict`` files that PyTorch loads, without PyTorch.

The description is a pickle put together by hand, in protocol 2 as ``torch.save`` has it:
``OrderedDict``s of tensors, each a contiguous view of a storage of its own.
"""

import itertools
import os
import secrets
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from face_jax.convert.torch_types import STORAGE_TYPES

_ROOT = "archive"
_CLASSES = {dtype: name for name, dtype in STORAGE_TYPES.items()}
_VERSION = b"3\n"


def write_state(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Writes a file for ``torch.load``, with ``weights_only`` too.

    Args:
      path: the file; it appears whole or not at all.
      arrays: by name, of the types of ``STORAGE_TYPES``; or mappings of them.

    Raises:
      FileNotFoundError: its folder does not exist.
      ValueError: PyTorch has no tensors of an array's type.
    """
    path = Path(path)
    stored = list(_leaves(arrays))
    for name, array in stored:
        if _native(array) not in _CLASSES:
            raise ValueError(f"{name}: {array.dtype} is no type of a PyTorch tensor")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with zipfile.ZipFile(partial, "x", zipfile.ZIP_STORED) as archive:
            description = b"".join(_dictionary(arrays, itertools.count()))
            archive.writestr(f"{_ROOT}/data.pkl", b"\x80\x02" + description + b".")
            archive.writestr(f"{_ROOT}/byteorder", b"little")
            for number, (_, array) in enumerate(stored):
                raw = array.astype(_native(array)).tobytes()
                archive.writestr(f"{_ROOT}/data/{number}", raw)
            archive.writestr(f"{_ROOT}/version", _VERSION)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _native(array: np.ndarray) -> np.dtype:
    """The type as it is written, little-endian."""
    return array.dtype.newbyteorder("<")


def _leaves(arrays: Mapping[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of nested mappings by their own names, in the order of the storages."""
    for name, value in arrays.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield name, np.asarray(value)


def _dictionary(arrays: Mapping[str, Any], numbers: Iterator[int]) -> Iterator[bytes]:
    yield _ORDERED_DICT + b"("
    for name, value in arrays.items():
        yield _text(name)
        if isinstance(value, Mapping):
            yield from _dictionary(value, numbers)
        else:
            yield _tensor(str(next(numbers)), np.asarray(value))
    yield b"u"


def _tensor(key: str, array: np.ndarray) -> bytes:
    """A call of ``_rebuild_tensor_v2``."""
    storage_class = _global("torch", _CLASSES[_native(array)])
    storage = _text("storage"), storage_class, _text(key), _text("cpu")
    strides = np.cumprod((1, *array.shape[:0:-1]))[::-1][: array.ndim]
    arguments = (
        _tuple(*storage, _integer(array.size)) + b"Q",
        _integer(0),
        _tuple(*map(_integer, array.shape)),
        _tuple(*map(_integer, strides.tolist())),
        b"\x89",
        _ORDERED_DICT,
    )
    rebuild = _global("torch._utils", "_rebuild_tensor_v2")
    return rebuild + _tuple(*arguments) + b"R"


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(value: str) -> bytes:
    encoded = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _tuple(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def _integer(value: int) -> bytes:
    if value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


_ORDERED_DICT = _global("collections", "OrderedDict") + b")R"
