import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.landmarks.following import FaceTrack
from data_pipelines.landmarks.schemas import face_box, semantic_keypoints
from face_jax.cli.faces import (
    CropRule,
    crop_faces,
    evenly,
    find_crops,
    track_from_file,
)
from tests.cli.clips import face_landmarks


def track(points, valid=None):
    points = np.asarray(points, np.float32)
    valid = np.ones(len(points), bool) if valid is None else np.array(valid)
    points = np.where(valid[:, None, None], points, np.nan)
    boxes = np.where(valid[:, None], face_box(np.nan_to_num(points)), 0.0)
    return FaceTrack(boxes, valid, points)


@pytest.mark.parametrize(
    ("crop", "expected"),
    [
        ("auto", [16, 0, 48, 32]),
        ("centre", [16, 0, 48, 32]),
        ("whole", [0, 0, 64, 32]),
    ],
)
def test_without_landmarks(crop, expected):
    crops = crop_faces(None, 3, (64, 32), CropRule(crop))
    np.testing.assert_array_equal(crops.boxes, [expected] * 3)
    assert crops.landmarks is None and crops.keypoints(slice(0, 3)) is None


def test_whole_frames_are_left_to_the_model_and_others_cut():
    frame = np.random.default_rng(0).integers(0, 256, (32, 64, 3), np.uint8)
    whole = crop_faces(None, 1, (64, 32), CropRule("whole"))
    assert whole.cut(frame, 0, 16) is frame
    centre = crop_faces(None, 1, (64, 32), CropRule("centre"))
    np.testing.assert_array_equal(centre.cut(frame, 0, 32), frame[:, 16:48])


def test_face_crops_are_one_square_and_moving_ones_follow():
    points = face_landmarks(20)
    fixed = crop_faces(track(points), 20, (64, 48), CropRule("auto"))
    assert np.ptp(fixed.boxes, axis=0).max() == 0
    sides = fixed.boxes[0, 2:] - fixed.boxes[0, :2]
    assert sides[0] == pytest.approx(sides[1])
    moving = crop_faces(track(points), 20, (64, 48), CropRule("moving"))
    assert np.ptp(moving.boxes[:, 0]) > 1


def test_keypoints_are_in_pixel_coordinates_of_the_crop():
    points = face_landmarks(4)
    crops = crop_faces(track(points), 4, (64, 48), CropRule("face"))
    left, top, right, bottom = crops.boxes[2]
    expected = semantic_keypoints(points)[2] + 0.5
    x = (expected[:, 0] - (left + right) / 2) / ((right - left) / 2)
    y = (expected[:, 1] - (top + bottom) / 2) / ((bottom - top) / 2)
    keypoints = crops.keypoints(slice(2, 3))
    assert keypoints.shape == (1, 10, 2) and keypoints.dtype == np.float32
    np.testing.assert_allclose(keypoints[0], np.stack([x, y], 1), atol=1e-5)


def test_gaps_are_interpolated_and_told():
    points = face_landmarks(5)
    crops = crop_faces(
        track(points, [True, False, True, True, False]), 5, (64, 48), CropRule()
    )
    np.testing.assert_allclose(
        crops.landmarks[1], (points[0] + points[2]) / 2, atol=1e-4
    )
    np.testing.assert_array_equal(crops.landmarks[4], points[3])
    assert crops.valid.tolist() == [True, False, True, True, False]


def test_a_landmark_file_beside_the_clip_is_found(tmp_path):
    clip = tmp_path / "me#1.2.mp4"
    assert track_from_file(clip, None, 3, (64, 48)) is None
    points = face_landmarks(3)
    save_landmarks(tmp_path / "me#1.2.npz", points, np.arange(3), (64, 48))
    found = track_from_file(clip, None, 3, (128, 96))
    np.testing.assert_allclose(found.points + 0.5, 2 * (points + 0.5), rtol=1e-5)


def test_errors_name_the_clip(tmp_path):
    clip = tmp_path / "me.mp4"
    with pytest.raises(ValueError, match=r"me.mp4: crop 'face' needs a landmark file"):
        find_crops(clip, None, 3, (64, 48), CropRule("face"))
    np.save(tmp_path / "me.npy", np.zeros((3, 68, 2)))
    with pytest.raises(ValueError, match=r"me.mp4: no face was found in any of 3"):
        find_crops(clip, None, 3, (64, 48), CropRule())
    with pytest.raises(FileNotFoundError, match=r"other\.npy"):
        find_crops(clip, tmp_path / "other.npy", 3, (64, 48), CropRule())
    with pytest.raises(ValueError, match="crop: one of"):
        CropRule("ears")
    with pytest.raises(ValueError, match="crop scale: a number > 0"):
        CropRule(scale=0.0)


def test_evenly_spread_numbers():
    assert evenly([3, 4, 5], 5) == [3, 4, 5]
    assert evenly(range(100), 4) == [0, 25, 50, 75]
