"""CLAHE against OpenCV, and against a plain computation."""

import cv2
import jax
import numpy as np
import pytest

from face_jax.nn import local_equalization as local

equalize = jax.jit(local.equalize, static_argnums=2)
equalize_lightness = jax.jit(local.equalize_lightness, static_argnums=2)
LIMITS = np.array([1.0, 2.37, 4.0], np.float32)


def planes(height, width, count=3):
    """Slow waves with noise, uint8 [count, height, width]."""
    random = np.random.default_rng(0)
    coarse = random.uniform(20, 235, (count, 4, 4))
    smooth = [cv2.resize(plane, (width, height)) for plane in coarse]
    noise = random.normal(0, 9, (count, height, width))
    return np.clip(np.stack(smooth) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("height", "width", "tiles"),
    [(64, 64, 2), (100, 100, 3), (96, 128, 8), (50, 70, 4), (24, 24, 1)],
)
def test_opencv_does_the_same(height, width, tiles):
    given = planes(height, width)
    found = np.asarray(equalize(given.astype(np.int32), LIMITS, tiles))
    expected = [
        cv2.createCLAHE(float(limit), (tiles, tiles)).apply(plane)
        for limit, plane in zip(LIMITS, given, strict=True)
    ]
    difference = np.abs(found - np.stack(expected).astype(int))
    # Ties alone: OpenCV mixes the four tables in float32.
    assert difference.max() <= 1 and (difference > 0).mean() < 0.05
    assert np.abs(found - given.astype(int)).mean() > 5


def plain_tables(light, limit, tiles):
    """Levels by equalization of each of the tiles, [tiles, tiles, 256]."""
    side = light.shape[0] // tiles
    tables = np.zeros((tiles, tiles, 256))
    for row, column in np.ndindex(tiles, tiles):
        tile = light[row * side :, column * side :][:side, :side]
        counts = np.bincount(tile.ravel(), minlength=256)
        most = int(limit * side**2 / 256)
        each, rest = divmod(int(np.maximum(counts - most, 0).sum()), 256)
        counts = np.minimum(counts, most) + each
        # What does not go round is strewn evenly, from the darkest level on.
        counts[:: max(256 // max(rest, 1), 1)][:rest] += 1
        tables[row, column] = np.cumsum(counts) * 255 / side**2
    return tables


def plainly_equalized(light, limit, tiles):
    """Between the tables of the four nearest tiles, float64."""
    size, tables = light.shape[0], plain_tables(light, limit, tiles)
    place = np.arange(size) / (size // tiles) - 0.5
    first = np.floor(place).astype(int)
    found = np.zeros(light.shape)
    for down, right in np.ndindex(2, 2):
        share = np.outer(*(1 - np.abs(place - first - step) for step in (down, right)))
        rows, columns = (np.clip(first + step, 0, tiles - 1) for step in (down, right))
        found += share * tables[rows[:, None], columns, light]
    return found


def test_tables_of_the_nearest_tiles_are_mixed():
    given = planes(112, 112)
    found = np.asarray(equalize(given.astype(np.int32), LIMITS, 4))
    for plane, limit, light in zip(found, LIMITS, given, strict=True):
        exact = plainly_equalized(light, float(limit), 4)
        # Tables and mixture are each rounded once.
        assert np.abs(plane - exact).max() < 1.01


def test_histograms_count_every_level():
    tiles = np.random.default_rng(0).integers(0, 256, (2, 3, 500))
    tiles[0, 0] = 7
    found = np.asarray(local.histograms(tiles))
    for row, tile in np.ndindex(2, 3):
        expected = np.bincount(tiles[row, tile], minlength=256)
        np.testing.assert_array_equal(found[row, tile], expected)


def test_colours_stay_and_a_limit_of_none_leaves_the_picture():
    channels = planes(56, 56, count=9).reshape(3, 3, 56, 56)
    images = np.moveaxis(channels, 1, -1)
    limits = np.array([0.0, 2.0, 4.0], np.float32)
    found = np.asarray(equalize_lightness(images, limits, 2))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], images[0])
    for image, limit, same in zip(found[1:], limits[1:], images[1:], strict=True):
        lab = cv2.cvtColor(same, cv2.COLOR_RGB2LAB)
        lab[..., 0] = cv2.createCLAHE(float(limit), (2, 2)).apply(lab[..., 0])
        expected = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).astype(int)
        difference = np.abs(image - expected)
        assert difference.max() <= 6 and difference.mean() < 0.2
        assert np.abs(image - same.astype(int)).mean() > 5


def test_tiles_are_equalized_apart():
    # The left half is dark, the right half bright.
    random = np.random.default_rng(3)
    levels = np.where(np.arange(128) < 64, 40, 200) + random.integers(0, 15, (128, 128))
    given = levels[None].astype(np.int32)
    found = np.asarray(equalize(given, np.float32([4.0]), 4))[0]
    for half in (slice(0, 48), slice(80, 128)):
        assert found[:, half].std() > 2 * levels[:, half].std()
    assert found[:, 80:].mean() > found[:, :48].mean() + 30
