"""Drawn faces in whole pictures."""

import numpy as np
import pytest

from data_pipelines.transforms.smirk_geometry import crop_matrix, warp
from data_pipelines.transforms.smirk_overlay import lay_over


def disc(size):
    """A grey disc on black, and where it is."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    covered = x**2 + y**2 < (0.35 * size) ** 2
    return np.repeat(200 * covered[..., None], 3, axis=-1).astype(np.uint8), covered


def picture(height=60, width=90):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_a_drawn_disc_comes_to_where_its_crop_was():
    matrix = crop_matrix(np.array([[30.0, 10.0], [69.0, 49.0]]), 1.0, 80)
    drawn, covered = disc(80)
    result = lay_over(picture(), drawn, covered, matrix)
    y, x = np.mgrid[:60, :90]
    distance = np.hypot(x - 49.5, y - 29.5) * 80 / 40 / 80
    np.testing.assert_array_equal(result[distance > 0.38], picture()[distance > 0.38])
    assert (result[distance < 0.32] == 200).all()
    # The same crop again shows the disc.
    again = warp(result, matrix, 80)
    assert np.abs(again - drawn)[covered].mean() < 5


def test_opacity_blends_and_borders_are_not_dark():
    matrix = crop_matrix(np.array([[30.0, 10.0], [69.0, 49.0]]), 1.0, 33)
    drawn, covered = disc(33)
    grey = np.full((60, 90, 3), 200, np.uint8)
    assert lay_over(grey, drawn, covered, matrix, 0.6).min() >= 199
    half = lay_over(0 * grey, drawn, covered, matrix, 0.5)
    assert half.max() == 100
    np.testing.assert_array_equal(lay_over(grey, drawn, covered, matrix, 0.0), grey)


@pytest.mark.parametrize("corner", [(-30.0, -20.0), (70.0, 40.0), (300.0, 10.0)])
def test_crops_may_reach_beyond_the_picture(corner):
    low = np.array(corner)
    matrix = crop_matrix(np.stack([low, low + 39]), 1.0, 40)
    drawn, covered = disc(40)
    result = lay_over(picture(), drawn, covered, matrix)
    assert result.shape == (60, 90, 3)
    y, x = np.mgrid[:60, :90]
    inside = np.hypot(x - low[0] - 19.5, y - low[1] - 19.5) < 12
    assert (result[inside] == 200).all()
