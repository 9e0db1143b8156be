"""From the owners' files to records and back, undisturbed, interrupted and in parallel."""

import json

import pytest

from data_pipelines.prepare import planning, preparation
from data_pipelines.prepare.examining import Source
from data_pipelines.prepare.layouts import LAYOUTS, find_layout
from data_pipelines.prepare.preparation import Preparation, is_complete, prepare
from data_pipelines.sources.prepared import PreparedFaces
from data_pipelines.sources.records import RecordSource
from tests.data_pipelines.prepare.replicas import FRAMES, prepared, write_face
from tests.digests import digests

STORED = {
    "videos": {"files": 3, "reasons": {"unreadable": 1, "duplicate": 1, "no face": 1}},
    "voxceleb": {"files": 3, "reasons": {"bad landmarks": 1}},
    "lrs": {"files": 2, "reasons": {}},
    "mead": {"files": 3, "reasons": {"not listed": 1}},
    "ffhq": {"files": 2, "reasons": {"unreadable": 1, "bad landmarks": 1}},
    "celeba": {"files": 3, "reasons": {"not listed": 1}},
    "raf_db": {"files": 3, "reasons": {"unreadable": 1}},
    "affectnet": {"files": 3, "reasons": {"not listed": 1}},
    "kdef": {"files": 3, "reasons": {"not listed": 1}},
    "fed_ro": {"files": 2, "reasons": {"not listed": 1}},
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_can_be_used_is_stored_and_the_rest_is_named(name, tmp_path):
    folder, report = prepared(tmp_path, name)
    assert is_complete(folder) and not (folder / "work").exists()
    assert sum(report.files.values()) == STORED[name]["files"]
    assert report.reasons == STORED[name]["reasons"]
    clips = name in ("videos", "voxceleb", "lrs", "mead")
    frames = sum(report.files.values()) * (FRAMES if clips else 1)
    assert sum(report.frames.values()) == frames
    seen = 0
    for split in (split for split, count in report.files.items() if count):
        source = PreparedFaces(folder, split)
        for row in range(len(source)):
            for frame in source.frames(row):
                picture = source.face(row, int(frame))
                assert picture.image.shape == (64, 64, 3) and picture.label < 8
                seen += 1
        records = RecordSource(folder / "frames" / "1.0.0", split)
        assert len(records) == report.frames[split]
    assert seen == frames


def test_what_was_done_is_not_done_again(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "FRAMES_PER_PART", 4)
    monkeypatch.setattr(preparation, "LOOKED_AT_TOGETHER", 2)
    undisturbed, _ = prepared(tmp_path, "videos", folder=tmp_path / "undisturbed")
    expected = digests(undisturbed)
    assert sum(".array_record-" in name for name in expected) >= 3

    class Killed(Exception):
        pass

    def kill_after(count):
        calls = []

        def progress(what, done, total):
            calls.append((what, done))
            if len(calls) == count:
                raise Killed

        return progress

    folder = tmp_path / "disturbed"
    root = tmp_path / "videos-files"
    wanted = Preparation("videos", (), Source(root), folder)
    for count in (1, 1, 1, 1, 1):
        with pytest.raises(Killed):
            prepare(wanted, find_layout("videos")(root), kill_after(count))
        assert not is_complete(folder)
    prepare(wanted, find_layout("videos")(root))
    assert digests(folder) == expected
    again = prepare(wanted, find_layout("videos")(root), kill_after(1))
    assert json.loads((folder / "report.json").read_text())["files"] == again.files


def test_workers_write_the_same_bytes(tmp_path):
    alone, _ = prepared(tmp_path, "lrs", folder=tmp_path / "alone")
    together, _ = prepared(tmp_path, "lrs", folder=tmp_path / "together", workers=2)
    assert digests(together) == digests(alone)


def test_other_settings_and_other_files_are_refused(tmp_path):
    folder, _ = prepared(tmp_path, "ffhq")
    with pytest.raises(ValueError, match="longest_side None, expected 32"):
        prepared(tmp_path, "ffhq", longest_side=32)
    write_face(tmp_path / "ffhq-files" / "new.png", 50)
    with pytest.raises(ValueError, match="files 4, expected 5; choose another folder"):
        prepared(tmp_path, "ffhq")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    with pytest.raises(ValueError, match="expected an empty folder"):
        prepared(tmp_path, "ffhq", folder=tmp_path / "full")
    assert is_complete(folder)


def test_nothing_usable_is_told(tmp_path):
    root = tmp_path / "ffhq-files"
    root.mkdir()
    (root / "a.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"none of 1 files can be used: .*a\.png"):
        prepared(tmp_path, "ffhq")
