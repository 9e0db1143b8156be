import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.keypoints import KeypointDetector
from tests.filled import fill

SMALL = {
    "block_expansion": 8,
    "num_blocks": 3,
    "max_features": 64,
    "scale_factor": 0.5,
    "norm": "group",
}


@pytest.fixture(scope="module")
def images():
    return jax.random.uniform(jax.random.key(0), (2, 64, 48, 3))


def pixel_coordinate(index, length):
    return (index + 0.5 - length / 2) / (length / 2)


@pytest.mark.parametrize(("padding", "cells"), [(0, (26, 18)), (3, (32, 24))])
def test_heatmaps_are_distributions_of_the_heads_size(images, padding, cells):
    detector = KeypointDetector(**SMALL, head_padding=padding)
    found = jax.jit(detector.apply)(fill(detector, images), images)
    assert found.heatmap.shape == (2, *cells, 10)
    assert found.feature_map.shape == (2, 32, 24, 11)
    np.testing.assert_allclose(found.heatmap.sum(axis=(1, 2)), 1, atol=1e-5)
    assert found.heatmap.min() >= 0
    assert jnp.abs(found.positions).max() <= 1


def one_hot_detector(images, row, column, **fields):
    """A detector whose heatmaps are all in one cell."""
    detector = KeypointDetector(**SMALL, **fields)
    variables = fill(detector, images)
    shape = jax.eval_shape(detector.apply, variables, images).heatmap.shape

    class Fixed(KeypointDetector):
        def logits(self, feature_map):
            return jnp.zeros(shape).at[:, row, column].set(100.0)

    return Fixed(**SMALL, **fields), variables


def test_positions_in_pixel_coordinates_are_those_of_the_cells_pixel(images):
    # Cell (4, 7) without padding reads around feature (7, 10), pixel (14, 20).
    detector, variables = one_hot_detector(images, 4, 7, coordinates="pixel")
    found = jax.jit(detector.apply)(variables, images)
    expected = [pixel_coordinate(20, 48), pixel_coordinate(14, 64)]
    np.testing.assert_allclose(found.positions[0, 0], expected, atol=1e-5)


def test_positions_in_heatmap_coordinates_reach_one_at_the_last_cell(images):
    detector, variables = one_hot_detector(images, 25, 0)
    found = jax.jit(detector.apply)(variables, images)
    np.testing.assert_allclose(found.positions[0, 0], [-1, 1], atol=1e-5)


@pytest.mark.parametrize("padding", [0, 3])
def test_given_positions_become_heatmaps_around_them(images, padding):
    detector = KeypointDetector(**SMALL, head_padding=padding, heatmap_sigma=0.05)
    variables = fill(detector, images)
    lost = 3 - padding
    # Pixel (row 40, column 12) is feature (20, 6).
    positions = np.zeros((2, 10, 2), np.float32)
    positions[:, 0] = pixel_coordinate(12, 48), pixel_coordinate(40, 64)
    positions[:, 1] = 30.0, -30.0  # far outside the image
    describe = jax.jit(detector.apply, static_argnames="method")
    found = describe(variables, images, positions, method="features_at")
    np.testing.assert_array_equal(found.positions, positions)
    heatmap = np.asarray(found.heatmap)
    assert np.isfinite(heatmap).all()
    np.testing.assert_allclose(heatmap.sum(axis=(1, 2)), 1, atol=1e-5)
    peak = np.unravel_index(heatmap[0, :, :, 0].argmax(), heatmap.shape[1:3])
    assert peak == (20 - lost, 6 - lost)
    detected = jax.jit(detector.apply)(variables, images)
    np.testing.assert_array_equal(found.feature_map, detected.feature_map)
    assert found.heatmap.shape == detected.heatmap.shape


def test_an_image_that_does_not_fit_the_hourglass_is_refused():
    with pytest.raises(ValueError, match="divisible by 8, got 32x25"):
        fill(KeypointDetector(**SMALL), jnp.zeros((1, 64, 50, 3)))
