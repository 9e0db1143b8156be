import jax
import numpy as np
import pytest

from face_jax.fsrt import encoding


def test_order_is_sines_then_cosines_coordinate_by_coordinate():
    c = np.array([[0.3, -0.7]], np.float32)
    encoded = np.asarray(encoding.positional_encoding(c, 3, -1))[0]
    angles = [x * np.pi * 2.0**k for x in (0.3, -0.7) for k in (-1, 0, 1)]
    expected = np.concatenate([np.sin(angles), np.cos(angles)])
    np.testing.assert_allclose(encoded, expected, atol=1e-5)


def test_products_are_rounded_to_float32_with_a_float32_pi():
    c = encoding.pixel_grid(256, 256)[5, :, :1]
    encoded = jax.jit(lambda c: encoding.positional_encoding(c, 16, -1))(c)
    products = np.asarray(c) * np.float32(np.pi) * np.exp2(np.arange(-1.0, 15))
    assert products.dtype == np.float64
    products = products.astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(encoded[:, :16], np.sin(products), atol=2e-7)
    # The highest octave is rounding noise, which exact arithmetic does not have.
    noise = np.asarray(encoded[:, 15])
    assert 5e-4 < noise.std() < 2e-3


def test_keypoints_are_flattened_point_by_point():
    keypoints = np.arange(12, dtype=np.float32).reshape(1, 2, 3, 2) / 12
    encoded = encoding.encode_keypoints(keypoints, 4, -1)
    assert encoded.shape == (1, 2, 48)
    expected = encoding.positional_encoding(keypoints.reshape(1, 2, 6), 4, -1)
    np.testing.assert_array_equal(encoded, expected)


def test_a_keypoint_outside_the_image_is_not_one_inside():
    points = np.array([[[-1.9, 0.3]], [[0.1, 0.3]]], np.float32)  # 2 apart
    outside, inside = np.asarray(encoding.encode_keypoints(points, 4, -1))
    assert np.abs(outside - inside).max() > 0.5


@pytest.mark.parametrize(("height", "width"), [(4, 8), (256, 256), (48, 64)])
def test_pixel_grid_holds_pixel_centres(height, width):
    grid = np.asarray(encoding.pixel_grid(height, width))
    assert grid.shape == (height, width, 2)
    row, column = height - 1, 1
    expected = [(column + 0.5 - width / 2) / (width / 2), 1 - 1 / height]
    np.testing.assert_allclose(grid[row, column], expected, rtol=1e-6)
    np.testing.assert_allclose(grid, -grid[::-1, ::-1], atol=1e-7)
