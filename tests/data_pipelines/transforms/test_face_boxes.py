import numpy as np
import pytest

from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.following import FaceTrack
from data_pipelines.transforms.face_boxes import (
    clip_box,
    clip_crops,
    moving_boxes,
    square,
    square_box,
    still_crop,
)


def track(boxes, valid=None):
    boxes = np.asarray(boxes, np.float64)
    valid = np.ones(len(boxes), bool) if valid is None else np.asarray(valid, bool)
    return FaceTrack(boxes, valid, np.zeros((len(boxes), 68, 2), np.float32))


def test_square():
    np.testing.assert_array_equal(square([2, 0, 6, 10], 2.0), [-6, -5, 14, 15])
    assert square(np.zeros((5, 4))).shape == (5, 4)


def test_square_box_of_landmarks():
    landmarks = np.full((68, 2), 50, np.float32)
    landmarks[0], landmarks[16], landmarks[8], landmarks[19] = (
        (10, 50),
        (89, 50),
        (50, 99),
        (50, 0),
    )
    # Face box: x 10.5 to 89.5, y 0.5 - 0.2 * 99 to 99.5, so 118.8 high.
    box = square_box(landmarks, 1.0)
    np.testing.assert_allclose(box[2:] - box[:2], 118.8, atol=1e-4)
    np.testing.assert_allclose((box[:2] + box[2:]) / 2, (50, 99.5 - 59.4), atol=1e-4)


def test_clip_box_holds_every_face():
    boxes = [[10, 10, 50, 60], [30, 20, 80, 70], [500, 500, 900, 900]]
    box = clip_box(track(boxes, [1, 1, 0]), 1.0)
    np.testing.assert_allclose(box, [10, 5, 80, 75])


def test_no_face_anywhere():
    with pytest.raises(ValueError, match="no face was found in any of 3 frames"):
        clip_box(track(np.zeros((3, 4)), [0, 0, 0]))


def test_moving_boxes_follow_exactly_or_smoothly():
    generator = np.random.default_rng(0)
    steady = np.linspace(20, 60, 80)[:, None] + np.array([0, 0, 40, 40])
    shaky = track(steady + generator.normal(0, 2, (80, 1)))
    np.testing.assert_allclose(moving_boxes(shaky, 1.0, smoothing=0), shaky.boxes)
    smooth = moving_boxes(shaky, 1.0, smoothing=5)
    inside = slice(20, -20)
    assert np.abs(smooth - steady)[inside].max() < 1.5
    jitter = np.diff(shaky.boxes, 2, axis=0).std()
    assert np.diff(smooth, 2, axis=0).std() < 0.05 * jitter
    assert np.ptp(moving_boxes(shaky, 1.0, smoothing=300), axis=0).max() < 5


def test_moving_boxes_bridge_frames_without_a_face():
    boxes = np.linspace(0, 9, 10)[:, None] + np.array([0, 0, 10, 10])
    lost = track(boxes, [0, 1, 1, 0, 0, 0, 1, 1, 1, 0])
    moving = moving_boxes(lost, 1.0, smoothing=0)
    np.testing.assert_allclose(moving[1:9], boxes[1:9])
    np.testing.assert_allclose(moving[[0, 9]], boxes[[1, 8]])


def test_crops_of_detected_faces():
    boxes = np.arange(5)[:, None] + np.array([0.0, 0.0, 10.0, 20.0])
    face = Face(boxes[0], None, 1.0)
    np.testing.assert_array_equal(still_crop(face, 2.0), [-15, -10, 25, 30])
    fixed = clip_crops(track(boxes), 1.0)
    np.testing.assert_array_equal(fixed, np.tile([-5, 0, 19, 24], (5, 1)))
    moving = clip_crops(track(boxes), 1.0, smoothing=0)
    np.testing.assert_array_equal(moving, square(boxes))


def test_finished_crops_are_left_alone():
    box = np.array([0, 0, 30, 20])
    np.testing.assert_array_equal(still_crop(Face(box, None, 1.0, is_crop=True)), box)
    whole = FaceTrack(
        np.tile(box, (4, 1)), np.ones(4, bool), np.zeros((4, 68, 2)), True
    )
    np.testing.assert_array_equal(clip_crops(whole, 1.25, smoothing=4.0), whole.boxes)
