"""What cases cost on chips that are not here, against counts by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.bench.cases import Case, matmul
from face_jax.bench.planning import plan_case
from face_jax.train import topologies
from face_jax.train.topologies import smallest_topology, topology
from tests.train.chips import needs_compiler

ROWS, DEPTH, COLUMNS = 512, 1024, 256
FACTORS = 4 * (ROWS * DEPTH + DEPTH * COLUMNS)
"""Bytes of the factors of a product in float32."""
RESULT = 4 * ROWS * COLUMNS
PRODUCT = matmul((ROWS, DEPTH, COLUMNS))


@pytest.fixture
def emulated(monkeypatch):
    monkeypatch.setattr(topologies, "has_compiler", lambda: False)
    return topology(smallest_topology("v5e"))


@pytest.fixture(scope="module", params=["v5e", "v6e"])
def chips(request):
    return topology(smallest_topology(request.param))


def test_operations_are_those_of_the_product(emulated):
    plan = plan_case(PRODUCT, emulated)
    assert plan.flops == plan.costs.flops == 2 * ROWS * DEPTH * COLUMNS
    assert (plan.name, plan.group) == (PRODUCT.name, "")
    assert plan.chips == 1 and plan.costs.collectives == ()
    assert plan.costs.unknown_loops == 0 and plan.compile_seconds > 0


def test_emulated_chips_leave_open_what_they_do_not_know(emulated):
    plan = plan_case(dataclasses.replace(PRODUCT, pictures=4), emulated)
    assert (plan.fits, plan.memory_bytes, plan.costs.traffic_bytes) == (None,) * 3
    assert (plan.seconds, plan.bound, plan.utilisation) == (None,) * 3
    assert plan.pictures_per_second is None


def test_operations_may_be_told(emulated):
    case = dataclasses.replace(PRODUCT, flops=7.0)
    assert plan_case(case, emulated).flops == 7.0


def test_arguments_are_trees_of_what_jax_takes(emulated):
    """As when they are timed: keys, numpy's wide types, Python's numbers."""

    def draw(tree, key, nothing):
        assert nothing is None and tree["a"].dtype == jnp.float32
        return tree["a"] * tree["b"] + jax.random.normal(key, tree["a"].shape)

    arguments = ({"a": np.zeros((2, 3)), "b": 2}, jax.random.key(0), None)
    plan = plan_case(Case("tree", jax.jit(draw), arguments, "group"), emulated)
    assert plan.group == "group" and plan.flops == 0 and plan.costs is not None


def test_nothing_is_computed(emulated):
    def refuse(_):
        raise AssertionError("was run")

    def case(x):
        return jax.pure_callback(refuse, jax.typeof(x), x)

    assert plan_case(Case("callback", case, (np.ones(3),)), emulated).costs is not None


@needs_compiler
def test_memory_holds_arguments_and_results(chips):
    plan = plan_case(PRODUCT, chips)
    assert plan.fits and plan.flops == plan.costs.flops == 2 * ROWS * DEPTH * COLUMNS
    assert FACTORS + RESULT <= plan.memory_bytes < 2 * (FACTORS + RESULT) + (1 << 20)
    assert plan.costs.traffic_bytes == pytest.approx(FACTORS + RESULT, rel=0.01)


@needs_compiler
def test_the_time_is_that_of_the_slowest_part(chips):
    plan = plan_case(dataclasses.replace(PRODUCT, pictures=4), chips)
    chip = chips.chip
    compute = plan.costs.flops / chip.peak
    memory = plan.costs.traffic_bytes / chip.memory_bandwidth
    assert memory > compute and plan.bound == "memory"
    assert plan.seconds == memory and plan.pictures_per_second == 4 / memory
    assert plan.utilisation == pytest.approx(compute / memory)


@needs_compiler
def test_large_products_are_bound_by_arithmetic(chips):
    factor = jax.ShapeDtypeStruct((8192, 8192), jnp.bfloat16)
    plan = plan_case(Case("product", jnp.matmul, (factor, factor)), chips)
    assert plan.bound == "compute" and plan.utilisation == pytest.approx(1)
    assert plan.seconds == pytest.approx(2 * 8192**3 / chips.chip.peak)


@needs_compiler
def test_loops_whose_length_is_data_are_counted_once(chips):
    def until(x, w):
        return jax.lax.while_loop(lambda x: jnp.sum(x) < 1e6, lambda x: x @ w, x)

    square = np.zeros((DEPTH, DEPTH), np.float32)
    plan = plan_case(Case("until", until, (PRODUCT.arguments[0], square)), chips)
    assert plan.costs.unknown_loops == 1
    assert plan.costs.flops == 2 * ROWS * DEPTH**2


@needs_compiler
def test_what_does_not_fit_is_told_with_what_it_would_need(chips):
    held = chips.chip.memory_bytes
    numbers = jax.ShapeDtypeStruct((held // 4,), jnp.float32)
    plan = plan_case(Case("sine", jnp.sin, (numbers,), pictures=1), chips)
    assert plan.fits is False and plan.memory_bytes > held
    assert plan.costs is plan.seconds is plan.pictures_per_second is None


@needs_compiler
def test_chips_are_given_their_own_forms(chips):
    def form(x):
        return jax.lax.platform_dependent(
            x, cpu=lambda x: x, tpu=lambda x: x @ x.T @ x, default=lambda x: x
        )

    plan = plan_case(Case("form", form, PRODUCT.arguments[:1]), chips)
    assert plan.costs.flops == 2 * 2 * ROWS**2 * DEPTH
