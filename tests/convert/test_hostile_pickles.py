"""Pickles that try to run code, to alter the reader or to read foreign memory."""

import copyreg
import functools
import importlib
import os
import pickle
import subprocess

import numpy as np
import pytest

from face_jax.convert import pickled_arrays, pickled_tensors
from face_jax.convert.closed_pickle import read_npy, read_npz, read_pickle
from tests.convert import pickle_writers as writers
from tests.convert.pickle_writers import Call


@pytest.fixture
def trap(tmp_path):
    """A shell command that leaves a file, and whether it did."""
    path = tmp_path / "sprung"
    yield f"touch {path}"
    assert not path.exists()


def write(tmp_path, contents):
    path = tmp_path / "hostile.pkl"
    path.write_bytes(contents)
    return path


def refuses(path, name):
    with pytest.raises(ValueError, match=f"refused to load {name}"):
        read_pickle(path)


@pytest.mark.parametrize("protocol", range(6))
def test_shell_commands(tmp_path, trap, protocol):
    contents = pickle.dumps(Call(os.system, trap), protocol)
    refuses(write(tmp_path, contents), rf"{os.name}\.system")


CALLS = {
    "builtins.eval": Call(eval, "1 / 0"),
    "builtins.exec": Call(exec, "1 / 0"),
    "builtins.getattr": Call(getattr, "text", "upper"),
    "builtins.print": Call(print, "x"),
    "_?io.open": Call(open, "x", "w"),
    "importlib.import_module": Call(importlib.import_module, "os"),
    "subprocess.Popen": Call(subprocess.Popen, "true"),
    "functools.partial": functools.partial(os.system),
    "copyreg.add_extension": Call(copyreg.add_extension, "os", "system", 1),
    "numpy.load": Call(np.load, "x.npy"),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_are_refused_by_name(tmp_path, name):
    for value in (CALLS[name], {"deep": [CALLS[name]]}):
        refuses(write(tmp_path, pickle.dumps(value, 4)), name)


@pytest.mark.parametrize(
    ("contents", "name"),
    [
        (b"c__builtin__\neval\n(S'1 / 0'\ntR.", "__builtin__.eval"),
        (b"(S'1 / 0'\ni__builtin__\neval\n.", "__builtin__.eval"),
        (b"(c__builtin__\neval\nS'1 / 0'\no.", "__builtin__.eval"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0elib.npyio.load\x93.", "numpy.lib.npyio.load"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0fdtype.__class__\x93.", "numpy.dtype.__class"),
        (b"ccollections\nnamedtuple\n.", "collections.namedtuple"),
        (b"ccopyreg\nadd_extension\n.", "copyreg.add_extension"),
        (b"cnumpy\nload\n.", "numpy.load"),
        (b"ctorch.storage\n_load_from_file\n.", "torch.storage._load_from_file"),
        (b"cchumpy.ch\nChLambda\n.", "chumpy.ch.ChLambda"),
    ],
)
def test_every_way_to_name_something(tmp_path, contents, name):
    refuses(write(tmp_path, contents), name)


def test_what_is_stored_elsewhere(tmp_path):
    with pytest.raises(ValueError, match="stored elsewhere"):
        read_pickle(write(tmp_path, b"S'x'\nQ."))


ALLOWED = {**pickled_arrays.CONSTRUCTORS, **pickled_tensors.CONSTRUCTORS}


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize(
    "state",
    [
        b"}S'__defaults__'\n(K\x01ts",
        b"(N}S'_function'\nc__builtin__\nset\nst",
        b"(N}S'__setstate__'\nc__builtin__\nset\nst",
        b"(N}S'value'\nc__builtin__\nset\nst",
    ],
)
def test_constructors_cannot_be_altered(tmp_path, name, state):
    entry = ALLOWED[name]
    before = dict(vars(entry)) if isinstance(entry, type) else entry._function
    module, _, short = name.rpartition(".")
    contents = f"c{module}\n{short}\n".encode() + state + b"b."
    with pytest.raises(ValueError, match=r"hostile\.pkl"):
        read_pickle(write(tmp_path, contents))
    after = dict(vars(entry)) if isinstance(entry, type) else entry._function
    assert after == before


def test_hostile_objects_inside_arrays(tmp_path, trap):
    objects = np.array([Call(os.system, trap)], object)
    np.save(tmp_path / "a.npy", objects)
    np.savez(tmp_path / "a.npz", entry=objects)
    for path, read in (("a.npy", read_npy), ("a.npz", read_npz)):
        with pytest.raises(ValueError, match="refused to load"):
            read(tmp_path / path)


def test_hostile_storages(tmp_path, monkeypatch, trap):
    hostile = pickle.dumps(Call(os.system, trap))
    tensor = writers.tensor(monkeypatch, np.zeros(1, np.float32))
    tensor.reduced[1][0].reduced = (tensor.reduced[1][0].reduced[0], (hostile,))
    refuses(write(tmp_path, pickle.dumps(tensor)), r".*system")


@pytest.mark.parametrize(
    "view",
    [
        {"offset": 5},
        {"offset": -1},
        {"size": (7,), "stride": (1,)},
        {"size": (2,), "stride": (6,)},
        {"size": (2,), "stride": (-1,)},
        {"size": (10**9,), "stride": (0,)},
        {"size": (2, 2), "stride": (1,)},
        {"size": (2.0,), "stride": (1,)},
    ],
)
def test_tensors_beyond_their_storage(tmp_path, monkeypatch, view):
    array = np.zeros(6, np.float32)
    contents = pickle.dumps(writers.tensor(monkeypatch, array, **view))
    with pytest.raises(ValueError, match="a tensor "):
        read_pickle(write(tmp_path, contents))


def array_state(data_type=b"f8", shape=b"(K\x02t", data=b"C\x00", fields=b"NNN"):
    """An array whose parts do not fit."""
    return (
        b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        b"C\x01b\x87R(K\x01" + shape + b"cnumpy\ndtype\nX"
        + len(data_type).to_bytes(4, "little") + data_type
        + b"\x89\x88\x87R(K\x03X\x01\x00\x00\x00<" + fields
        + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + data + b"tb."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"data": b"C\x0f" + bytes(15)}, "2 x float64 holds 15 bytes"),
        ({"shape": b"(J\xff\xff\xff\xfft"}, "no shape"),
        ({"shape": b"]"}, "no shape"),
        ({"data_type": b"V8"}, "'V8' is not supported"),
        ({"data_type": b"O8", "data": b"C\x10" + bytes(16)}, "of 2 objects holds"),
        ({"data_type": b"O8", "data": b"]"}, "of 2 objects holds"),
        ({"data_type": b"f8", "fields": b"N(X\x01\x00\x00\x00at}"}, "records"),
        ({"data": b"K\x07"}, "data of type int"),
    ],
)
def test_arrays_whose_parts_do_not_fit(tmp_path, parts, message):
    with pytest.raises(ValueError, match=message):
        read_pickle(write(tmp_path, array_state(**parts)))


def test_sparse_entries_outside_the_matrix(tmp_path, monkeypatch):
    for change in ({"indices": [5]}, {"indices": [-1]}, {"indptr": [0, 9]}):
        matrix = writers.csc_matrix(monkeypatch, np.array([[0.0], [1.0]]))
        changed = {key: np.array(value) for key, value in change.items()}
        matrix.__dict__.update(changed)
        with pytest.raises(ValueError, match="a sparse matrix has"):
            read_pickle(write(tmp_path, pickle.dumps(matrix)))


def test_objects_that_hold_themselves(tmp_path):
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="holds itself"):
        read_pickle(write(tmp_path, pickle.dumps(loop)))


def test_depth_and_repetition(tmp_path):
    deep = b"(" * 100_000 + b"l" * 100_000 + b"."
    with pytest.raises(ValueError, match=r"hostile\.pkl"):
        read_pickle(write(tmp_path, deep))
    doubled = []
    for _ in range(60):
        doubled = [doubled, doubled]
    found = read_pickle(write(tmp_path, pickle.dumps(doubled)))
    assert found[0] is found[1]
