import numpy as np
import pytest

from face_jax.heads.procedural import chart
from face_jax.heads.procedural.interpolation import interpolate


@pytest.fixture
def given():
    """Places on the left half of the chart, some in its middle, and points."""
    random = np.random.default_rng(0)
    places = random.uniform([5, -80], [chart.PERIOD / 2 - 5, 80], (20, 2))
    return places, random.normal(scale=20.0, size=(20, 3))


def grid():
    """More places on the left half."""
    limits = [0, -90], [chart.PERIOD / 2, 90]
    return np.random.default_rng(1).uniform(*limits, (3, 40, 2))


def test_the_surface_passes_through_tight_points(given):
    places, points = given
    found = interpolate(places, points, np.zeros(20), places)
    np.testing.assert_allclose(found, points, atol=1e-6)


def test_what_rises_evenly_is_met_exactly_between_the_points(given):
    """A plane in y and z does not bend; even loose points keep it."""
    places, points = given
    points[:, 1:] = [3.0, -2.0] + places[:, 1:] * [0.8, 0.1]
    found = interpolate(places, points, np.full(20, 50.0), grid())[..., 1:]
    expected = [3.0, -2.0] + grid()[..., 1:] * [0.8, 0.1]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_loose_points_are_passed_by(given):
    places, points = given
    loose = np.zeros(20)
    loose[7] = 1e6
    found = interpolate(places, points, loose, places)
    others = np.arange(20) != 7
    np.testing.assert_allclose(found[others], points[others], atol=1e-4)
    without = interpolate(places[others], points[others], np.zeros(19), places[7:8])
    np.testing.assert_allclose(found[7:8], without, rtol=0.05, atol=0.5)
