"""Faces and clips of prepared data sets, against the files that they were made of."""

import pickle

import numpy as np
import pytest

from data_pipelines.landmarks.schemas import NUM_MEDIAPIPE
from data_pipelines.prepare.examining import Source
from data_pipelines.prepare.layouts import find_layout
from data_pipelines.prepare.preparation import Preparation, prepare
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.prepared import PreparedClips, PreparedFaces
from tests.data_pipelines.prepare.replicas import FRAMES, face, prepared, write_face


def test_landmarks_persons_and_expressions_are_those_of_the_files(tmp_path):
    folder, report = prepared(tmp_path, "affectnet")
    assert report.labels == {"happiness": 1, "anger": 1, "contempt": 1}
    source = PreparedFaces(folder, "test", labelled=True)
    found = source.face(0)
    np.testing.assert_array_equal(found.landmarks_68, face(3)[1])
    np.testing.assert_allclose(found.image.astype(int), face(3)[0], atol=60)
    assert source.label_names[found.label] == "contempt"
    assert source.labels.tolist() == [7, 6]
    assert source.people[found.identity] == "val_set/images/3.jpg"
    other = PreparedFaces(folder, "test", label_names=["anger", "contempt"])
    assert other.labels.tolist() == [other.face(row).label for row in (0, 1)] == [1, 0]
    with pytest.raises(ValueError, match="no file has a known expression"):
        PreparedFaces(folder, "test", label_names=["fear"], labelled=True)
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


def test_other_processes_open_their_own_files(tmp_path):
    folder, _ = prepared(tmp_path, "voxceleb")
    source = PreparedClips(folder, "test")
    copy = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(copy.clip(0).landmarks, source.clip(0).landmarks)
    np.testing.assert_array_equal(copy.frames(0, [1]), source.frames(0, [1]))
    with pytest.raises(UnusableClip, match=f"expected a frame below {FRAMES}, got 99"):
        source.frames(0, [99])


def test_pictures_without_landmarks_are_faces_as_a_whole(tmp_path):
    folder, _ = prepared(tmp_path, "celeba")
    found = PreparedFaces(folder).face(0)
    assert found.landmarks_68 is None and found.landmarks_105 is None
    assert found.outline.min() == 0 and found.outline.max() == 63


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a data set that"):
        PreparedFaces(tmp_path)
    folder, _ = prepared(tmp_path, "fed_ro")
    with pytest.raises(ValueError, match="one of the splits test, got 'train'"):
        PreparedFaces(folder)
    with pytest.raises(ValueError, match="cache_bytes: expected 0 or more"):
        PreparedFaces(folder, "test", cache_bytes=-1)
