"""Files of weights are looked at without reading them."""

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from face_jax.convert.engine import entry_of
from face_jax.convert.torch_archive import TorchArchive
from face_jax.convert.weight_files import open_weights, tensors_of
from tests.convert.archive_contents import ARCHIVES

ARRAYS = {
    "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a.steps": np.array(7, np.int64),
    "b": np.ones(4, np.float16),
}


def npz(path):
    np.savez(path, **ARRAYS)


def safetensors(path):
    save_file(ARRAYS, path)


@pytest.mark.parametrize(
    ("ending", "write"), [("npz", npz), ("safetensors", safetensors)]
)
def test_arrays_have_shapes_and_are_read_when_asked_for(tmp_path, ending, write):
    path = tmp_path / f"a.{ending}"
    write(path)
    with open_weights(path) as weights:
        assert {n: a.shape for n, a in weights.items()} == {
            n: a.shape for n, a in ARRAYS.items()
        }
        for name, array in ARRAYS.items():
            found = np.asarray(weights[name])
            assert found.dtype == array.dtype
            np.testing.assert_array_equal(found, array)


def test_safetensors_may_be_bfloat16(tmp_path):
    save_file({"a": np.ones(3, ml_dtypes.bfloat16)}, tmp_path / "a.safetensors")
    with open_weights(tmp_path / "a.safetensors") as weights:
        assert np.asarray(weights["a"], np.float32).tolist() == [1, 1, 1]


@pytest.mark.parametrize("ending", [".pt", "_legacy.tar"])
def test_pytorchs_optimizers_are_left_out(ending, monkeypatch):
    read = []
    original = TorchArchive.read
    monkeypatch.setattr(
        TorchArchive, "read", lambda s, t: (read.append(t), original(s, t))[1]
    )
    with open_weights(ARCHIVES / f"checkpoint{ending}") as weights:
        assert list(weights)[:3] == ["model.0.weight", "model.0.bias", "model.1.weight"]
        assert len(weights) == 7 and not read
        assert np.asarray(weights["model.1.bias"]).tolist() == [300, 301]
        assert len(read) == 1


def test_names_of_nested_dictionaries_are_joined():
    with TorchArchive(ARCHIVES / "plain.pt") as archive:
        tensor = archive.content["steps"]
    content = {
        "epoch": 3,
        "module.first": tensor,
        "state_dict": {"module.a": tensor, "module.b": {"c": tensor}},
        "optimizer": {"state": {"a": tensor}, "param_groups": []},
    }
    assert list(tensors_of(content)) == [
        "module.first",
        "state_dict.a",
        "state_dict.b.c",
    ]
    assert tensors_of([tensor]) == {}


def test_an_entry_is_found_by_the_names_in_it():
    table = dict.fromkeys(["a.weight", "a.bias"])
    one = {"a.weight": 1, "a.bias": 2}
    assert entry_of(one, table) == one
    wrapped = {"model.a.weight": 1, "model.a.bias": 2, "other.a.weight": 3, "epoch": 4}
    assert entry_of(wrapped, table) == one
    assert entry_of({"x.y": 1}, table) == {"x.y": 1}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.safetensors", b"nothing of the kind", "expected safetensors: "),
        ("a.npz", b"PK\x05\x06" + bytes(18), "expected arrays by name, there are none"),
        ("a.pt", b"nothing of the kind", "expected a file of torch.save"),
        ("none.pt", None, "no such file of weights"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    expected = pytest.raises((ValueError, OSError), match=f"{name}: {message}")
    with expected, open_weights(path):
        pass
