"""What pickles say about numpy arrays, sparse matrices and chumpy variables."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from face_jax.convert.closed_unpickler import Constructor, Evaluate, Node

_PLAIN_TYPE = re.compile(r"b1|[iu][1248]|f[248]|c(8|16)|[SU]\d+")
_OBJECT_TYPES = ("O", "O8", "O4")


class DataType(Node):
    """A numpy data type of numbers, text or objects; no records."""

    __slots__ = ("byte_order", "code")

    def __init__(self, code: str, align: bool = False, copy: bool = True):
        self.code, self.byte_order = code, "="

    def __setstate__(self, state: tuple) -> None:
        if any(part is not None for part in state[2:5]):
            raise ValueError(f"data type {self.code!r}: records are not supported")
        self.byte_order = state[1]

    def value(self, evaluate: Evaluate) -> np.dtype:
        """The data type."""
        if self.code in _OBJECT_TYPES:
            return np.dtype(object)
        if not isinstance(self.code, str) or not _PLAIN_TYPE.fullmatch(self.code):
            raise ValueError(f"data type {self.code!r} is not supported")
        if self.byte_order not in ("|", "=", "<", ">"):
            raise ValueError(f"byte order {self.byte_order!r} does not exist")
        order: Any = self.byte_order
        return np.dtype(self.code).newbyteorder(order)


class ArrayType(Node):
    """The name ``numpy.ndarray``; only handed to ``reconstruct``."""

    __slots__ = ()


class BaseType(Node):
    """The name ``object``; only handed to ``reconstruct_object``."""

    __slots__ = ()


class PickledArray(Node):
    """A numpy array: its shape, type and bytes, or its list of objects."""

    __slots__ = ("axes", "data", "data_type", "fortran", "shape")

    def __init__(self) -> None:
        self.shape, self.fortran, self.axes = (0,), False, None
        self.data_type: Any = DataType("b1")
        self.data: Any = b""

    def __setstate__(self, state: tuple) -> None:
        self.shape, self.data_type, self.fortran, self.data = state[-4:]

    def value(self, evaluate: Evaluate) -> np.ndarray:
        """The array, in memory of its own."""
        data_type, shape = evaluate(self.data_type), _checked_shape(self.shape)
        order: Any = "F" if self.fortran else "C"
        if not isinstance(data_type, np.dtype):
            raise ValueError("an array has no data type")
        if data_type.hasobject:
            flat = _objects(evaluate(self.data), math.prod(shape))
        else:
            flat = _numbers(self.data, data_type, math.prod(shape))
        array = flat.reshape(shape, order=order)
        return array if self.axes is None else array.transpose(self.axes)


class PickledScalar(Node):
    """A numpy scalar."""

    __slots__ = ("data", "data_type")

    def __init__(self, data_type: Any, data: Any):
        self.data_type, self.data = data_type, data

    def value(self, evaluate: Evaluate) -> Any:
        """The scalar."""
        data_type = evaluate(self.data_type)
        if not isinstance(data_type, np.dtype) or data_type.hasobject:
            raise ValueError("a scalar has no plain data type")
        return _numbers(self.data, data_type, 1)[0]


class _Described(Node):
    """An object described by its attributes."""

    __slots__ = ("attributes",)

    def __init__(self) -> None:
        self.attributes: Mapping[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise ValueError(f"{type(self).__name__}: its attributes are no mapping")
        self.attributes = state

    def __getitem__(self, name: str) -> Any:
        if name not in self.attributes:
            raise ValueError(f"{type(self).__name__}: has no {name!r}")
        return self.attributes[name]


class CompressedColumns(_Described):
    """A scipy matrix in CSC form; its value is dense."""

    __slots__ = ()

    def value(self, evaluate: Evaluate) -> np.ndarray:
        """The dense matrix [rows, columns]."""
        rows, columns = self._shape()
        return self._lines(columns, rows, evaluate).T

    def _shape(self) -> tuple[int, ...]:
        name = "_shape" if "_shape" in self.attributes else "shape"
        shape = _checked_shape(self[name])
        if len(shape) != 2:
            raise ValueError(f"a sparse matrix has shape {shape}")
        return shape

    def _lines(self, count: int, length: int, evaluate: Evaluate) -> np.ndarray:
        """Dense [count, length] of the compressed lines."""
        starts, places, numbers = (
            np.asarray(evaluate(self[name])) for name in ("indptr", "indices", "data")
        )
        sizes: Any = np.diff(starts.astype(np.int64))
        fits = sizes.shape == (count,) and (sizes >= 0).all() and starts[0] == 0
        if not fits or not sizes.sum() == len(places) == len(numbers):
            raise ValueError(
                "a sparse matrix has other entries than its shape asks for"
            )
        if len(places) and not 0 <= places.min() <= places.max() < length:
            raise ValueError("a sparse matrix has entries outside its shape")
        dense = np.zeros((count, length), numbers.dtype)
        np.add.at(dense, (np.repeat(np.arange(count), sizes), places), numbers)
        return dense


class CompressedRows(CompressedColumns):
    """A scipy matrix in CSR form; its value is dense."""

    __slots__ = ()

    def value(self, evaluate: Evaluate) -> np.ndarray:
        """The dense matrix [rows, columns]."""
        rows, columns = self._shape()
        return self._lines(rows, columns, evaluate)


class ChumpyVariable(_Described):
    """A variable of chumpy: the array that it keeps as ``x``."""

    __slots__ = ()

    def value(self, evaluate: Evaluate) -> np.ndarray:
        """The array."""
        return np.asarray(evaluate(self["x"]))


class ChumpySelection(_Described):
    """Entries ``idxs`` of the flattened variable ``a``."""

    __slots__ = ()

    def value(self, evaluate: Evaluate) -> np.ndarray:
        """The array, in its ``preferred_shape`` where it has one."""
        chosen = np.asarray(evaluate(self["a"])).ravel()[evaluate(self["idxs"])]
        if "preferred_shape" in self.attributes:
            return chosen.reshape(_checked_shape(self["preferred_shape"]))
        return chosen


def _checked_shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(
        type(n) is int and n >= 0 for n in shape
    ):
        raise ValueError(f"{shape!r} is no shape of an array")
    return shape


def _numbers(data: Any, data_type: np.dtype, count: int) -> np.ndarray:
    raw = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(raw, bytes | bytearray):
        raise ValueError(f"array data of type {type(raw).__name__}")
    if len(raw) != count * data_type.itemsize:
        raise ValueError(
            f"an array of {count} x {data_type} holds {len(raw)} bytes of data"
        )
    return np.frombuffer(raw, data_type, count).copy()


def _objects(entries: Any, count: int) -> np.ndarray:
    if not isinstance(entries, list) or len(entries) != count:
        raise ValueError(f"an array of {count} objects holds something else")
    flat = np.empty(count, object)
    for place, entry in enumerate(entries):
        flat[place] = entry
    return flat


def _reconstruct(array_type: Any, shape: Any, data_type: Any) -> PickledArray:
    if array_type is not ArrayType:
        raise ValueError("an array of another type than numpy.ndarray")
    return PickledArray()


def _from_buffer(
    data: Any, data_type: Any, shape: Any, order: str, axes: Any = None
) -> PickledArray:
    """An array of protocol 5; ``axes`` permutes those of its shape."""
    array = PickledArray()
    array.__setstate__((shape, data_type, order == "F", data))
    array.axes = axes
    return array


def _reconstruct_object(kind: Any, base: Any, state: Any) -> Node:
    if base is not BaseType or state is not None:
        raise ValueError("an object that is no plain object")
    if not isinstance(kind, type) or not issubclass(kind, _Described):
        raise ValueError("an object of an unknown kind")
    return kind()


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise ValueError(f"bytes kept as {encoding!r} text")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """Empty bytes, which older pickles write as a call without arguments."""
    return b""


def _below(modules: tuple[str, ...], names: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{m}.{name}": entry for m in modules for name, entry in names.items()}


CONSTRUCTORS: dict[str, Any] = {
    **_below(
        ("numpy.core.multiarray", "numpy._core.multiarray"),
        {
            "_reconstruct": Constructor(_reconstruct),
            "scalar": Constructor(PickledScalar),
        },
    ),
    **_below(
        ("numpy.core.numeric", "numpy._core.numeric"),
        {"_frombuffer": Constructor(_from_buffer)},
    ),
    "numpy.dtype": DataType,
    "numpy.ndarray": ArrayType,
    **_below(
        ("scipy.sparse.csc", "scipy.sparse._csc"),
        {"csc_matrix": CompressedColumns, "csc_array": CompressedColumns},
    ),
    **_below(
        ("scipy.sparse.csr", "scipy.sparse._csr"),
        {"csr_matrix": CompressedRows, "csr_array": CompressedRows},
    ),
    **_below(("chumpy", "chumpy.ch"), {"Ch": ChumpyVariable}),
    "chumpy.reordering.Select": ChumpySelection,
    **_below(
        ("builtins", "__builtin__"),
        {"object": BaseType, "set": set, "bytes": Constructor(_no_bytes)},
    ),
    **_below(
        ("copyreg", "copy_reg"), {"_reconstructor": Constructor(_reconstruct_object)}
    ),
    "_codecs.encode": Constructor(_encode),
    "collections.OrderedDict": dict,
}
"""What a pickle of arrays may name."""
