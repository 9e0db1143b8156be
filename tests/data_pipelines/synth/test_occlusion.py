"""Light that reaches surfaces past others, on a sphere, where it is known."""

import numpy as np
import pytest

from data_pipelines.synth.occlusion import (
    DIRECTIONS,
    direction_weights,
    evened,
    light_directions,
    openness,
    visible_directions,
)
from tests.render.meshes import icosphere

RADIUS = 0.1


@pytest.fixture(scope="module")
def sphere():
    """Vertices, faces and normals of a sphere as large as a head."""
    points, faces = icosphere(3)
    return RADIUS * points, faces, points


@pytest.fixture(scope="module")
def covered(sphere):
    """The same with a square of half its width above it: vertices and faces."""
    points, faces, _ = sphere
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    plate = np.array([(0.05 * x, 0.13, 0.05 * z) for x, z in corners], np.float32)
    first = len(points)
    square = np.array([[0, 1, 2], [0, 2, 3]], np.int32) + first
    return np.concatenate([points, plate]), np.concatenate([faces, square])


def test_directions_are_spread_evenly():
    directions = light_directions()
    assert directions.shape == (DIRECTIONS, 3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(directions.mean(axis=0), 0, atol=0.01)
    # Evenly: the mean of n n^T is a third of the unit matrix.
    spread = directions.T @ directions / DIRECTIONS
    np.testing.assert_allclose(spread, np.eye(3) / 3, atol=0.01)


def test_a_sphere_is_seen_from_the_side_that_it_faces(sphere):
    points, faces, normals = sphere
    seen = visible_directions(points, faces)
    facing = normals @ light_directions().T
    assert (seen[facing > 0.25] == 1).mean() > 0.999
    assert (seen[facing < -0.25] == 0).all()


def test_all_light_reaches_a_sphere(sphere):
    points, faces, normals = sphere
    found = openness(visible_directions(points, faces), normals)
    assert found.min() > 0.95 and found.max() <= 1 + 1e-6


def test_a_plate_keeps_light_from_what_lies_below(sphere, covered):
    _, _, normals = sphere
    seen = visible_directions(*covered)[: len(normals)]
    found = openness(seen, normals)
    top, bottom = normals[:, 1].argmax(), normals[:, 1].argmin()
    # Seen from the top the plate fills most of the sky.
    assert found[top] < 0.25
    assert found[bottom] > 0.95
    above = light_directions()[:, 1].argmax()
    below = light_directions()[:, 1].argmin()
    assert seen[top, above] == 0 and seen[bottom, below] == 1


def test_evening_takes_the_mean_with_neighbours():
    faces = np.array([[0, 1, 2], [2, 1, 3]], np.int32)
    values = np.array([[4.0], [0.0], [0.0], [8.0]], np.float32)
    # 0 and 3 have the neighbours 1 and 2; these have all others.
    expected = np.array([[4 / 3], [3.0], [3.0], [8 / 3]])
    np.testing.assert_allclose(evened(values, faces, rounds=1), expected, rtol=1e-6)
    np.testing.assert_array_equal(evened(values, faces, rounds=0), values)


def test_weights_pick_the_nearest_directions():
    directions = light_directions()
    weights = np.asarray(direction_weights(directions[:5]))
    assert weights.shape == (5, DIRECTIONS)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_array_equal(weights.argmax(axis=-1), range(5))
    towards = weights @ directions
    towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
    assert ((towards * directions[:5]).sum(axis=-1) > 0.99).all()
