"""Faces of pictures and clips on disk, in the published layouts."""

import pickle

import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.landmarks.outlines import MEDIAPIPE_105, face_outline
from data_pipelines.landmarks.schemas import mediapipe_to_68
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.face_files import FaceFiles
from data_pipelines.video import write_image
from tests.data_pipelines.sources.small_clips import (
    HEIGHT,
    WIDTH,
    level,
    write_clip,
)

FRAMES = 6


def points(*shape, seed=0):
    low, high = [8, 5], [40, 28]
    return np.random.default_rng(seed).uniform(low, high, (*shape, 2))


def picture(seed):
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture
def stills(tmp_path):
    """FFHQ's layout: pictures, mesh and 68 points in folders of their own."""
    for folder in ("images", "mediapipe", "fan"):
        (tmp_path / folder).mkdir()
    for number in range(3):
        write_image(tmp_path / f"images/{number:05d}.png", picture(number))
        np.save(tmp_path / f"mediapipe/{number:05d}.npy", points(478, seed=number))
    np.save(tmp_path / "fan/00000.npy", points(2, 68, seed=9))
    return tmp_path


@pytest.fixture
def clips(tmp_path):
    """LRS3's layout: the mesh beside the clips, pickled 68 points elsewhere."""
    folder, fan = tmp_path / "trainval/speaker", tmp_path / "fan/trainval/speaker"
    folder.mkdir(parents=True)
    fan.mkdir(parents=True)
    for number in range(2):
        write_clip(folder / f"{number}.mp4", number, FRAMES)
        mesh = np.concatenate(
            [points(FRAMES, 478, seed=number), np.zeros((FRAMES, 478, 1))], axis=-1
        )
        mesh[2] = np.nan
        np.save(folder / f"{number}.npy", mesh)
    listed = [*points(FRAMES - 1, 68, seed=7), None]
    (fan / "0.pkl").write_bytes(pickle.dumps(listed))
    return tmp_path


def stills_source(stills, **keywords):
    folders = {"landmarks": stills / "mediapipe", "landmarks_68": stills / "fan"}
    return FaceFiles(stills / "images", **(folders | keywords))


def test_pictures_with_both_kinds_of_landmarks(stills):
    source = stills_source(stills)
    assert len(source) == 3 and source.groups == ((0,), (1,), (2,))
    assert source.frames(0).tolist() == [0]
    face = source.face(0, 0)
    np.testing.assert_array_equal(face.image, picture(0))
    mesh = points(478).astype(np.float32)
    np.testing.assert_array_equal(face.outline, mesh)
    np.testing.assert_array_equal(face.landmarks_105, mesh[list(MEDIAPIPE_105)])
    expected = points(2, 68, seed=9)[0].astype(np.float32)
    np.testing.assert_array_equal(face.landmarks_68, expected)
    assert source.face(1, 0).landmarks_68 is None
    assert not face.truth and not face.image.flags.writeable


def test_the_mesh_may_stand_in_for_68_points(stills):
    face = stills_source(stills, approximate_68=True).face(1, 0)
    expected = mediapipe_to_68(points(478, seed=1).astype(np.float32))
    np.testing.assert_array_equal(face.landmarks_68, expected)


def test_frames_of_clips(clips):
    source = FaceFiles(clips, split="trainval", landmarks_68=clips / "fan")
    assert len(source) == 2
    assert source.frames(0).tolist() == [0, 1, 3, 4, 5]
    for row, frame in ((0, 3), (1, 5)):
        face = source.face(row, frame)
        assert abs(int(face.image.mean()) - level(row, frame)) <= 1
        expected = points(FRAMES, 478, seed=row)[frame].astype(np.float32)
        np.testing.assert_array_equal(face.outline, expected)
    expected = points(FRAMES - 1, 68, seed=7)[3].astype(np.float32)
    np.testing.assert_array_equal(source.face(0, 3).landmarks_68, expected)
    assert source.face(0, 5).landmarks_68 is None
    assert source.face(1, 3).landmarks_68 is None
    with pytest.raises(UnusableClip, match="frame 2 has no landmarks"):
        source.face(0, 2)
    with pytest.raises(UnusableClip, match="frame 6 has no landmarks"):
        source.face(0, 6)


def test_68_points_alone_have_a_forehead(tmp_path):
    write_clip(tmp_path / "me.mp4", 0, FRAMES)
    given = points(2, 68)
    save_landmarks(tmp_path / "me.npz", given, [0, 4], (WIDTH, HEIGHT))
    source = FaceFiles(tmp_path / "me.mp4")
    assert source.frames(0).tolist() == [0, 4]
    face = source.face(0, 4)
    assert face.landmarks_105 is None and face.landmarks_68 is not None
    np.testing.assert_allclose(face.landmarks_68, given[1], rtol=1e-5)
    np.testing.assert_allclose(face.outline, face_outline(face.landmarks_68))


def test_persons_take_turns_and_are_chosen(stills):
    people = stills / "people.txt"
    people.write_text("00000.png b\n00001.png a\n00002.png b\n")
    turns = stills_source(stills, people=people, one_per_person=True)
    assert turns.groups == ((1,), (0, 2))
    assert [turns.face(row, 0).identity for row in range(3)] == [1, 0, 1]
    chosen = stills_source(stills, people=people, names=("b",))
    assert [path.name for path in chosen.paths] == ["00000.png", "00002.png"]


def test_frames_are_decoded_once_where_memory_allows(clips):
    source, poor = (FaceFiles(clips / "trainval", cache_bytes=n) for n in (1 << 28, 0))
    image = source.face(1, 4).image
    assert source.face(1, 4).image is image and not image.flags.writeable
    assert poor.face(1, 4).image is not poor.face(1, 4).image
    np.testing.assert_array_equal(poor.face(1, 4).image, image)


def test_damaged_clips_are_told(clips):
    (clips / "trainval/speaker/0.mp4").write_bytes(b"no clip")
    source = FaceFiles(clips / "trainval")
    with pytest.raises(UnusableClip, match=r"0\.mp4: not a readable"):
        source.frames(0)


def test_little_memory_changes_nothing(stills):
    small, large = (stills_source(stills, cache_bytes=n) for n in (0, 1 << 28))
    for row in (0, 2, 1, 0):
        first, second = small.face(row, 0), large.face(row, 0)
        np.testing.assert_array_equal(first.image, second.image)
        np.testing.assert_array_equal(first.outline, second.outline)


def test_what_cannot_be_used_is_told(stills):
    (stills / "mediapipe/00000.npy").unlink()
    np.save(stills / "mediapipe/00001.npy", np.full((478, 2), np.nan))
    (stills / "images/00002.png").write_bytes(b"no picture")
    source = stills_source(stills)
    for row, message in enumerate(
        (
            "expected landmarks in a file",
            "none of its 1 frames has",
            "expected an image",
        )
    ):
        with pytest.raises(UnusableClip, match=message):
            source.frames(row)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"landmarks": "missing"}, "landmarks: missing is no folder"),
        ({"landmarks_68": "missing"}, "landmarks_68: missing is no folder"),
        ({"cache_bytes": -1}, "cache_bytes: expected 0 or more, got -1"),
        ({"people": "nobody"}, "nobody: no such list of people"),
    ],
)
def test_wrong_settings(stills, keywords, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        stills_source(stills, **keywords)


def labels_file(stills, text):
    path = stills / "labels.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_are_numbered_by_their_names(stills):
    text = "00002.png fear\n00000.png happiness\n00001.png fear\n"
    names = ("happiness", "sadness", "fear")
    path = labels_file(stills, text)
    source = stills_source(stills, labels=path, label_names=names)
    assert source.labels.tolist() == [0, 2, 2]
    assert [source.face(row, 0).label for row in range(3)] == [0, 2, 2]
    assert stills_source(stills).labels.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("00000.png fear\n", r"labels.txt: expected a label for every file, 2 are"),
        ("00000.png\n", r"line 1: expected FILE LABEL, got '00000.png'"),
        (
            "00000.png fear\n00001.png joy\n00002.png fear\n",
            r"labels.txt: expected labels fear, got 'joy'",
        ),
    ],
)
def test_labels_that_do_not_fit(stills, text, message):
    path = labels_file(stills, text)
    with pytest.raises(ValueError, match=message):
        stills_source(stills, labels=path, label_names=("fear",))
