"""What the pickle inside a PyTorch file says about tensors, none of which it holds.

Tensors are described by the storage they are a view of; storages lie elsewhere in the
file. Optimizer states, hyperparameters and random states are read as far as they are
plain data.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import ml_dtypes
import numpy as np

from face_jax.convert import pickled_arrays
from face_jax.convert.closed_unpickler import Constructor, Evaluate, Fixed, Node

STORAGE_TYPES: dict[str, np.dtype] = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype(ml_dtypes.bfloat16),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}
"""Type of the elements of a storage by the name of its class."""

ELEMENT_TYPES: dict[str, np.dtype] = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "int16": np.dtype("<i2"),
    "int8": np.dtype("i1"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
}
"""Type of the elements of a tensor by the name of its ``torch.dtype``."""


@dataclasses.dataclass(frozen=True)
class Storage:
    """Numbers in a row, somewhere in a file.

    Attributes:
      key: its name there.
      dtype: of its elements.
      count: how many they are.
    """

    key: str
    dtype: np.dtype
    count: int


@dataclasses.dataclass(frozen=True)
class StoredTensor:
    """A tensor that has not been read: a strided view of a storage.

    Attributes:
      storage: that it is a view of.
      offset: of its first element.
      shape: of the tensor.
      strides: elements from one to the next along each axis.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype:
        """Type of its elements."""
        return self.storage.dtype

    def view(self, elements: np.ndarray) -> np.ndarray:
        """The tensor among the elements of its storage, in memory of its own."""
        strides = [stride * elements.itemsize for stride in self.strides]
        inside = elements[self.offset :]
        return np.lib.stride_tricks.as_strided(inside, self.shape, strides).copy()


class ElementType(Node):
    """A ``torch.dtype``, or the type of a storage's elements; None where it is open."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: np.dtype | None):
        self.dtype = dtype

    def value(self, evaluate: Evaluate) -> str:
        """Its name; types by themselves are settings that nobody reads."""
        return str(self.dtype)


class StorageNode(Node):
    """A storage as a pickle refers to it."""

    __slots__ = ("code", "count", "key", "kind")

    def __init__(self, kind: Any, key: Any, count: Any):
        if not isinstance(kind, ElementType) or type(count) is not int or count < 0:
            raise ValueError("a storage without a type or a size")
        self.kind, self.key, self.count = kind, str(key), count

    def of(self, dtype: np.dtype | None) -> Storage:
        """The storage with elements of its own type, or of this one if that is open."""
        own = self.kind.dtype
        if own is not None:
            return Storage(self.key, own, self.count)
        if dtype is None or self.count % dtype.itemsize:
            raise ValueError("a storage of bytes that are no numbers of a known type")
        return Storage(self.key, dtype, self.count // dtype.itemsize)

    def value(self, evaluate: Evaluate) -> Storage:
        """The storage itself."""
        return self.of(None)


class TensorNode(Node):
    """A tensor as a pickle describes it."""

    __slots__ = ("dtype", "offset", "shape", "storage", "strides")

    def __init__(
        self, storage: Any, offset: Any, shape: Any, strides: Any, dtype: Any = None
    ):
        self.storage, self.offset, self.dtype = storage, offset, dtype
        self.shape, self.strides = shape, strides

    def value(self, evaluate: Evaluate) -> StoredTensor:
        """The tensor's description, inside of its storage."""
        shape, strides = _sizes(self.shape), _sizes(self.strides)
        if not isinstance(self.storage, StorageNode) or len(shape) != len(strides):
            raise ValueError("a tensor has no storage, or not one stride per axis")
        (offset,) = _sizes((self.offset,))
        dtype = self.dtype.dtype if isinstance(self.dtype, ElementType) else None
        storage = self.storage.of(dtype)
        steps = zip(shape, strides, strict=True)
        last = offset + sum((n - 1) * stride for n, stride in steps)
        size: int = math.prod(list(shape))
        # Axes of stride 0 would make much of few numbers.
        if size > storage.count or (size and last >= storage.count):
            raise ValueError("a tensor reaches beyond its storage")
        return StoredTensor(storage, offset, shape, strides)


class Settings(Node):
    """An object that only carries values, such as ``argparse.Namespace``."""

    __slots__ = ("state",)

    def __init__(self, *_: Any):
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def value(self, evaluate: Evaluate) -> Any:
        """The values by name."""
        return evaluate(self.state)


class OrderedNames(dict, metaclass=Fixed):
    """An ordered dictionary; what else is kept with it (``_metadata``) is dropped."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        del state

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise TypeError("dictionaries have no attributes")


def _sizes(values: Any) -> tuple[int, ...]:
    values = tuple(values)
    if not all(type(value) is int and value >= 0 for value in values):
        raise ValueError("a tensor has a negative size, stride or offset")
    return values


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorNode:
    return TensorNode(storage, offset, shape, strides)


def _tensor_of_type(
    storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any
) -> TensorNode:
    return TensorNode(storage, offset, shape, strides, rest[2])


def _first(value: Any, *_: Any) -> Any:
    return value


def _named(prefix: str, types: Mapping[str, np.dtype]) -> dict[str, Any]:
    return {f"{prefix}.{name}": ElementType(dtype) for name, dtype in types.items()}


CONSTRUCTORS: dict[str, Any] = {
    **pickled_arrays.CONSTRUCTORS,
    **_named("torch", STORAGE_TYPES),
    **_named("torch", ELEMENT_TYPES),
    "torch.storage.UntypedStorage": ElementType(None),
    "torch.storage._UntypedStorage": ElementType(None),
    "torch._utils._rebuild_tensor": Constructor(_tensor),
    "torch._utils._rebuild_tensor_v2": Constructor(_tensor),
    "torch._utils._rebuild_tensor_v3": Constructor(_tensor_of_type),
    "torch._utils._rebuild_parameter": Constructor(_first),
    "torch._utils._rebuild_parameter_with_state": Constructor(_first),
    "torch.Size": Constructor(tuple),
    "torch.device": Constructor(_first),
    "argparse.Namespace": Settings,
    "collections.OrderedDict": OrderedNames,
    "collections.defaultdict": Constructor(lambda *_: {}),
}
"""What the pickle of a PyTorch file may name."""
