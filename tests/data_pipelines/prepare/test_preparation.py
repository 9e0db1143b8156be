"""From the owners' files to records and back, undisturbed, interrupted and in parallel."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest

from data_pipelines.landmarks.schemas import NUM_MEDIAPIPE
from data_pipelines.prepare import planning, preparation
from data_pipelines.prepare.examining import Source
from data_pipelines.prepare.layouts import LAYOUTS, find_layout
from data_pipelines.prepare.preparation import Preparation, is_complete, prepare
from data_pipelines.sources.prepared import PreparedClips, PreparedFaces
from data_pipelines.sources.records import RecordSource
from tests.data_pipelines.prepare.replicas import BUILDERS, FRAMES, face, write_face

STORED = {
    "videos": {"files": 3, "reasons": {"unreadable": 1, "duplicate": 1, "no face": 1}},
    "voxceleb": {"files": 3, "reasons": {"bad landmarks": 1}},
    "lrs": {"files": 2, "reasons": {}},
    "mead": {"files": 3, "reasons": {"not listed": 1}},
    "ffhq": {"files": 2, "reasons": {"unreadable": 1, "bad landmarks": 1}},
    "celeba": {"files": 3, "reasons": {"not listed": 1}},
    "raf_db": {"files": 3, "reasons": {"unreadable": 1}},
    "affectnet": {"files": 2, "reasons": {"not listed": 1}},
    "kdef": {"files": 3, "reasons": {"not listed": 1}},
    "fed_ro": {"files": 2, "reasons": {"not listed": 1}},
}


def prepared(tmp_path, name, **settings):
    """Prepares a replica; its folder and the report."""
    root, folder = tmp_path / f"{name}-files", tmp_path / f"{name}-records"
    if not root.is_dir():
        root.mkdir()
        BUILDERS[name](root)
    wanted = Preparation(name, LAYOUTS[name].labels, Source(root), folder)
    wanted = dataclasses.replace(wanted, **settings)
    report = prepare(wanted, find_layout(name)(root))
    return wanted.folder, report


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
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


def test_landmarks_persons_and_expressions_are_those_of_the_files(tmp_path):
    folder, report = prepared(tmp_path, "affectnet")
    assert report.labels == {"happiness": 1, "contempt": 1}
    source = PreparedFaces(folder, "test", labelled=True)
    found = source.face(0)
    np.testing.assert_array_equal(found.landmarks_68, face(3)[1])
    np.testing.assert_allclose(found.image.astype(int), face(3)[0], atol=60)
    assert source.label_names[found.label] == "contempt"
    assert source.labels.tolist() == [found.label]
    assert source.people[found.identity] == "val_set/images/3.jpg"
    other = PreparedFaces(folder, "test", label_names=["anger", "contempt"])
    assert other.labels.tolist() == [other.face(0).label] == [1]
    with pytest.raises(ValueError, match="no file has a known expression"):
        PreparedFaces(folder, "test", label_names=["anger"], labelled=True)
    folder, _ = prepared(tmp_path, "kdef")
    people = [
        identity
        for split in ("train", "validation", "test")
        if (folder / "index" / f"{split}.npz").is_file()
        for one in [PreparedFaces(folder, split, one_per_person=True)]
        for identity in (len(group) for group in one.groups)
    ]
    assert sorted(people) == [1, 2]


def test_clips_are_read_frame_by_frame(tmp_path):
    folder, _ = prepared(tmp_path, "voxceleb")
    source = PreparedClips(folder, "test", frame_size=32)
    clip = source.clip(0)
    assert (clip.num_frames, clip.width, clip.height) == (FRAMES, 32, 32)
    assert clip.detected.all()
    expected = (face(203)[1] + 0.5) / 2 - 0.5
    np.testing.assert_allclose(clip.landmarks[3], expected, atol=1e-4)
    (frame,) = source.frames(0, [3])
    assert frame.shape == (32, 32, 3)
    small = face(203)[0][::2, ::2].astype(int)
    assert np.abs(frame - small).mean() < 12
    folder, _ = prepared(tmp_path, "ffhq")
    with pytest.raises(ValueError, match="pictures alone"):
        PreparedClips(folder)


def test_large_pictures_are_shrunk_with_their_landmarks(tmp_path):
    folder, _ = prepared(tmp_path, "ffhq", longest_side=32)
    source = PreparedFaces(folder)
    found = source.face(0)
    assert found.image.shape == (32, 32, 3)
    expected = (face(0)[1] + 0.5) / 2 - 0.5
    np.testing.assert_allclose(found.landmarks_68, expected, atol=1e-4)


def test_a_mesh_is_stored_beside_68_points(tmp_path):
    root = tmp_path / "faces-files"
    write_face(root / "a.png", 0)
    write_face(root / "b.png", 1)
    mesh = np.random.default_rng(0).uniform(10, 50, (NUM_MEDIAPIPE, 2))
    (tmp_path / "mesh").mkdir()
    np.save(tmp_path / "mesh" / "a.npy", mesh)
    (tmp_path / "points").mkdir()
    np.save(tmp_path / "points" / "a.npy", face(0)[1])
    source = Source(root, tmp_path / "mesh", tmp_path / "points")
    wanted = Preparation("ffhq", (), source, tmp_path / "out")
    report = prepare(wanted, find_layout("ffhq")(root))
    assert [(file, reason) for file, reason, _ in report.skipped] == [
        ("b.png", "bad landmarks")
    ]
    (split,) = (name for name, count in report.files.items() if count)
    found = PreparedFaces(tmp_path / "out", split).face(0)
    np.testing.assert_array_equal(found.landmarks_68, face(0)[1])
    assert found.landmarks_105.shape == (105, 2)
    np.testing.assert_allclose(found.outline, mesh, atol=1e-5)


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
    with pytest.raises(FileNotFoundError, match="expected a data set that"):
        PreparedFaces(tmp_path)
