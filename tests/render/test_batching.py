"""Mapped meshes and meshes on several devices are drawn like one batch."""

import functools
import re

import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from face_jax.render import Topology, antialias, interpolate, rasterize_attributes
from face_jax.render.batching import fold_mapped, split_over_devices
from face_jax.train import partitioning
from tests.render import scenes
from tests.render.meshes import icosphere

BATCH, SIZE, DEPTH = 8, (13, 18), 2
POINTS, FACES = icosphere(1)
TOPOLOGY = Topology.from_faces(FACES)
COLLECTIVE = re.compile(
    r"= .* (all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter"
    r"|collective-broadcast)(-start)?\("
)


@functools.cache
def meshes():
    """Vertices, attributes, and weights of every output; rows are all different."""
    places = np.linspace([-0.4, 0.3, 3.0], [0.3, -0.2, 2.0], BATCH)
    scales = np.linspace(0.3, 1.1, BATCH)
    points = POINTS + 0.1 * scenes.normal(0, BATCH, *POINTS.shape)
    vertices = scales[:, None, None] * points + places[:, None]
    attributes = scenes.normal(1, BATCH, len(POINTS), DEPTH)
    sizes = (3, 1, DEPTH, DEPTH, DEPTH)
    weights = [scenes.normal(2, BATCH, *SIZE, size) for size in sizes]
    return vertices.astype(np.float32), attributes, tuple(weights)


def draw(vertices, attributes):
    fragments, images = rasterize_attributes(vertices, FACES, SIZE, attributes)
    again = interpolate(fragments, attributes, FACES, fill=0.5)
    soft = antialias(images, vertices, TOPOLOGY, fragments)
    depth = fragments.zbuf[..., None]
    return (fragments.bary, depth, images, again, soft), fragments.pix_to_face


@jax.jit
def drawn(vertices, attributes, weights):
    """Everything that is drawn, and the gradients."""
    images, pull, faces = jax.vjp(draw, vertices, attributes, has_aux=True)
    return faces, images, pull(weights)


@functools.cache
def alone():
    """The batch on one device."""
    return jax.tree.map(np.asarray, drawn(*meshes()))


def assert_equal(found, expected):
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def rows(tree, chosen):
    return jax.tree.map(lambda array: array[chosen], tree)


def test_the_rows_differ_and_are_seen():
    faces, images, gradients = alone()
    assert 0.2 < (faces >= 0).mean() < 0.8
    assert len({row.tobytes() for row in faces}) == BATCH
    assert all(np.ptp(array) > 0 for array in (*images, *gradients))


@pytest.mark.parametrize("mapped", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_mapped_meshes_are_a_batch_bit_for_bit(mapped):
    def reshaped(tree, axes, *lead):
        return jax.tree.map(lambda x: x.reshape(*lead, *x.shape[axes:]), tree)

    given = reshaped(meshes(), 1, mapped, BATCH // mapped)
    found = jax.jit(jax.vmap(drawn))(*given)
    assert_equal(reshaped(found, 2, BATCH), alone())


@pytest.mark.parametrize(
    "sizes", [(2, 2, 2), pytest.param((4, 2, 1), marks=pytest.mark.slow)]
)
def test_devices_that_share_a_batch_draw_what_one_draws_and_exchange_nothing(sizes):
    mesh = partitioning.make_mesh(*sizes)
    with jax.set_mesh(mesh):
        given = jax.device_put(meshes(), partitioning.batch_sharding(mesh))
        # Another function, lest the compilation for one device is taken.
        compiled = jax.jit(drawn.__wrapped__).lower(*given).compile()
        found = compiled(*given)
    for line in filter(COLLECTIVE.search, compiled.as_text().splitlines()):
        # Only devices that have the same rows compare their gradients.
        assert "all-reduce(" in line and "/transpose(" in line
    for array in jax.tree.leaves(found):
        assert len({str(shard.index) for shard in array.addressable_shards}) > 1
    *images, gradients = found
    assert_equal(images, list(alone()[:2]))
    for gradient, expected in zip(gradients, alone()[2], strict=True):
        # The compiler adds up in another order.
        atol = 1e-6 * np.abs(expected).max()
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=atol)


@pytest.mark.slow
def test_a_batch_that_does_not_divide_is_drawn_too():
    first = slice(0, 6)
    vertices, attributes, _ = rows(meshes(), first)
    with jax.set_mesh(partitioning.make_mesh(4, 2, 1)):
        images, faces = jax.jit(draw)(vertices, attributes)
    assert_equal((faces, images), rows(alone()[:2], first))


@pytest.mark.slow
def test_a_device_may_draw_its_own_rows():
    by_rows = P(("data", "fsdp"))
    with jax.set_mesh(partitioning.make_mesh(4, 2, 1)):
        mapped = jax.shard_map(
            lambda v, a: draw(v, a)[0],
            in_specs=(by_rows, by_rows),
            out_specs=by_rows,
            check_vma=False,
        )
        found = jax.jit(mapped)(*meshes()[:2])
    assert_equal(found, alone()[1])


def test_arguments_that_are_not_mapped_are_repeated():
    def scaled(tree, offset):
        return {"sum": tree["x"] + offset, "shape": 0 * offset + tree["x"].shape[0]}

    x, offset = np.arange(24.0).reshape(3, 4, 2), np.ones((4, 1))
    found = jax.vmap(fold_mapped(scaled), in_axes=({"x": 0}, None))({"x": x}, offset)
    np.testing.assert_array_equal(found["sum"], x + 1)
    # One call with the batch of twelve.
    np.testing.assert_array_equal(found["shape"], np.full((3, 4, 1), 12))


@pytest.mark.parametrize(
    ("sizes", "batch", "rows"),
    [
        ((8, 1, 1), 8, 1),
        ((2, 4, 1), 16, 2),
        ((2, 2, 2), 8, 2),
        ((1, 1, 8), 8, 8),
        ((8, 1, 1), 12, 12),
        (None, 8, 8),
    ],
)
def test_batches_are_split_where_the_axes_of_the_mesh_divide_them(sizes, batch, rows):
    calls = []

    def function(x, shared):
        calls.append(x.shape)
        return x * shared

    def split(x):
        return split_over_devices(function, x, shared=3.0)

    x = np.ones((batch, 2), np.float32)
    if sizes is None:
        found = jax.eval_shape(split, x)
    else:
        with jax.set_mesh(partitioning.make_mesh(*sizes)):
            found = jax.eval_shape(split, x)
    assert calls == [(rows, 2)]
    assert found.shape == x.shape
