"""Files of PyTorch, written by it (``write_archives.py``), damaged, or hostile."""

import io
import itertools
import pickle
import struct
import zipfile

import ml_dtypes
import numpy as np
import pytest

from face_jax.convert.torch_archive import TorchArchive
from face_jax.convert.torch_types import Storage, StoredTensor
from face_jax.convert.torch_writer import write_state
from tests.convert.archive_contents import ARCHIVES, TYPES

FORMATS = (".pt", "_legacy.tar")


def contents(name, ending):
    with TorchArchive(ARCHIVES / f"{name}{ending}") as archive:
        return {k: archive.read(v) for k, v in archive.content.items()}


@pytest.mark.parametrize("ending", FORMATS)
def test_all_types_are_read(ending):
    found = contents("plain", ending)
    for number, name in enumerate(TYPES):
        start = 100 * number if name not in ("uint8", "int8") else 10 * number
        array = found.pop(f"layer.{name}")
        known = ml_dtypes.bfloat16 if name == "bfloat16" else name
        assert array.dtype == np.dtype(known)
        assert (
            array.astype(int).tolist()
            == np.arange(start, start + 6).reshape(2, 3).tolist()
        )
    assert found["steps"] == 7 and found["steps"].shape == ()
    assert found["mask"].tolist() == [True, False, True]
    assert found["empty"].shape == (0, 4)


@pytest.mark.parametrize("ending", FORMATS)
def test_views_of_one_storage(ending):
    found, whole = contents("views", ending), np.arange(24.0).reshape(4, 6)
    expected = {
        "whole": whole,
        "turned": whole.T,
        "part": whole[1:3, ::2],
        "row": whole[2],
    }
    assert list(found) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_checkpoint_tells_its_settings_and_its_network(ending):
    path = ARCHIVES / f"checkpoint{ending}"
    with TorchArchive(path) as archive:
        content = archive.content
    assert content["epoch"] == 3 and content["best"] == 0.5
    assert content["args"] == {"rate": 1e-3, "sizes": [3, 2], "device": "cpu"}
    assert content["optimizer"]["param_groups"][0]["lr"] == 1e-3
    assert isinstance(content["optimizer"]["state"][0]["exp_avg"], StoredTensor)


def test_what_we_write_is_read(tmp_path):
    random = np.random.default_rng(0)
    arrays = {
        "module.weight": random.normal(size=(3, 4, 5)).astype(np.float32),
        "module.fortran": np.asfortranarray(random.normal(size=(3, 4))),
        "module.half": np.ones(4, ml_dtypes.bfloat16),
        "module.steps": np.int64(7),
        "module.none": np.zeros((0, 3), np.float16),
    }
    write_state(tmp_path / "a.pt", {**arrays, "more": {"same": arrays}})
    with TorchArchive(tmp_path / "a.pt") as archive:
        content = archive.content
        nested = content.pop("more")["same"]
        read = [{k: archive.read(v) for k, v in c.items()} for c in (content, nested)]
    for found, (name, array) in itertools.product(read, arrays.items()):
        one = found[name]
        assert one.dtype == array.dtype and one.shape == array.shape
        assert one.tobytes() == np.asarray(array).tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]
    with pytest.raises(ValueError, match="complex128 is no type of a PyTorch tensor"):
        write_state(tmp_path / "b.pt", {"a": np.zeros(2, complex)})


def archive(path, description, data=b"\0" * 16, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("a/data.pkl", description)
        file.writestr("a/data/0", data)
    return path


def tensor(offset=0, shape=b"K\x04\x85", strides=b"K\x01\x85", count=4):
    """A pickle of one tensor."""
    storage = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpu"
    storage += b"J" + struct.pack("<i", count) + b"tQ"
    given = storage + b"J" + struct.pack("<i", offset) + shape + strides
    return b"\x80\2ctorch._utils\n_rebuild_tensor_v2\n(" + given + b"\x89}tR."


def test_a_tensor_by_hand(tmp_path):
    data = np.arange(4, dtype=np.float32).tobytes()
    with TorchArchive(archive(tmp_path / "a.pt", tensor(), data)) as found:
        assert found.content == StoredTensor(
            Storage("0", np.dtype("<f4"), 4), 0, (4,), (1,)
        )
        assert found.read(found.content).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"offset": 1}, "beyond its storage"),
        ({"offset": -1}, "negative"),
        ({"shape": b"K\x05\x85"}, "beyond its storage"),
        ({"strides": b"K\x02\x85"}, "beyond its storage"),
        ({"strides": b"K\x00K\x00\x86"}, "one stride per axis"),
        ({"shape": b"J\0\0\0\x40\x85", "strides": b"K\x00\x85"}, "beyond its storage"),
        ({"count": -4}, "without a type or a size"),
    ],
)
def test_tensors_outside_of_their_storage(tmp_path, changes, message):
    with pytest.raises(ValueError, match=rf"a\.pt: .*{message}"):
        TorchArchive(archive(tmp_path / "a.pt", tensor(**changes)))


def test_storages_of_another_size(tmp_path):
    for data in (b"\0" * 12, b"\0" * 20):
        path = archive(tmp_path / "a.pt", tensor(), data)
        with (
            TorchArchive(path) as found,
            pytest.raises(ValueError, match=f"data/0 has {len(data)} bytes"),
        ):
            found.read(found.content)


def test_compressed_archives_are_refused(tmp_path):
    path = archive(tmp_path / "a.pt", tensor(), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="is compressed"):
        TorchArchive(path)


def test_large_numbers_make_no_large_lists(tmp_path):
    # Remembers None as number two billion.
    with TorchArchive(archive(tmp_path / "a.pt", b"\x80\2Nr\0\0\0\x7f.")) as found:
        assert found.content is None


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "torch.nn.Linear"])
def test_other_names_are_refused(tmp_path, name):
    module, _, attribute = name.rpartition(".")
    description = f"c{module}\n{attribute}\n(Vtrue\ntR.".encode()
    for path in (
        archive(tmp_path / "a.pt", description),
        legacy(tmp_path / "a.tar", description),
    ):
        with pytest.raises(ValueError, match=f"refused to load {name}"):
            TorchArchive(path)


def legacy(path, description, rest=b""):
    file = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(part, file, protocol=2)
    path.write_bytes(file.getvalue() + description + rest)
    return path


def test_older_files_that_end_early(tmp_path):
    whole = (ARCHIVES / "views_legacy.tar").read_bytes()
    path = tmp_path / "a.tar"
    for length in (len(whole) - 1, len(whole) - 90, 300, 20, 0):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.tar: expected a file of torch"):
            TorchArchive(path)


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.pt: no such file"):
        TorchArchive(tmp_path / "none.pt")
    path = tmp_path / "a.pt"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ValueError, match="neither a zip archive nor"):
        TorchArchive(path)
