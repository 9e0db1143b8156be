import collections
import pickle

import numpy as np
import pytest

from face_jax.convert.closed_pickle import read_npy, read_npz, read_pickle
from tests.convert import pickle_writers as writers


@pytest.fixture
def reread(tmp_path):
    """Writes a value as a pickle, and reads it."""

    def through(value, protocol=4, replace=(b"", b"")):
        contents = pickle.dumps(value, protocol)
        (tmp_path / "a.pkl").write_bytes(contents.replace(*replace))
        return read_pickle(tmp_path / "a.pkl")

    return through


def same(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


ARRAYS = {
    "float64": np.linspace(-1, 1, 6).reshape(2, 3),
    "uint32": np.array([[0, 2**32 - 1]], np.uint32),
    "bool": np.array([True, False]),
    "big endian": np.arange(4, dtype=">i4"),
    "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "permuted": np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
    "every other": np.arange(6)[::2],
    "no axes": np.array(3.5),
    "empty": np.zeros((0, 3), np.float16),
    "text": np.array(["é", "bc"]),
    "bytes": np.array([b"\xff", b"bc"]),
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_every_protocol(reread, name, protocol):
    same(reread(ARRAYS[name], protocol), ARRAYS[name])


@pytest.mark.parametrize("protocol", [0, 2, 3])
def test_names_of_numpy_1(reread, protocol):
    array = ARRAYS["float64"]
    same(reread(array, protocol, (b"numpy._core", b"numpy.core")), array)


def test_arrays_of_python_2(tmp_path):
    array = np.array([[1.5, -2.0], [3.25, 1e300]])
    raw = array.tobytes()
    contents = (
        b"\x80\x02}U\x06matrix"
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02K\x02\x86cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T" + len(raw).to_bytes(4, "little") + raw + b"tbs."
    )
    (tmp_path / "a.pkl").write_bytes(contents)
    same(read_pickle(tmp_path / "a.pkl")["matrix"], array)


def test_containers_and_scalars(reread):
    value = {
        "list": [1, (2.5, None), {"three"}],
        "ordered": collections.OrderedDict(a=np.float32(0.5), b=np.int64(7)),
        "text": ("é", b"\xff"),
    }
    assert reread(value) == value
    assert isinstance(reread(np.float32(0.5)), np.float32)


def test_arrays_of_objects(reread):
    objects = np.empty((2, 1), object)
    objects[0, 0], objects[1, 0] = np.arange(3), {"a": np.ones(2)}
    found = reread(objects)
    assert found.shape == (2, 1)
    same(found[0, 0], np.arange(3))
    same(found[1, 0]["a"], np.ones(2))


def test_what_is_shared_stays_shared(reread):
    array = np.ones(3)
    found = reread([array, array])
    assert found[0] is found[1]


@pytest.mark.parametrize("module", ["scipy.sparse.csc", "scipy.sparse._csc"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_sparse_matrices_become_dense(reread, monkeypatch, module, protocol):
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(5, 9)) * (rng.uniform(size=(5, 9)) < 0.3)
    dense[:, 4] = 0
    matrix = writers.csc_matrix(monkeypatch, dense, module)
    same(reread(matrix, protocol), dense)


def test_rows_of_sparse_matrices(reread, monkeypatch):
    kind = writers.stand_in(monkeypatch, "scipy.sparse._csr", "csr_matrix")
    matrix = writers.described(
        kind,
        _shape=(2, 3),
        data=np.array([1.0, 2.0]),
        indices=np.array([2, 0]),
        indptr=np.array([0, 1, 2]),
    )
    same(reread(matrix), np.array([[0, 0, 1.0], [2.0, 0, 0]]))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_variables_of_chumpy(reread, monkeypatch, protocol):
    array = np.arange(6.0).reshape(2, 3)
    same(reread(writers.chumpy_variable(monkeypatch, array), protocol), array)


def test_selections_of_chumpy(reread, monkeypatch):
    variable = writers.chumpy_variable(monkeypatch, np.arange(6.0).reshape(2, 3))
    kind = writers.stand_in(monkeypatch, "chumpy.reordering", "Select")
    idxs = np.array([0, 2, 3, 5])
    chosen = writers.described(kind, a=variable, idxs=idxs, preferred_shape=(2, 2))
    same(reread(chosen), np.array([[0, 2.0], [3, 5]]))


@pytest.mark.parametrize(
    ("name", "data_type"), [("FloatStorage", "<f4"), ("LongStorage", "<i8")]
)
def test_tensors(reread, monkeypatch, name, data_type):
    array = np.arange(6).reshape(2, 3).astype(data_type)
    same(reread(writers.tensor(monkeypatch, array, name)), array)


def test_strided_tensors(reread, monkeypatch):
    array = np.arange(6, dtype=np.float32)
    found = reread(
        writers.tensor(monkeypatch, array, "FloatStorage", 1, (2, 2), (1, 3))
    )
    same(found, np.array([[1, 4], [2, 5]], np.float32))


def test_files_of_numpy(tmp_path):
    entry = {"a": np.arange(3)}
    np.save(tmp_path / "a.npy", np.array(entry, object))
    same(read_npy(tmp_path / "a.npy")["a"], entry["a"])
    np.save(tmp_path / "b.npy", ARRAYS["columns first"])
    same(read_npy(tmp_path / "b.npy"), ARRAYS["columns first"])
    np.savez(tmp_path / "c.npz", plain=np.ones(2), kept=np.array(entry, object))
    found = read_npz(tmp_path / "c.npz")
    same(found["plain"], np.ones(2))
    same(found["kept"]["a"], entry["a"])


def test_missing_and_damaged_files(tmp_path):
    for read in (read_pickle, read_npy, read_npz):
        with pytest.raises(FileNotFoundError, match="no such file"):
            read(tmp_path / "missing")
        for contents in (b"", b"garbage", b"\x80\x04", b"\x93NUMPY", b"PK\x03\x04"):
            (tmp_path / "damaged").write_bytes(contents)
            with pytest.raises(ValueError, match="damaged: not a"):
                read(tmp_path / "damaged")
    contents = pickle.dumps(np.arange(100))
    (tmp_path / "cut.pkl").write_bytes(contents[:-40])
    with pytest.raises(ValueError, match=r"cut\.pkl"):
        read_pickle(tmp_path / "cut.pkl")


def test_sizes_beyond_all_memory_are_told(tmp_path):
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
    with open(tmp_path / "huge.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(ValueError, match=r"huge\.npy: not a readable \.npy file"):
        read_npy(tmp_path / "huge.npy")
