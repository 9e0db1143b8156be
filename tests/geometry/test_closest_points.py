import jax
import numpy as np
import pytest
from scipy.optimize import nnls

from face_jax.geometry import closest_points as module
from face_jax.geometry.landmarks import surface_points
from face_jax.heads.procedural import procedural_head
from tests.geometry.reference import distances_to_mesh


@jax.jit
def find(points, vertices, faces):
    embedding = module.closest_points(points, vertices, faces)
    return surface_points(vertices, faces, embedding), embedding


def distances(points, vertices, faces):
    """What is found, in float64 from the points on the surface."""
    found, embedding = find(
        np.float32(points), np.float32(vertices), np.asarray(faces, np.int32)
    )
    bary = np.asarray(embedding.bary)
    assert (bary >= -1e-6).all()
    np.testing.assert_allclose(bary.sum(axis=-1), 1, atol=1e-6)
    return np.linalg.norm(np.asarray(found, np.float64) - np.float32(points), axis=-1)


def by_all_pairs(points, vertices, faces):
    """The same numbers by all pairs."""
    return distances_to_mesh(np.float32(points), np.float32(vertices), faces)


def by_weights(point, corners):
    """Distance to one triangle: weights of its corners, at least 0, that sum to 1."""
    heavy = 1e6
    system = np.vstack([corners.T, np.full(3, heavy)])
    weights, _ = nnls(system, np.append(point, heavy))
    return np.linalg.norm(weights @ corners - point)


def soup(seed, faces=150):
    """Triangles at random, and a few that are lines and points."""
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(3 * faces, 3))
    vertices[3:6] = vertices[3]
    vertices[8] = (vertices[6] + vertices[7]) / 2
    vertices[10] = vertices[9]
    return vertices, np.arange(3 * faces).reshape(-1, 3)


@pytest.mark.parametrize("count", [1, 200])
def test_random_triangles_of_every_shape(count):
    vertices, faces = soup(0)
    points = 1.5 * np.random.default_rng(count).normal(size=(count, 3))
    expected = by_all_pairs(points, vertices, faces)
    np.testing.assert_allclose(distances(points, vertices, faces), expected, atol=1e-5)


@pytest.mark.parametrize("number", range(4))
def test_single_triangles_and_those_without_an_area(number):
    vertices, faces = soup(1)
    points = np.random.default_rng(2).normal(size=(40, 3))
    corners = np.float64(np.float32(vertices[faces[number]]))
    expected = [by_weights(np.float64(np.float32(p)), corners) for p in points]
    found = distances(points, vertices, faces[number : number + 1])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_slivers_are_as_exact_as_others():
    rng = np.random.default_rng(3)
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0.5, 1e-3, 0.0]])
    bary = rng.dirichlet(np.ones(3), 30)
    above = bary @ vertices + [0, 0, 0.2]
    found = distances(above, vertices, np.array([[0, 1, 2]]))
    np.testing.assert_allclose(found, 0.2, atol=1e-6)


@pytest.mark.slow
def test_points_of_a_head_lie_on_it():
    head = procedural_head()
    vertices, faces = 10 * np.asarray(head.template), np.asarray(head.faces)
    rng = np.random.default_rng(4)
    chosen = vertices[faces[rng.choice(len(faces), 60)]]
    inside = np.einsum("ni,nic->nc", rng.dirichlet(np.ones(3), 60), chosen)
    between = (chosen[:, 0] + chosen[:, 1]) / 2
    points = np.concatenate([inside, between, chosen[:, 2]])
    assert distances(points, vertices, faces).max() < 2e-6
    near = points[::8] + rng.normal(0, 0.05, points[::8].shape)
    expected = by_all_pairs(near, vertices, faces)
    np.testing.assert_allclose(distances(near, vertices, faces), expected, atol=1e-5)
