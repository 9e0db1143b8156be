"""Finders by name: what each builds, says of itself, and refuses."""

import hashlib
import sys

import numpy as np
import pytest

from data_pipelines.landmarks.detectors import Face, WholeImageDetector
from data_pipelines.landmarks.files import load_landmarks, save_landmarks
from data_pipelines.landmarks.finders import (
    FINDERS,
    FaceFinder,
    FinderSettings,
    build_detector,
    describe_finder,
    finder_settings,
)
from data_pipelines.landmarks.schemas import face_box
from data_pipelines.sources.base import Clip
from data_pipelines.sources.faces import FacePicture
from data_pipelines.sources.true_faces import track_of_clip, track_of_picture
from tests.data_pipelines.landmarks.small_mediapipe import Recorder, stand_in
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet

FRAMES = np.zeros((3, 48, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def yunet(tmp_path_factory):
    return write_small_yunet(tmp_path_factory.mktemp("finders") / "small.onnx")


def points(count=3):
    return np.random.default_rng(0).uniform(5, 40, (count, 68, 2)).astype(np.float32)


def test_every_finder_is_built_by_its_name(tmp_path, monkeypatch, yunet):
    recorder = Recorder(faces=[[np.full((478, 2), 0.5)]])
    monkeypatch.setitem(sys.modules, "mediapipe", stand_in(recorder))
    save_landmarks(tmp_path / "me.npz", points(), np.arange(3), (64, 48))
    clip = Clip("clip", 3, 64, 48, points(), np.array([True, False, True]))
    tracks = {
        "landmarks": [load_landmarks(tmp_path / "me.npz")],
        "truth": [track_of_clip(clip)],
    }
    models = {"yunet": str(yunet), "mediapipe": str(yunet)}
    found = {}
    for name in FINDERS:
        block = {"name": name, **({"model": models[name]} if name in models else {})}
        detector = build_detector(block, tracks.get(name, ()))
        found[name] = detector.detect(FRAMES[:1] if name == "mediapipe" else FRAMES)
    counts = {name: [len(faces) for faces in found[name]] for name in FINDERS}
    assert counts == {
        "landmarks": [1, 1, 1],
        "truth": [1, 0, 1],
        "mediapipe": [1],
        "yunet": [0, 0, 0],
        "whole": [1, 1, 1],
    }
    np.testing.assert_array_equal(found["truth"][2][0].landmarks, points()[2])
    np.testing.assert_allclose(found["landmarks"][1][0].box, face_box(points()[1]))


def test_the_truth_of_pictures():
    face = FacePicture("me", FRAMES[0], points()[0], landmarks_68=points()[0])
    ((found,),) = build_detector("truth", [track_of_picture(face)]).detect(FRAMES[:1])
    np.testing.assert_array_equal(found.landmarks, points()[0])
    with pytest.raises(ValueError, match="you: expected known landmarks, there are"):
        track_of_picture(FacePicture("you", FRAMES[0], points()[0]))


def test_what_a_result_says_of_its_finder(yunet):
    digest = hashlib.sha256(yunet.read_bytes()).hexdigest()
    block = {"name": "yunet", "model": yunet, "least_score": 0.5}
    assert describe_finder(block) == {
        "name": "yunet",
        "model": "small.onnx",
        "model_sha256": digest,
        "least_score": 0.5,
    }
    nothing = {"model": None, "model_sha256": None, "least_score": None}
    assert describe_finder("whole") == {"name": "whole", **nothing}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("haar", "one of landmarks, truth, mediapipe, yunet, whole, got 'haar'"),
        (
            {"name": "whole", "models": 1},
            "unknown models; known are name, model, least",
        ),
        ("yunet", r"finder 'yunet' needs the file of its model; YuNet is face_det"),
        (
            "mediapipe",
            r"'mediapipe' needs the file of its model; face_landmarker\.task",
        ),
        ({"name": "whole", "model": "a"}, "finder 'whole' takes no model and no score"),
        (
            {"name": "yunet", "model": "a", "least_score": 2},
            "expected a least score of 0 to 1, got 2",
        ),
    ],
)
def test_wrong_settings_are_refused(block, message):
    with pytest.raises(ValueError, match=message):
        finder_settings(block)


def test_landmarks_are_there_exactly_where_they_are_needed():
    with pytest.raises(ValueError, match="finder 'truth' needs known landmarks"):
        build_detector("truth")
    track = track_of_clip(Clip("clip", 3, 64, 48, points(), np.ones(3, bool)))
    with pytest.raises(ValueError, match="finder 'whole' takes no known landmarks"):
        build_detector("whole", [track])


class Lights:
    """Finds a face in every frame that is not black."""

    def detect(self, frames, first=0):
        lit = [bool(frame.any()) for frame in frames]
        return [[Face(np.array([0, 0, 9, 9.0]), None, 1.0)] * seen for seen in lit]


def test_frames_that_cannot_be_decoded_have_no_face():
    frames = [np.full((48, 64, 3), 9, np.uint8) for _ in range(40)]
    frames[7], done = None, []
    finder = FaceFinder(Lights(), FinderSettings("whole"))
    track = finder.follow(frames, (64, 48), done.append)
    assert track.valid.tolist() == [number != 7 for number in range(40)]
    assert done == list(range(1, 41))
    # Even where a finder takes anything for a face.
    whole = FaceFinder(WholeImageDetector(), FinderSettings("whole"))
    assert not whole.follow([None], (64, 48)).valid.any()
