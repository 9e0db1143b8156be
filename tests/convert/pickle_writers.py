"""Pickles of libraries that are not installed, written with stand-ins of their names."""

import io
import pickle
import sys
import types

import numpy as np


def stand_in(monkeypatch, module, name, value=None):
    """A class or function that pickles under another library's name."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        whole = ".".join(parts[:count])
        if whole not in sys.modules:
            monkeypatch.setitem(sys.modules, whole, types.ModuleType(whole))
    if hasattr(sys.modules[module], name):
        return getattr(sys.modules[module], name)
    value = value or type(name, (), {})
    value.__module__, value.__qualname__, value.__name__ = module, name, name
    monkeypatch.setattr(sys.modules[module], name, value, raising=False)
    return value


def described(kind, **attributes):
    """An instance with attributes, as its library would have left it."""
    instance = object.__new__(kind)
    instance.__dict__.update(attributes)
    return instance


def csc_matrix(monkeypatch, dense, module="scipy.sparse._csc"):
    """What scipy's ``csc_matrix`` pickles as."""
    kind = stand_in(monkeypatch, module, "csc_matrix")
    columns, rows = np.nonzero(dense.T)
    starts = np.searchsorted(columns, np.arange(dense.shape[1] + 1)).astype(np.int32)
    return described(
        kind,
        _shape=dense.shape,
        maxprint=50,
        data=dense.T[columns, rows],
        indices=rows.astype(np.int32),
        indptr=starts,
    )


def chumpy_variable(monkeypatch, array, module="chumpy.ch"):
    """What chumpy's ``Ch`` pickles as: its attributes without two caches."""
    kind = stand_in(monkeypatch, module, "Ch")
    return described(
        kind, x=np.float64(array), _dirty_vars={"x"}, _itr=None, _depends_on_deps={}
    )


def storage_bytes(array, name, count=None, order=True):
    """The older ``torch.save`` of a storage."""
    file = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": order}):
        pickle.dump(part, file, protocol=2)
    count = array.size if count is None else count
    pid = f"(S'storage'\nctorch\n{name}\nS'77'\nS'cpu'\nI{count}\nNtQ."
    file.write(pid.encode())
    pickle.dump(["77"], file, protocol=2)
    file.write(count.to_bytes(8, "little") + array.tobytes())
    return file.getvalue()


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *args):
        self.reduced = function, args

    def __reduce__(self):
        return self.reduced


def tensor(monkeypatch, array, name="FloatStorage", offset=0, size=None, stride=None):
    """What a torch tensor pickles as outside ``torch.save``."""

    def load(data):
        raise AssertionError

    def rebuild(*args):
        raise AssertionError

    load = stand_in(monkeypatch, "torch.storage", "_load_from_bytes", load)
    rebuild = stand_in(monkeypatch, "torch._utils", "_rebuild_tensor_v2", rebuild)
    size = array.shape if size is None else size
    stride = (
        tuple(s // array.itemsize for s in array.strides) if stride is None else stride
    )
    storage = Call(load, storage_bytes(array, name))
    return Call(rebuild, storage, offset, size, stride, False, {})
