"""Matrices that are split like rows are gathered; rows stay where they are."""

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import PartitionSpec as P

from face_jax.nn.split_rows import keep_rows_split
from face_jax.train import partitioning
from face_jax.train.collectives import bytes_by_axes, collectives
from face_jax.train.hlo import parse

MESH = (2, 4, 1)
ROWS, PLACES, WIDTH = 8, 4, 1024


def test_nothing_happens_without_a_mesh():
    x = jnp.ones((8, 3))
    assert keep_rows_split(x) is x


def test_rows_that_the_mesh_does_not_divide_are_left_alone():
    with jax.set_mesh(partitioning.make_mesh(*MESH)):
        text = str(jax.make_jaxpr(keep_rows_split)(jnp.ones((6, 3))))
        assert "sharding_constraint" not in text
        text = str(jax.make_jaxpr(keep_rows_split)(jnp.ones((16, 3))))
        assert "sharding_constraint" in text
        text = str(jax.make_jaxpr(jax.vmap(keep_rows_split))(jnp.ones((5, 16, 3))))
        assert "sharding_constraint" in text


def test_devices_inside_of_shard_map_are_left_alone():
    mesh = partitioning.make_mesh(*MESH)
    with jax.set_mesh(mesh):
        rows = P(("data", "fsdp"))
        mapped = jax.shard_map(keep_rows_split, in_specs=rows, out_specs=rows)
        text = str(jax.make_jaxpr(mapped)(jnp.ones((64, 3))))
    assert "sharding_constraint" not in text


@pytest.mark.parametrize("kept", [True, False])
def test_layers_whose_matrices_are_split_like_the_rows(kept):
    """Gathered are two matrices, for forward and backward together, or activations."""
    mesh = partitioning.make_mesh(*MESH)
    keep = keep_rows_split if kept else lambda x: x

    def loss(x, first, second):
        return jnp.sum(keep(jnp.tanh(keep(x @ first)) @ second) ** 2)

    rows, matrix = P(("data", "fsdp")), P(None, "fsdp")
    shardings = [jax.NamedSharding(mesh, spec) for spec in (rows, matrix, matrix)]
    shapes = ((ROWS, PLACES, WIDTH), (WIDTH, WIDTH), (WIDTH, WIDTH))
    specs = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    step = jax.jit(
        jax.grad(loss, (1, 2)),
        in_shardings=shardings,
        out_shardings=tuple(shardings[1:]),
    )
    with jax.set_mesh(mesh):
        compiled = step.lower(*specs).compile()
    found = bytes_by_axes(collectives(parse(compiled.as_text()), dict(mesh.shape)))
    matrices = 2 * 3 / 4 * 4 * WIDTH**2
    assert (found["all-gather", "fsdp"] == matrices) is kept, found
