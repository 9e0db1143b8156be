import numpy as np
import pytest

from data_pipelines.landmarks.detectors import (
    Face,
    LandmarkFileDetector,
    WholeImageDetector,
    detect_faces,
)
from data_pipelines.landmarks.files import load_landmarks
from data_pipelines.landmarks.following import follow_face
from data_pipelines.transforms.face_boxes import clip_box

SIZE = (200, 100)


def face(left, top, side):
    return Face(np.array([left, top, left + side, top + side], float), None, 1.0)


def test_whole_image():
    frames = [np.zeros((100, 200, 3), np.uint8)] * 5
    detections = list(detect_faces(WholeImageDetector(), frames, chunk=2))
    assert len(detections) == 5
    np.testing.assert_array_equal(detections[4][0].box, [0, 0, 200, 100])
    assert detections[0][0].landmarks is None
    assert follow_face(detections, "central", SIZE).is_crop


def test_landmark_file_in_the_published_layout(tmp_path):
    points = np.random.default_rng(0).uniform(60, 200, (7, 68, 2))
    points[4] = 0
    np.save(tmp_path / "clip.npy", points)
    landmarks = load_landmarks(tmp_path / "clip.npy", 7, SIZE)
    frames = [np.zeros((100, 200, 3), np.uint8)] * 7
    detections = list(detect_faces(LandmarkFileDetector([landmarks]), frames, chunk=3))
    assert [len(faces) for faces in detections] == [1, 1, 1, 1, 0, 1, 1]
    track = follow_face(detections, "largest", SIZE)
    np.testing.assert_array_equal(track.points[3], landmarks.points[3])
    np.testing.assert_array_equal(track.valid, landmarks.valid)
    np.testing.assert_allclose(clip_box(track), clip_box(landmarks), rtol=1e-6)


def test_landmark_file_of_a_shorter_clip(tmp_path):
    np.save(tmp_path / "clip.npy", np.ones((2, 68, 2)))
    detector = LandmarkFileDetector([load_landmarks(tmp_path / "clip.npy")])
    with pytest.raises(ValueError, match="at least 4 frames, the landmark file has 2"):
        detector.detect(np.zeros((2, 8, 8, 3), np.uint8), first=2)
