"""Numpy's files, read by several threads at a time."""

import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from data_pipelines.numpy_files import load_archive, load_array


@pytest.fixture
def readers(monkeypatch):
    """How many threads were inside ``np.load`` whenever one entered it."""
    inside, seen = set(), []
    load = np.load

    def watched(*arguments, **keywords):
        inside.add(threading.get_ident())
        seen.append(len(inside))
        time.sleep(0.001)
        try:
            return load(*arguments, **keywords)
        finally:
            inside.remove(threading.get_ident())

    monkeypatch.setattr(np, "load", watched)
    return seen


def test_one_thread_reads_at_a_time(tmp_path, readers):
    np.savez(tmp_path / "one.npz", a=np.arange(3))
    np.save(tmp_path / "one.npy", np.arange(3))

    def read(_):
        assert load_archive(tmp_path / "one.npz").keys() == {"a"}
        assert load_array(tmp_path / "one.npy").shape == (3,)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(40)))
    assert readers == [1] * 80


def test_a_map_leaves_the_numbers_in_the_file(tmp_path):
    np.save(tmp_path / "one.npy", np.arange(3))
    found = load_array(tmp_path / "one.npy", mmap_mode="r")
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, [0, 1, 2])


def test_objects_are_refused(tmp_path):
    np.save(tmp_path / "one.npy", np.array([{}]), allow_pickle=True)
    np.savez(tmp_path / "one.npz", thing=np.array([{}]))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_array(tmp_path / "one.npy")
    with pytest.raises(ValueError, match="allow_pickle"):
        load_archive(tmp_path / "one.npz")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(zipfile.BadZipFile):
        load_archive(tmp_path / "text")
