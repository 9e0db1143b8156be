"""Landmark files as SMIRK's data sets have them."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from data_pipelines.landmarks.face_points import find_points, load_points
from data_pipelines.landmarks.files import save_landmarks

SIZE = (100, 80)


def points(*shape, seed=0):
    return np.random.default_rng(seed).uniform(5, 70, shape)


def test_the_mesh_of_a_picture_and_of_a_clip(tmp_path):
    mesh = points(478, 3)
    np.save(tmp_path / "a.npy", mesh)
    found = load_points(tmp_path / "a.npy", 1, SIZE)
    np.testing.assert_allclose(found, mesh[None, :, :2].astype(np.float32))
    assert found.dtype == np.float32
    meshes = points(3, 478, 3)
    meshes[1, 5] = np.nan
    np.save(tmp_path / "b.npy", meshes)
    found = load_points(tmp_path / "b.npy", 3, SIZE)
    np.testing.assert_allclose(found[[0, 2]], meshes[[0, 2], :, :2], rtol=1e-6)
    assert np.isnan(found[1]).all()


def test_the_first_face_of_a_picture(tmp_path):
    faces = points(4, 68, 2)
    np.save(tmp_path / "a.npy", faces)
    found = load_points(tmp_path / "a.npy", 1, SIZE)
    np.testing.assert_allclose(found, faces[:1], rtol=1e-6)
    np.save(tmp_path / "b.npy", faces[1])
    found = load_points(tmp_path / "b.npy", 1, SIZE)
    np.testing.assert_allclose(found, faces[1:2], rtol=1e-6)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pickled_lists_have_gaps(tmp_path, protocol, dtype):
    faces = points(4, 68, 2).astype(dtype)
    listed = [faces[0], None, faces[2], faces[3]]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(listed, protocol))
    found = load_points(tmp_path / "a.pkl", 4, SIZE)
    np.testing.assert_allclose(found[[0, 2, 3]], faces[[0, 2, 3]], rtol=1e-6)
    assert np.isnan(found[1]).all()


def test_our_own_files_are_scaled_and_have_gaps(tmp_path):
    mesh = points(2, 478, 2).astype(np.float32)
    save_landmarks(tmp_path / "a.npz", mesh, [0, 3], SIZE)
    found = load_points(tmp_path / "a.npz", 5, (200, 160))
    np.testing.assert_allclose(found[[0, 3]], (mesh + 0.5) * 2 - 0.5, rtol=1e-5)
    assert np.isnan(found[[1, 2, 4]]).all()


def test_zeros_are_no_face(tmp_path):
    faces = points(3, 68, 2)
    faces[2] = 0
    np.save(tmp_path / "a.npy", faces)
    found = load_points(tmp_path / "a.npy", 3, SIZE)
    assert np.isnan(found[2]).all() and np.isfinite(found[:2]).all()


class Harmful:
    """Would make a folder where it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 1}, "expected a list, found dict"),
        ([np.zeros((68, 2), np.int64)], "expected arrays of floating-point numbers"),
        ([np.array([None])], "expected arrays of floating-point numbers"),
        (["text"], "expected arrays, found str"),
        ([np.zeros((5, 2))], r"expected \[68, 2\] of each frame, found \[\(5, 2\)\]"),
        ([], r"expected \[68, 2\] of each frame"),
        ([np.asfortranarray(np.zeros((68, 2)))], "expected arrays by rows"),
        ([Path("x")], r"refused to load pathlib"),
    ],
)
def test_other_pickles_are_refused(tmp_path, content, message):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(content, 4))
    with pytest.raises(ValueError, match=message):
        load_points(path, 1, SIZE)


def test_a_pickle_runs_nothing(tmp_path):
    path, folder = tmp_path / "a.pkl", tmp_path / "made"
    path.write_bytes(pickle.dumps([Harmful(folder)]))
    with pytest.raises(ValueError, match=r"a\.pkl: .*refused to load .*mkdir"):
        load_points(path, 1, SIZE)
    assert not folder.exists()
    path.write_bytes(pickle.dumps([points(68, 2)])[:-20])
    with pytest.raises(ValueError, match="unreadable list of points"):
        load_points(path, 1, SIZE)


def test_files_of_other_clips_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", points(3, 478, 3))
    with pytest.raises(ValueError, match=r"expected landmarks of 4 frames, found 3"):
        load_points(tmp_path / "a.npy", 4, SIZE)
    np.save(tmp_path / "b.npy", points(3, 12, 2))
    with pytest.raises(ValueError, match=r"expected 68 or 478 points, found \[3, 12"):
        load_points(tmp_path / "b.npy", 3, SIZE)
    save_landmarks(tmp_path / "c.npz", points(1, 68, 2), [7], SIZE)
    with pytest.raises(ValueError, match="expected frames 0 to 2, found 7 to 7"):
        load_points(tmp_path / "c.npz", 3, SIZE)
    (tmp_path / "d.npy").write_bytes(b"no array")
    with pytest.raises(ValueError, match=r"d\.npy: unreadable landmark file"):
        load_points(tmp_path / "d.npy", 3, SIZE)


def test_files_are_found_by_their_stem(tmp_path):
    (tmp_path / "x").mkdir()
    for name in ("x/a.b.pkl", "x/c.npy", "x/c.npz"):
        (tmp_path / name).touch()
    assert find_points(tmp_path, Path("x/a.b")) == tmp_path / "x/a.b.pkl"
    assert find_points(tmp_path, Path("x/c")) == tmp_path / "x/c.npz"
    with pytest.raises(FileNotFoundError, match=r"\.npz, \.npy, \.pkl, found none"):
        find_points(tmp_path, Path("x/a"))
