"""Files of arrays: complete or not there."""

import numpy as np
import pytest

from face_jax.array_files import check_name, write_arrays


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "new" / "arrays.npz"
    arrays = {"one": np.arange(6).reshape(2, 3), "two": np.float32(0.5)}
    write_arrays(path, arrays)
    with np.load(path, allow_pickle=False) as file:
        assert sorted(file.files) == ["one", "two"]
        np.testing.assert_array_equal(file["one"], arrays["one"])
    assert list(path.parent.iterdir()) == [path]


def test_nothing_half_written_replaces_a_file(tmp_path):
    path = tmp_path / "arrays.npz"
    write_arrays(path, {"one": np.ones(3)})
    with pytest.raises(ValueError, match="pickle"):
        write_arrays(path, {"one": np.array([object()])})
    assert list(tmp_path.iterdir()) == [path]
    with np.load(path) as file:
        np.testing.assert_array_equal(file["one"], 1)


def test_names_end_in_npz(tmp_path):
    assert check_name("heads/ict.npz").name == "ict.npz"
    with pytest.raises(ValueError, match=r"arrays\.txt: expected a name ending in"):
        write_arrays(tmp_path / "arrays.txt", {})
