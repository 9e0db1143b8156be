import sys

import numpy as np
import pytest

from data_pipelines.landmarks.mediapipe_faces import MOST_FACES, MediaPipeDetector
from data_pipelines.landmarks.schemas import MEDIAPIPE_TO_68, face_box
from tests.data_pipelines.landmarks.small_mediapipe import Recorder, stand_in


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    monkeypatch.setitem(sys.modules, "mediapipe", stand_in(recorder))
    return recorder


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"a model")
    return path


def meshes(count, seed=0):
    """Faces [478, 2] from 0 to 1 across the picture."""
    return list(np.random.default_rng(seed).uniform(0.2, 0.8, (count, 478, 2)))


def test_points_are_those_of_the_picture(recorder, model):
    recorder.faces = [meshes(2), [], meshes(1, seed=1)]
    frames = np.random.default_rng(2).integers(0, 256, (3, 40, 60, 3), np.uint8)
    found = MediaPipeDetector(model).detect(frames[..., ::-1])
    assert [len(faces) for faces in found] == [2, 0, 1]
    face, expected = found[2][0], recorder.faces[2][0] * [60, 40] - 0.5
    np.testing.assert_allclose(face.mesh, expected, atol=1e-4)
    assert face.mesh.dtype == face.landmarks.dtype == np.float32
    np.testing.assert_array_equal(face.landmarks, face.mesh[list(MEDIAPIPE_TO_68)])
    np.testing.assert_allclose(face.box, face_box(face.landmarks), rtol=1e-6)
    assert face.score == 1 and not face.is_crop
    np.testing.assert_array_equal(recorder.pictures, frames[..., ::-1])


def test_who_is_too_small_in_the_whole_picture_is_found_in_a_part_of_it(
    recorder, model
):
    small, at_the_edge = (0.4 + 0.2 * mesh for mesh in meshes(2))
    # The picture, then three squares of 200 pixels, 75 pixels apart.
    recorder.faces = [[], [], [small], [at_the_edge, small - [0.375, 0]]]
    frame = np.random.default_rng(2).integers(0, 256, (200, 350, 3), np.uint8)
    (found,) = MediaPipeDetector(model).detect(frame[None])
    first, second = sorted(found, key=lambda face: face.box[0])
    assert [picture.shape[1] for picture in recorder.pictures] == [350, 200, 200, 200]
    np.testing.assert_array_equal(recorder.pictures[3], frame[:, 150:])
    places = {75: first, 150: second}
    for (left, face), mesh in zip(places.items(), (small, at_the_edge), strict=True):
        expected = 200 * mesh + [left, 0] - 0.5
        np.testing.assert_allclose(face.mesh, expected, atol=1e-3)


def test_the_model_is_opened_as_asked_for(recorder, model):
    MediaPipeDetector(model, least_score=0.2)
    (options,) = recorder.options
    assert options.base_options.model_asset_path == str(model)
    assert options.num_faces == MOST_FACES
    assert options.min_face_detection_confidence == 0.2
    assert options.min_face_presence_confidence == 0.2


def test_the_landmarker_is_closed_with_its_detector(recorder, model):
    detector = MediaPipeDetector(model)
    assert recorder.closed == 0
    del detector
    assert recorder.closed == 1


def test_a_missing_model_is_named_with_its_source(recorder, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"no\.task: no such model file; face_l"
    ):
        MediaPipeDetector(tmp_path / "no.task")


def test_a_wrong_model_is_named_with_the_reason(recorder, model):
    recorder.refusal = RuntimeError("Unable to open\nzip archive.")
    with pytest.raises(
        ValueError, match=r"task: expected .* \(Unable to open zip arch"
    ):
        MediaPipeDetector(model)


def test_without_the_package_it_is_said_what_to_install(monkeypatch, model):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(ImportError, match=r"pip install 'face-jax\[mediapipe\]'"):
        MediaPipeDetector(model)
