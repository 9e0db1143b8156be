"""What small programs send, against what their own text says they must."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from face_jax.train import partitioning
from face_jax.train.collectives import (
    bytes_by_axes,
    collectives,
    gathered_activations,
    replica_groups,
)
from face_jax.train.hlo import parse

SIZES = {"data": 2, "fsdp": 2, "tensor": 2}
ROWS, WIDTH = 8, 1024
BYTES = 4 * WIDTH
"""Of one row on a chip: eight rows over eight chips."""


def sent_by(function, devices):
    """What a program sends in which each chip calls a function with its row."""
    mesh, every = partitioning.make_mesh(*SIZES.values(), devices=devices), P((*SIZES,))
    program = jax.shard_map(
        function, mesh=mesh, in_specs=every, out_specs=every, check_vma=False
    )
    spec = jax.ShapeDtypeStruct(
        (ROWS, WIDTH), jnp.float32, sharding=jax.NamedSharding(mesh, every)
    )
    text = jax.jit(program).lower(spec).compile().as_text()
    return collectives(parse(text), SIZES)


def gather(row):
    return jax.lax.all_gather(row, "fsdp", tiled=True)


def summed_in_a_loop(row):
    def body(row, _):
        return jnp.tanh(jax.lax.psum(row, "data")), None

    return jax.lax.scan(body, row, None, length=5)[0]


def summed_in_loops(row):
    def outer(row, _):
        return jnp.sin(summed_in_a_loop(row)), None

    return jax.lax.scan(outer, row, None, length=3)[0]


PROGRAMS = {
    "sum": (lambda x: jax.lax.psum(x, "tensor"), "all-reduce", "tensor", BYTES),
    "sum over two axes": (
        lambda x: jax.lax.psum(x, ("data", "tensor")),
        "all-reduce",
        "data+tensor",
        2 * 3 / 4 * BYTES,
    ),
    "sum over all": (
        lambda x: jax.lax.psum(x, tuple(SIZES)),
        "all-reduce",
        "data+fsdp+tensor",
        2 * 7 / 8 * BYTES,
    ),
    "gathering": (gather, "all-gather", "fsdp", BYTES),
    "exchange": (
        lambda x: jax.lax.all_to_all(
            x.reshape(2, -1), "data", split_axis=0, concat_axis=1
        ).reshape(1, -1),
        "all-to-all",
        "data",
        BYTES / 2,
    ),
    "permutation": (
        lambda x: jax.lax.ppermute(x, "fsdp", [(0, 1), (1, 0)]),
        "collective-permute",
        "fsdp",
        BYTES,
    ),
    "loop": (summed_in_a_loop, "all-reduce", "data", 5 * BYTES),
    "loop in a loop": (summed_in_loops, "all-reduce", "data", 15 * BYTES),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_of_known_collectives(name, eight_chips):
    function, kind, axes, size = PROGRAMS[name]
    found = sent_by(function, eight_chips)
    assert bytes_by_axes(found) == {(kind, axes): pytest.approx(size)}


def test_sums_that_stay_scattered(eight_chips):
    def scatter(row):
        return jax.lax.psum_scatter(row[0], "tensor", tiled=True)[None]

    ((kind, axes), size), *rest = bytes_by_axes(sent_by(scatter, eight_chips)).items()
    assert axes == "tensor" and not rest
    # TPUs may sum all of it where it is this small.
    assert (kind, size) in (("reduce-scatter", BYTES / 2), ("all-reduce", BYTES))


def test_programs_without_any(eight_chips):
    assert sent_by(jnp.sin, eight_chips) == []


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("replica_groups={{0,1},{2,3}}, x=1", [[0, 1], [2, 3]]),
        ("replica_groups={}, x=1", [[0, 1, 2, 3]]),
        ("replica_groups=[2,2]<=[4], x=1", [[0, 1], [2, 3]]),
        ("replica_groups=[2,2]<=[2,2]T(1,0), x=1", [[0, 2], [1, 3]]),
        ("replica_groups=mesh['a'=2,'b'=2] {'b'}, x=1", [[0, 1], [2, 3]]),
        ("replica_groups=mesh['a'=2,'b'=2] {'a'}, x=1", [[0, 2], [1, 3]]),
        ("replica_groups=mesh['a'=2,'b'=2] {'a','b'}, x=1", [[0, 1, 2, 3]]),
        ("replica_groups=mesh['a'=4] {'a':(1)2}, x=1", [[0, 2], [1, 3]]),
        ("replica_groups=mesh['a'=4] {'a':(2)2}, x=1", [[0, 1], [2, 3]]),
        (
            "replica_groups=mesh['a'=2,'b'=2], device_ids=([2,2]T(1,0)) {'b'}, x=1",
            [[0, 2], [1, 3]],
        ),
    ],
)
def test_replica_groups_as_xla_writes_them(text, groups):
    np.testing.assert_array_equal(replica_groups(text, 4), groups)


def test_other_ways_of_writing_groups_are_refused():
    with pytest.raises(ValueError, match=r"replica groups: expected .*, got '<0,1>"):
        replica_groups("replica_groups=<0,1>", 2)


def test_what_is_gathered_is_a_parameter_or_not():
    found = sent_by(gather, jax.devices())
    assert gathered_activations(found, [2 * WIDTH], 1) == []
    assert gathered_activations(found, [WIDTH], 1) == found
    assert gathered_activations(found, [WIDTH], 2 * BYTES + 1) == []
