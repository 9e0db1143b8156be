"""Folders of latents: written whole, read row by row."""

import pickle

import numpy as np
import pytest

from data_pipelines.sources.latents import LatentFiles, write_latents
from tests.data_pipelines.sources.small_latents import (
    GRID,
    KINDS,
    SIZE,
    WIDTH,
    small_latents,
)


@pytest.fixture
def folder(tmp_path):
    write_latents(tmp_path / "new" / "latents", small_latents(), KINDS)
    return tmp_path / "new" / "latents"


def test_rows_are_what_was_written(folder):
    source, arrays = LatentFiles(folder), small_latents()
    assert (source.size, source.grid, source.width) == (SIZE, GRID, WIDTH)
    assert source.occluder_names == KINDS and len(source) == 6
    assert source.labels.tolist() == arrays["labels"].tolist()
    row = source[4]
    for name, stored in (
        ("image", "images"),
        ("tokens", "tokens"),
        ("relevance", "relevance"),
        ("label", "labels"),
        ("occluder", "occluders"),
        ("identity", "identities"),
    ):
        np.testing.assert_array_equal(row.pop(name), arrays[stored][4])
    assert not row
    with pytest.raises(IndexError, match="expected a row below 6, got 6"):
        source[6]


def test_kinds_leave_the_others_out_in_copies_too(folder):
    source = LatentFiles(folder, kinds=["mask", "none"])
    copy = pickle.loads(pickle.dumps(source))
    for one in (source, copy):
        assert [int(one[row]["identity"]) for row in range(4)] == [10, 12, 13, 15]
        assert one.labels.tolist() == [-1, 0, 0, 1] and len(one) == 4


def test_people_leave_the_others_out(folder):
    source = LatentFiles(folder, identities=[11, 15])
    assert [int(source[row]["identity"]) for row in range(2)] == [11, 15]
    assert source.labels.tolist() == small_latents()["labels"][[1, 5]].tolist()
    with pytest.raises(ValueError, match=r"numbers in identities.npy, got 99"):
        LatentFiles(folder, identities=[11, 99])
    with pytest.raises(ValueError, match=r"none of \d pictures shows \[11\]"):
        LatentFiles(folder, kinds=["none"], identities=[11])


def test_copies_leave_the_arrays_behind(tmp_path):
    many = {name: np.repeat(a, 100, axis=0) for name, a in small_latents().items()}
    write_latents(tmp_path / "many", many, KINDS)
    source = LatentFiles(tmp_path / "many")
    assert len(pickle.dumps(source)) < many["images"].nbytes / 5


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path, monkeypatch):
    target = tmp_path / "latents"
    write_latents(target, small_latents(), KINDS)
    with pytest.raises(FileExistsError, match="latents: expected a new folder"):
        write_latents(target, small_latents(), KINDS)
    monkeypatch.setattr(np, "save", None)
    with pytest.raises(TypeError):
        write_latents(tmp_path / "other", small_latents(), KINDS)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("images", lambda a: a[:, :4], r"images\.npy: expected \[6, 4, 4, 3\]"),
        ("images", lambda a: a / 255, r"images\.npy: expected uint8 \[N, S, S, 3\]"),
        ("tokens", lambda a: a[:, 1:], r"tokens\.npy: expected \[6, 5, 3\].*6, 4, 3"),
        ("tokens", lambda a: a[:5], r"tokens\.npy: .*as many as in labels\.npy"),
        ("relevance", lambda a: a[0, 0, 0], r"relevance\.npy: expected float32 \[N, g"),
        ("relevance", lambda a: a[:, :1], r"tokens\.npy: expected \[6, 2, 3\]"),
        ("labels", lambda a: a[:0], r"images\.npy: expected \[0, 8, 8, 3\]"),
        ("occluders", lambda a: a + 1, r"occluders\.npy: expected .* 3 kinds"),
        ("identities", lambda a: a[:2], r"identities\.npy: expected \[6\]"),
    ],
)
def test_arrays_that_do_not_fit(folder, tmp_path, name, change, message):
    arrays = small_latents()
    arrays[name] = np.asarray(change(arrays[name]))
    with pytest.raises(ValueError, match=message):
        write_latents(tmp_path / "refused", arrays, KINDS)
    assert not (tmp_path / "refused").exists()
    np.save(folder / f"{name}.npy", arrays[name])
    if arrays[name].size:
        with pytest.raises(ValueError, match=message):
            LatentFiles(folder)


@pytest.mark.parametrize("name", ["tokens.npy", "latents.json"])
def test_missing_and_damaged_files(folder, name):
    (folder / name).write_bytes(b"nothing of use")
    with pytest.raises(ValueError, match=f"{name}: expected"):
        LatentFiles(folder)
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name}: no such file; a folder"):
        LatentFiles(folder)


def test_wrong_names(folder, tmp_path):
    with pytest.raises(ValueError, match="kinds: unknown cap; known are none, hand"):
        LatentFiles(folder, kinds=["cap"])
    (folder / "latents.json").write_text('{"kinds": [1, 2]}')
    with pytest.raises(ValueError, match=r"latents\.json: expected .*got \[1, 2\]"):
        LatentFiles(folder)
    arrays = small_latents()
    del arrays["tokens"]
    with pytest.raises(ValueError, match="expected the arrays images, tokens, "):
        write_latents(tmp_path / "refused", arrays, KINDS)
