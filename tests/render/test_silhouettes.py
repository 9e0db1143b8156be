import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import Topology
from face_jax.render.silhouettes import (
    follow_outlines,
    pixel_positions,
    silhouette_edges,
)
from face_jax.render.surface import values_at
from tests.render import outlined, reference

SCENES = sorted(outlined.SCENES)
find = jax.jit(silhouette_edges)


@pytest.mark.parametrize("size", [(5, 5), (4, 9), (7, 3), (6, 1)])
def test_positions_are_whole_at_pixel_centres(size):
    points = np.stack(reference.pixel_centres(size), axis=-1)
    rows, columns = np.indices(size)
    expected = np.stack([columns, rows], axis=-1)
    np.testing.assert_allclose(pixel_positions(points, size), expected, atol=1e-5)


@pytest.mark.parametrize("name", SCENES)
def test_outlines_are_those_of_a_loop_over_edges_and_pixels(name):
    scene = outlined.scene(name)
    assert scene.clear.mean() > 0.95
    found = np.asarray(find(scene.vertices, scene.depth, scene.edges))
    wrong = (found != scene.found) & scene.clear
    assert not wrong.any(), np.argwhere(wrong)
    assert ((scene.found >= 0).sum(axis=(0, 2, 3)) > 20).all()


def test_the_size_of_chunks_changes_nothing():
    scene = outlined.scene("loose")

    @jax.jit
    def follow(vertices, depth):
        positions = pixel_positions(vertices, outlined.SIZE)
        points = jnp.concatenate([positions, vertices[..., 2:]], axis=-1)
        return follow_outlines(values_at(points, scene.edges), depth, chunk=7)

    expected = find(scene.vertices, scene.depth, scene.edges)
    np.testing.assert_array_equal(follow(scene.vertices, scene.depth), expected)


def test_of_a_convex_body_no_outline_lies_inside_or_outside():
    scene = outlined.scene("spheres")
    seen = np.isfinite(scene.depth)
    found = np.asarray(find(scene.vertices, scene.depth, scene.edges))
    beside = seen[:, :, :-1] != seen[:, :, 1:]
    below = seen[:, :-1] != seen[:, 1:]
    alone = (found[:, 0, :, :-1] >= 0) & ~beside
    # Inside, only before the other sphere.
    assert 0 < alone.sum() < 0.3 * beside.sum()
    assert (found[:, 0, :, :-1] >= 0)[beside].mean() > 0.6
    assert (found[:, 1, :-1] >= 0)[below].mean() > 0.6
    assert (found[:, 0, :, -1] < 0).all() and (found[:, 1, -1] < 0).all()


def test_a_picture_without_a_surface_has_no_outline():
    scene = outlined.scene("spheres")
    nothing = np.full_like(scene.depth, np.inf)
    assert (np.asarray(find(scene.vertices, nothing, scene.edges)) == -1).all()


def test_edges_have_no_gradient_of_their_own():
    scene = outlined.scene("spheres")

    def total(vertices):
        found = silhouette_edges(vertices, scene.depth, scene.edges)
        return found.astype(np.float32).sum()

    gradient = jax.eval_shape(jax.grad(total), scene.vertices)
    assert gradient.shape == scene.vertices.shape


def test_topology_is_a_tree_whose_edges_may_be_traced():
    topology = Topology.from_faces(np.array([[0, 1, 2]]))
    assert jax.eval_shape(lambda t: t.edges, topology).shape == (3, 4)
