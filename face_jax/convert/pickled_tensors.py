"""What pickles say about torch tensors that were pickled without ``torch.save``.

A storage is kept as the bytes of an older ``torch.save``: pickles of a magic number,
the version, the machine, the storage's description and the list of storages; then for
each one the number of its elements as int64 and its data, all little-endian.
"""

import io
import math
from typing import Any

import numpy as np

from face_jax.convert.closed_unpickler import (
    ClosedUnpickler,
    Constructor,
    Evaluate,
    Node,
)

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001

_TYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _StorageType(Node):
    """The type of a storage's elements."""

    __slots__ = ("code",)

    def __init__(self, code: str):
        self.code = code


class PickledTensor(Node):
    """A tensor: a strided view of a storage."""

    __slots__ = ("offset", "size", "storage", "stride")

    def __init__(self, storage: Any, offset: Any, size: Any, stride: Any, *_: Any):
        self.storage, self.offset = storage, offset
        self.size, self.stride = size, stride

    def value(self, evaluate: Evaluate) -> np.ndarray:
        """The tensor as an array, in memory of its own."""
        storage = evaluate(self.storage)
        numbers = (self.offset, *self.size, *self.stride)
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError("a tensor has a negative size, stride or offset")
        if len(self.size) != len(self.stride) or not isinstance(storage, np.ndarray):
            raise ValueError("a tensor has no storage, or not one stride per axis")
        steps = zip(self.size, self.stride, strict=True)
        last = self.offset + sum(max(n - 1, 0) * stride for n, stride in steps)
        if math.prod(self.size) > len(storage) or last >= max(len(storage), 1):
            raise ValueError("a tensor reaches beyond its storage")
        strides = [stride * storage.itemsize for stride in self.stride]
        view = np.lib.stride_tricks.as_strided(
            storage[self.offset :], self.size, strides
        )
        return view.copy()


class PickledStorage(Node):
    """The bytes of an older ``torch.save`` of one storage."""

    __slots__ = ("data",)

    def __init__(self, data: bytes):
        self.data = data

    def value(self, evaluate: Evaluate) -> np.ndarray:
        """The storage's elements [N]."""
        file = io.BytesIO(self.data)
        if _read(file) != _MAGIC or _read(file) != _VERSION:
            raise ValueError("a torch storage of an unknown format")
        if not _read(file).get("little_endian", False):
            raise ValueError("a torch storage that is not little-endian")
        kind, code, key, _, count, *view = _read(file)
        if kind != "storage" or not isinstance(code, _StorageType) or any(view):
            raise ValueError("a torch storage of an unknown form")
        if _read(file) != [key]:
            raise ValueError("a torch storage with several parts")
        stored = int.from_bytes(file.read(8), "little")
        raw, data_type = file.read(), np.dtype(code.code)
        if stored != count or len(raw) != count * data_type.itemsize:
            raise ValueError(
                f"a torch storage of {count} x {data_type} holds {len(raw)} bytes"
            )
        return np.frombuffer(raw, data_type).copy()


def _read(file: io.BytesIO) -> Any:
    return ClosedUnpickler(file, _STORAGE_TYPES, persistent=tuple).load()


_STORAGE_TYPES = {f"torch.{name}": _StorageType(code) for name, code in _TYPES.items()}

CONSTRUCTORS: dict[str, Any] = {
    "torch._utils._rebuild_tensor_v2": Constructor(PickledTensor),
    "torch.storage._load_from_bytes": Constructor(PickledStorage),
}
"""What a pickle of tensors may name."""
