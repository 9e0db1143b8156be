from fractions import Fraction

import numpy as np
import pytest

from data_pipelines.synth.occluders.layer import (
    Layer,
    composite,
    linear_to_srgb,
    srgb_to_linear,
)


def test_composite_rounds_the_exact_mixture():
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (20, 20, 3), np.uint8)
    occluder = random.integers(0, 256, (20, 20, 4), np.uint8)
    found = composite(picture, occluder)
    for row, column, channel in np.ndindex(20, 20, 3):
        alpha = Fraction(int(occluder[row, column, 3]), 255)
        over, under = (int(part[row, column, channel]) for part in (occluder, picture))
        exact = alpha * over + (1 - alpha) * under
        assert abs(int(found[row, column, channel]) - exact) <= Fraction(1, 2)


def test_composite_keeps_both_pictures_where_alpha_is_extreme():
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    occluder = np.zeros((8, 8, 4), np.uint8)
    occluder[:4] = [10, 200, 30, 255]
    found = composite(picture, occluder)
    np.testing.assert_array_equal(found[4:], picture[4:])
    assert (found[:4] == [10, 200, 30]).all()


@pytest.mark.parametrize("size", (64, 96, 300))
def test_polygon_covers_its_area_and_lies_where_it_should(size):
    layer = Layer(size)
    corners = np.array([[10.3, 12.1], [40.8, 15.0], [36.2, 50.9], [8.0, 33.3]])
    layer.paint(np.ones(3), layer.polygon(corners))
    alpha = layer.finish()[..., 3] / 255.0
    x, y = corners.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    rim = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).sum()
    assert -0.5 < alpha.sum() - area < rim / layer.factor + 0.5
    rows, columns = np.mgrid[:size, :size]
    centre = [(alpha * grid).sum() / alpha.sum() for grid in (columns, rows)]
    np.testing.assert_allclose(centre, centroid(corners), atol=0.1)


def centroid(corners: np.ndarray) -> np.ndarray:
    following = np.roll(corners, -1, axis=0)
    cross = corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]
    return ((corners + following) * cross[:, None]).sum(axis=0) / (3 * cross.sum())


def test_layers_of_paint_add_up_as_light_does():
    layer = Layer(8)
    full = np.ones_like(layer.alpha)
    layer.paint(np.array([1.0, 0.0, 0.0]), full)
    layer.paint(np.array([0.0, 0.0, 1.0]), 0.25 * full)
    colour = layer.finish()[4, 4]
    expected = np.round(255 * linear_to_srgb(np.array([0.75, 0.0, 0.25])))
    np.testing.assert_array_equal(colour, [*expected, 255])


def test_thin_lines_become_faint():
    layer = Layer(64)
    points = np.array([[5.0, 30.0], [55.0, 30.0]])
    thin = layer.line(points, 0.25 / layer.factor).sum()
    thick = layer.line(points, 1.0 / layer.factor).sum()
    assert thin == pytest.approx(0.25 * thick, rel=0.01)


def test_srgb_and_back():
    values = np.linspace(0, 1, 50)
    np.testing.assert_allclose(
        linear_to_srgb(srgb_to_linear(values)), values, atol=1e-6
    )
