"""Operations and traffic of compiled programs, against counts by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from face_jax.train import partitioning
from face_jax.train.compiled_flops import compiled_flops
from face_jax.train.hlo import executed, loops_of_unknown_length, parse
from face_jax.train.memory_traffic import memory_traffic
from face_jax.train.topologies import topology
from tests.train.chips import needs_compiler

ROWS, WIDTH = 512, 1024


def compiled(devices, function, *shapes, split=1):
    """The program of a chip; the first arguments are split by rows over all eight."""
    mesh = partitioning.make_mesh(8, 1, 1, devices=devices)
    specs = [
        jax.ShapeDtypeStruct(
            shape,
            jnp.float32,
            sharding=jax.NamedSharding(mesh, P("data") if index < split else P()),
        )
        for index, shape in enumerate(shapes)
    ]
    return parse(jax.jit(function).lower(*specs).compile().as_text())


def repeated(x, w):
    def body(x, _):
        return jnp.tanh(x @ w), None

    return jax.lax.scan(body, x, None, length=5)[0]


def test_products(eight_chips):
    shapes = ((ROWS, WIDTH), (WIDTH, 2 * WIDTH))
    program = compiled(eight_chips, lambda x, w: x @ w, *shapes)
    assert compiled_flops(program) == 2 * ROWS / 8 * WIDTH * 2 * WIDTH


def test_products_of_batches(eight_chips):
    def attention(queries, keys):
        return jnp.einsum("bnhd,bmhd->bhnm", queries, keys)

    shape = (16, 64, 4, 128)
    program = compiled(eight_chips, attention, shape, shape, split=2)
    assert compiled_flops(program) == 2 * (16 / 8) * 4 * 64 * 64 * 128


def test_loops_count_as_often_as_they_run(eight_chips):
    program = compiled(eight_chips, repeated, (ROWS, WIDTH), (WIDTH, WIDTH))
    assert compiled_flops(program) == 5 * 2 * ROWS / 8 * WIDTH**2
    assert loops_of_unknown_length(program) == 0


def test_loops_whose_length_is_data_are_told(eight_chips):
    def until(x, w):
        def small(x):
            return jnp.sum(x[:, 0]) < 1e6

        return jax.lax.while_loop(small, lambda x: x @ w, x)

    program = compiled(eight_chips, until, (ROWS, WIDTH), (WIDTH, WIDTH))
    assert loops_of_unknown_length(program) == 1
    assert compiled_flops(program) == 2 * ROWS / 8 * WIDTH**2


def test_what_nothing_divides_is_computed_by_every_chip(eight_chips):
    shapes = ((ROWS, WIDTH), (WIDTH, WIDTH))
    program = compiled(eight_chips, lambda x, w: x @ w, *shapes, split=0)
    assert compiled_flops(program) == 2 * ROWS * WIDTH**2


@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 1), (1, 0)])
def test_convolutions_meet_pixels_alone(eight_chips, stride, padding):
    """Borders of zeros are no work; neither are zeros between a gradient's pixels."""
    side, channels, features = 16, 128, 128

    def convolve(x, kernel):
        return jax.lax.conv_general_dilated(
            x,
            kernel,
            (stride, stride),
            [(padding, padding)] * 2,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )

    def gradients(x, kernel):
        return jax.grad(lambda *a: jnp.sum(convolve(*a) ** 2), (0, 1))(x, kernel)

    shapes = ((8, side, side, channels), (3, 3, channels, features))
    ones = np.pad(np.ones((side, side)), padding)
    windows = np.lib.stride_tricks.sliding_window_view(ones, (3, 3))
    meetings = windows[::stride, ::stride].sum()
    forward = 2 * meetings * channels * features
    counted = compiled_flops(compiled(eight_chips, convolve, *shapes))
    both = compiled_flops(compiled(eight_chips, gradients, *shapes))
    if eight_chips[0].platform == "cpu":
        assert counted == forward and both == pytest.approx(3 * forward, rel=0.01)
    else:
        # TPUs' compiler cuts small pictures into strips, with some rows twice.
        assert forward <= counted < 2.5 * forward < both < 7 * forward


def test_elements_are_read_and_written_once(eight_chips):
    program = compiled(eight_chips, lambda x: jnp.sin(x) * 2 + 1, (4096, WIDTH))
    assert memory_traffic(program) == 2 * 4096 / 8 * WIDTH * 4


def test_traffic_of_loops():
    """Of CPUs: a TPU would keep so little on the chip."""
    rows, size = 8192, 8192 / 8 * WIDTH * 4
    shapes, devices = ((rows, WIDTH), (WIDTH, WIDTH)), jax.devices()
    once = memory_traffic(compiled(devices, lambda x, w: jnp.tanh(x @ w), *shapes))
    assert once >= 2 * size + WIDTH**2 * 4
    moved = memory_traffic(compiled(devices, repeated, *shapes))
    assert 4 * once <= moved <= 5 * once + 12 * size


@needs_compiler
def test_what_stays_on_the_chip_is_not_moved():
    chips = topology("v5e:4x2").devices
    program = compiled(chips, repeated, (8192, WIDTH), (WIDTH, WIDTH))
    size = 8192 / 8 * WIDTH * 4
    assert memory_traffic(program) == pytest.approx(2 * size + WIDTH**2 * 4, rel=0.01)


def test_a_slice_moves_as_much_as_it_holds(eight_chips):
    def rows_one_by_one(x):
        def body(total, row):
            return total + jnp.sin(row), None

        return jax.lax.scan(body, jnp.zeros(WIDTH), x.sum(0, keepdims=True) * x)[0]

    count = 4096
    program = compiled(eight_chips, rows_one_by_one, (count, WIDTH), split=0)
    # Were the whole array read for each row, it would be thousands of times as much.
    assert memory_traffic(program) < 30 * count * WIDTH * 4


def test_text_that_is_no_program_is_refused():
    with pytest.raises(ValueError, match="expected an ENTRY computation"):
        parse("HloModule nothing\n")


def test_every_instruction_is_read(eight_chips):
    program = compiled(eight_chips, repeated, (ROWS, WIDTH), (WIDTH, WIDTH))
    opcodes = {each.instruction.opcode for each in executed(program)}
    assert {"while", "parameter", "tuple"} <= opcodes
    assert all(c.root in c.instructions for c in program.computations.values())
