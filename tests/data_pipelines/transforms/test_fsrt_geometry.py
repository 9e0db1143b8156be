"""Crop geometry against re-derivations in numpy."""

import numpy as np
import pytest

from data_pipelines.transforms import fsrt_geometry as geometry
from data_pipelines.transforms.fsrt_geometry import NO_MARGINS, Margins
from data_pipelines.transforms.resize import resize_bilinear, to_uint8


def bilinear_reference(image, size):
    """Half-pixel-centre bilinear sampling, edge clamped, in float64."""

    def taps(old):
        position = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
        low = np.floor(position).astype(int)
        return low, np.minimum(low + 1, old - 1), position - low

    y0, y1, fy = taps(image.shape[0])
    x0, x1, fx = taps(image.shape[1])
    image = image.astype(np.float64)
    rows = image[y0] + fy[:, None, None] * (image[y1] - image[y0])
    return rows[:, x0] + fx[None, :, None] * (rows[:, x1] - rows[:, x0])


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(256, 256, 256), (300, 280, 256), (225, 212, 256), (50, 64, 64), (3, 1, 16)],
)
def test_resize_is_exact_bilinear(height, width, size):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    resized = resize_bilinear(image, size)
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized, bilinear_reference(image, size), atol=1e-4)


def test_resize_writes_to_the_given_array():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    images = np.zeros((2, 16, 16, 3), np.float32)
    resize_bilinear(image, 16, images[1])
    np.testing.assert_array_equal(images[1], resize_bilinear(image, 16))
    assert not images[0].any()


def test_to_uint8_rounds_to_nearest():
    values = np.array([0.0, 0.49, 0.51, 254.6, 255.0, 7.4], np.float32)
    rounded = to_uint8(values.reshape(1, 2, 1, 3))
    assert rounded.shape == (1, 2, 1, 3)
    assert rounded.ravel().tolist() == [0, 0, 1, 255, 255, 7]


def test_crop_cuts_whole_pixels():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    cropped = geometry.crop_and_resize(image, Margins(5, 7, 3, 11), 24)
    expected = bilinear_reference(image[3:29, 5:53], 24)
    np.testing.assert_allclose(cropped, expected, atol=1e-4)


@pytest.mark.parametrize(
    "margins", [Margins(30, 30, 0, 0), Margins(0, 0, 20, 30), Margins(70, 70, 0, 0)]
)
def test_empty_crop_is_no_crop(margins):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    cropped = geometry.crop_and_resize(image, margins, 24)
    np.testing.assert_allclose(cropped, bilinear_reference(image, 24), atol=1e-4)


def test_margins_scale_with_the_frame():
    assert Margins(20, 11, 14, 30).scaled(512, 128) == Margins(40, 22, 7, 15)
    assert Margins(1, 3, 1, 3).scaled(128, 640) == Margins(0, 2, 2, 8)


def test_out_of_frame_limits():
    # Face 100..150 x 80..180 over two frames: 10 wider, 50 higher, 15 lower.
    points = np.array(
        [[[100.0, 80.0], [140.0, 180.0]], [[120.0, 90.0], [150.0, 170.0]]]
    )
    assert geometry.out_of_frame_limits(points) == Margins(90, 255 - 160, 30, 255 - 195)


def test_expression_limits():
    points = np.array([[100.4, 80.7], [150.6, 180.9]])
    # Height 100.2: 25 higher (55.7), 5 lower (185.9); int() drops the fractions.
    assert geometry.expression_crop_limits(points) == Margins(100, 106, 55, 71)


@pytest.mark.parametrize("low, high", [(-40.0, 300.0), (0.0, 255.0), (0.3, 254.9)])
def test_faces_over_the_whole_frame_leave_nothing_to_cut(low, high):
    points = np.array([[low, low], [high, high]])
    assert geometry.out_of_frame_limits(points) == NO_MARGINS
    limits = geometry.expression_crop_limits(points)
    assert limits.left == limits.top == 0
    assert limits.right in (1, 2) and limits.bottom == 1
    rng = np.random.default_rng(0)
    drawn = {geometry.draw_margins(rng, NO_MARGINS) for _ in range(20)}
    assert drawn == {NO_MARGINS}


def test_draws_fill_their_ranges():
    rng = np.random.default_rng(0)
    limits = Margins(3, 1, 0, 5)
    drawn = np.array([geometry.draw_margins(rng, limits) for _ in range(400)])
    assert drawn.min(axis=0).tolist() == [0, 0, 0, 0]
    assert drawn.max(axis=0).tolist() == [2, 0, 0, 4]


@pytest.mark.parametrize("width, height", [(256, 256), (320, 180), (64, 64), (7, 5)])
def test_cropped_coordinates_stay_within_two(width, height):
    rng = np.random.default_rng(0)
    limits = Margins(120, 120, 90, 140)
    for _ in range(200):
        margins = geometry.draw_out_of_frame_margins(rng, limits, width, height)
        margins = margins.scaled(width, height)
        scale, shift = geometry.keypoint_transform(margins, width, height)
        assert ((-1 + shift) * scale >= -2 - 1e-5).all()
        assert ((1 + shift) * scale <= 2 + 1e-5).all()


def test_accepted_draws_are_all_that_the_rule_allows():
    rng = np.random.default_rng(0)
    accepted = {
        geometry.draw_out_of_frame_margins(rng, Margins(5, 6, 1, 1), 8, 8)[:2]
        for _ in range(3000)
    }
    expected = set()
    for left in range(5):
        for right in range(6):
            before, after = np.rint(left / 32), np.rint(right / 32)
            scale, shift = 8 / (8 - before - after), (after - before) / 8
            if (-1 + shift) * scale >= -2 and (1 + shift) * scale <= 2:
                expected.add((left, right))
    assert accepted == expected


def test_the_search_for_margins_ends():
    # A frame of two columns: any whole column cut is too much.
    limits = Margins(250, 250, 250, 250)
    rng = np.random.default_rng(0)
    margins = geometry.draw_out_of_frame_margins(rng, limits, 1, 1, max_redraws=3)
    scale, shift = geometry.keypoint_transform(margins.scaled(1, 1), 1, 1)
    assert np.isfinite(scale).all() and np.isfinite(shift).all()


def test_keypoints_follow_the_crop():
    """A point marked in the frame is where the transform says in the crop."""
    width, height, size = 120, 80, 64
    margins = Margins(22, 10, 6, 15)
    frame = np.zeros((height, width, 3), np.uint8)
    frame[30:38, 50:58] = 255  # centre (54, 34) as edge coordinates
    cropped = geometry.crop_and_resize(frame, margins, size)[..., 0]
    rows, columns = np.mgrid[:size, :size] + 0.5
    found = (
        np.array([(columns * cropped).sum(), (rows * cropped).sum()]) / cropped.sum()
    )
    point = np.array([54 / (width / 2) - 1, 34 / (height / 2) - 1])
    scale, shift = geometry.keypoint_transform(margins, width, height)
    np.testing.assert_allclose(
        (point + shift) * scale, found / (size / 2) - 1, atol=5e-3
    )


def test_mirror_keeps_the_order_of_points():
    points = np.array([[0.0, 3.0], [255.0, 4.0], [100.0, 5.0]], np.float32)
    mirrored = geometry.mirror_points(points)
    assert mirrored.tolist() == [[255.0, 3.0], [0.0, 4.0], [155.0, 5.0]]


def test_nominal_face_is_central():
    (left, top), (right, bottom) = geometry.NOMINAL_FACE
    assert left + right == 255 and 0 < top < bottom < 255
