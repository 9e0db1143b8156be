"""Where faces are cut out, and the outline of what is hidden."""

import numpy as np
import pytest

from data_pipelines.transforms import smirk_geometry as geometry

POINTS = np.array([[30.0, 20.0, 7.0], [70.0, 25.0, 8.0], [50.0, 80.0, 9.0]])


def face(seed=0):
    """68 points scattered over a picture of 300 pixels."""
    return np.random.default_rng(seed).uniform(50, 250, (68, 2))


def test_a_square_around_the_face_goes_to_the_corners():
    # 40 wide and 60 high: a side of int(1.5 * 50) = 75 about (50, 50).
    matrix = geometry.crop_matrix(POINTS, 1.5, 32)
    corners = np.array([[12.5, 12.5], [87.5, 12.5], [50, 50], [87.5, 87.5]])
    found = geometry.move_points(corners, matrix)
    np.testing.assert_allclose(found, [[0, 0], [31, 0], [15.5, 15.5], [31, 31]])


def test_the_side_is_cut_to_whole_pixels():
    # 1.51 * 50 = 75.5.
    np.testing.assert_array_equal(
        geometry.crop_matrix(POINTS, 1.51), geometry.crop_matrix(POINTS, 1.5)
    )


@pytest.mark.parametrize(
    ("points", "scale", "message"),
    [
        (np.zeros((3, 1)), 1.0, r"points: expected \[P, 2 or more\], got \(3, 1\)"),
        (np.zeros((0, 2)), 1.0, r"points: expected \[P, 2 or more\], got \(0, 2\)"),
        (np.full((3, 2), np.nan), 1.0, "points: expected finite numbers"),
        (np.ones((3, 2)), 1.5, "a square of at least a pixel, got a face of 0 pixels"),
        (POINTS, 0.01, "at least a pixel, got a face of 50 pixels and 0.01"),
    ],
)
def test_faces_that_are_none_are_refused(points, scale, message):
    with pytest.raises(ValueError, match=message):
        geometry.crop_matrix(points, scale)


def bilinear(image, x, y):
    """Between four pixels; black outside."""
    column, row = int(np.floor(x)), int(np.floor(y))
    value = np.zeros(3)
    for r, c in np.ndindex(2, 2):
        if 0 <= row + r < image.shape[0] and 0 <= column + c < image.shape[1]:
            share = (1 - abs(y - row - r)) * (1 - abs(x - column - c))
            value += share * image[row + r, column + c]
    return value


def test_pixels_of_small_crops_are_means_of_samples():
    image = np.random.default_rng(2).integers(0, 256, (40, 40, 3), np.uint8)
    # A fifth of the size: each pixel is the mean of 5 x 5.
    matrix = np.array([[0.2, 0, -0.4], [0, 0.2, -0.4], [0, 0, 1]])
    expected = image.reshape(8, 5, 8, 5, 3).mean(axis=(1, 3))
    found = geometry.warp(image, matrix, 8, samples=5)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_pictures_are_warped_between_pixels_and_black_outside():
    image = np.random.default_rng(1).integers(0, 256, (9, 12, 3), np.uint8)
    angle = 0.4
    turn = 1.3 * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    matrix = np.column_stack([turn, [2.5, -3.25]])
    found = geometry.warp(image, matrix, 14)
    assert found.dtype == np.float32 and found.shape == (14, 14, 3)
    for row, column in np.ndindex(14, 14):
        x, y = np.linalg.solve(turn, [column - 2.5, row + 3.25])
        expected = bilinear(image, x, y)
        np.testing.assert_allclose(found[row, column], expected, atol=0.01)
    assert (found.max(axis=-1) == 0).sum() > 20


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((4, 4, 3)), r"float64 \(4, 4, 3\)"),
        (np.zeros((4, 4), np.uint8), r"uint8 \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"uint8 \(4, 4, 4\)"),
    ],
)
def test_other_pictures_are_refused(image, got):
    with pytest.raises(
        ValueError, match=r"image: expected uint8 or float32 \[H, W, 3\], got " + got
    ):
        geometry.warp(image, np.eye(3))


def test_the_outline_hides_its_inside_and_its_edge():
    corners = np.array([[2.9, 3.9], [9.2, 3.1], [9.8, 11.5], [2.1, 11.9], [5, 7]])
    mask = geometry.hull_mask(corners, 14)
    expected = np.ones((14, 14), np.uint8)
    expected[3:12, 2:10] = 0
    np.testing.assert_array_equal(mask, expected)
    assert mask.dtype == np.uint8


def test_an_outline_may_leave_the_picture():
    mask = geometry.hull_mask(np.array([[-9, -9], [30, -9], [30, 4], [-9, 4]]), 14)
    np.testing.assert_array_equal(mask, np.arange(14)[:, None] * np.ones(14) > 4)


def test_published_scale_of_landmarks():
    found = geometry.to_unit_square(np.array([[0.0, 112.0], [223.0, 300.0]]))
    np.testing.assert_allclose(found, [[-1, 0], [222 / 224, 376 / 224]], rtol=1e-6)
    assert found.dtype == np.float32


def test_recognition_is_a_similarity_by_least_squares():
    landmarks = face()
    matrix = geometry.recognition_matrix(landmarks)
    eyes = [(landmarks[a] + landmarks[b]) / 2 for a, b in ((36, 39), (42, 45))]
    points = np.stack([*eyes, landmarks[32], landmarks[48], landmarks[54]])
    # u = a x - b y + s, v = b x + a y + t
    rows = [[[x, -y, 1, 0], [y, x, 0, 1]] for x, y in points]
    a, b, s, t = np.linalg.lstsq(
        np.concatenate(rows), geometry.RECOGNITION_POINTS.reshape(-1), rcond=None
    )[0]
    np.testing.assert_allclose(matrix, [[a, -b, s], [b, a, t]], atol=1e-9)


@pytest.mark.parametrize(
    ("landmarks", "message"),
    [
        (np.zeros((67, 2)), r"landmarks: expected \[68, 2\], got \(67, 2\)"),
        (np.zeros((68, 2)), r"expected a face, got eyes and mouth all at \[0. 0.\]"),
        (np.full((68, 2), np.inf), "expected finite numbers"),
    ],
)
def test_landmarks_that_are_none_are_refused(landmarks, message):
    with pytest.raises(ValueError, match=message):
        geometry.recognition_matrix(landmarks)
