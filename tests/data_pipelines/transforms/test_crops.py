import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from data_pipelines.transforms.crops import (
    crop_resize,
    landmarks_in_crop,
    landmarks_in_frame,
    paste_back,
    soft_mask,
)


def waves(height, width, period=24.0):
    """A smooth picture given by a formula, so that it is known between pixels too."""
    return wave_at(
        *np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), period
    )


def wave_at(x, y, period=24.0):
    red = np.sin(2 * np.pi * x / period) + np.cos(2 * np.pi * y / period)
    blue = np.sin(2 * np.pi * (x + y) / period)
    return np.stack([128 + 60 * red, 0 * x + 0.5 * y, 128 + 100 * blue], -1).astype(
        np.float32
    )


def test_crop_of_whole_pixels_is_a_slice():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    np.testing.assert_array_equal(
        crop_resize(image, [3, 5, 19, 21], 16), image[5:21, 3:19]
    )


def test_integer_shrinking_is_the_mean_of_the_area():
    image = np.random.default_rng(0).uniform(0, 255, (24, 36, 3)).astype(np.float32)
    small = crop_resize(image, [6, 3, 30, 21], (8, 6))
    expected = image[3:21, 6:30].reshape(6, 3, 8, 3, 3).mean((1, 3))
    np.testing.assert_allclose(small, expected, rtol=1e-4)


@pytest.mark.parametrize("size", [17, 40, 90, (50, 20)])
def test_crop_samples_where_the_box_says(size):
    image = waves(100, 120)
    box = np.array([20.3, 11.7, 80.9, 72.3])
    width, height = (size, size) if isinstance(size, int) else size
    x = box[0] + (np.arange(width) + 0.5) * (box[2] - box[0]) / width
    y = box[1] + (np.arange(height) + 0.5) * (box[3] - box[1]) / height
    error = np.abs(crop_resize(image, box, size) - wave_at(*np.meshgrid(x, y)))
    assert error.mean() < (
        2.5 if min(width, height) < 30 else 0.9
    )  # blur of a wave, not a shift
    shifted = wave_at(*np.meshgrid(x + 0.5, y))
    assert error.mean() < 0.6 * np.abs(crop_resize(image, box, size) - shifted).mean()


def test_edges_are_repeated_outside():
    image = np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8)
    crop = crop_resize(image, [-4, -3, 16, 13], (20, 16))
    expected = np.pad(image, ((3, 3), (4, 4), (0, 0)), mode="edge")
    np.testing.assert_array_equal(crop, expected)


def test_pictures_are_turned_about_the_middle_of_the_box():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    box = [3, 5, 19, 21]
    upright = crop_resize(image, box, 16)
    turned = crop_resize(image, box, 16, angle=np.pi / 2)
    np.testing.assert_array_equal(turned, np.rot90(upright, -1))
    small = crop_resize(image.astype(np.float32), box, 8, angle=np.pi)
    expected = crop_resize(image.astype(np.float32), box, 8)[::-1, ::-1]
    np.testing.assert_allclose(small, expected, atol=1e-2)


def test_grey_images_and_empty_boxes():
    assert crop_resize(np.zeros((9, 9), np.uint8), [0, 0, 9, 9], 4).shape == (4, 4)
    with pytest.raises(ValueError, match="expected a box with an area"):
        crop_resize(np.zeros((9, 9), np.uint8), [4, 0, 4, 9], 4)


def test_landmarks_move_with_the_pixels():
    x, y = np.meshgrid(np.arange(90), np.arange(70))
    spot = np.array([41.3, 30.8], np.float32)
    image = 200 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / 18).astype(
        np.float32
    )
    box = np.array([12.4, 5.1, 67.2, 59.9])
    for size in (32, 100, (80, 50)):
        crop = crop_resize(image, box, size)
        columns, rows = np.meshgrid(np.arange(crop.shape[1]), np.arange(crop.shape[0]))
        centre = [(crop * columns).sum() / crop.sum(), (crop * rows).sum() / crop.sum()]
        expected = landmarks_in_crop(spot[None], box, size)[0]
        np.testing.assert_allclose(centre, expected, atol=0.05)
        back = landmarks_in_frame(expected[None], box, size)[0]
        np.testing.assert_allclose(back, spot, atol=1e-4)


def test_landmarks_of_a_moving_crop():
    landmarks = np.random.default_rng(0).uniform(0, 90, (6, 68, 2)).astype(np.float32)
    boxes = np.arange(6)[:, None] + np.array([0.0, 5.0, 50.0, 55.0])
    moved = landmarks_in_crop(landmarks, boxes, 25)
    for number in range(6):
        single = landmarks_in_crop(landmarks[number], boxes[number], 25)
        np.testing.assert_array_equal(moved[number], single)
    np.testing.assert_allclose(
        landmarks_in_frame(moved, boxes, 25), landmarks, atol=1e-4
    )


@pytest.mark.parametrize("box", [[20.3, 11.7, 80.9, 72.3], [-15.2, 40.4, 45.4, 101.0]])
@pytest.mark.parametrize(("size", "tolerance"), [(64, 1.0), (150, 1.0), (31, 4.0)])
def test_crop_and_paste_restore_the_frame(box, size, tolerance):
    frame = np.clip(waves(100, 120), 0, 255).astype(np.uint8)
    restored = paste_back(frame, crop_resize(frame, box, size), box)
    error = np.abs(restored.astype(float) - frame)
    assert error.mean() < 0.5 * tolerance
    assert error.max() < 10 * tolerance


def test_paste_blends_at_the_border_of_the_box_only():
    frame = np.zeros((60, 80, 3), np.uint8)
    face = np.full((32, 32, 3), 200, np.uint8)
    pasted = paste_back(frame, face, [20, 10, 60, 50], feather=0.25)[..., 0]
    inside = np.zeros((60, 80), bool)
    inside[10:50, 20:60] = True
    assert not pasted[~inside].any()
    assert (pasted[20:40, 30:50] == 200).all()
    assert (np.diff(pasted[30, 20:31].astype(int)) >= 0).all()
    assert 0 < pasted[30, 20] < 20
    np.testing.assert_array_equal(pasted[:, 20:40], pasted[:, 59:39:-1])
    assert not frame.any()


def test_paste_has_no_soft_border_at_the_border_of_the_frame():
    frame = np.zeros((40, 40, 3), np.uint8)
    face = np.full((20, 20, 3), 100, np.uint8)
    assert (paste_back(frame, face, [0, 0, 40, 40]) == 100).all()
    pasted = paste_back(frame, face, [-10, -10, 20, 20])[..., 0]
    assert (pasted[:15, :15] == 100).all()
    assert pasted[5, 19] < 50
    assert not pasted[25:].any()


def test_paste_outside_the_frame_changes_nothing():
    frame = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    face = np.zeros((8, 8, 3), np.uint8)
    np.testing.assert_array_equal(paste_back(frame, face, [30, 30, 50, 50]), frame)


def test_a_mask_says_what_is_pasted():
    frame = np.zeros((60, 80, 3), np.uint8)
    face = np.full((40, 40, 3), 200, np.uint8)
    covered = np.zeros((40, 40), bool)
    covered[10:20, 15:30] = True
    mask = soft_mask(covered, 5)
    pasted = paste_back(frame, face, [20, 10, 60, 50], feather=0.0, mask=mask)[..., 0]
    assert (pasted[20:30, 35:50] == 200).all()
    far = np.ones(frame.shape[:2], bool)
    far[20 - 5 : 30 + 5, 35 - 5 : 50 + 5] = False
    assert not pasted[far].any()
    assert (np.diff(pasted[25, 29:36].astype(int)) >= 0).all()
    assert 60 < pasted[25, 32] < 140


def test_a_soft_mask_falls_off_by_the_distance_from_the_region():
    covered = np.random.default_rng(0).random((30, 40)) > 0.99
    share = np.clip(1 - distance_transform_edt(~covered) / 6, 0, 1)
    expected = 3 * share**2 - 2 * share**3
    found = soft_mask(covered, 6)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32
    assert not soft_mask(np.zeros((4, 4), bool), 3).any()
    np.testing.assert_array_equal(soft_mask(covered, 0), covered)
