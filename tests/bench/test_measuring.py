import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.bench import measuring
from face_jax.bench.cases import Case, matmul
from face_jax.bench.measuring import fresh_compilation, measure

SMALL = (8, 8, 8)


@pytest.fixture
def runs(monkeypatch):
    """Names of cases as they are run, each as slow as a slice of time."""
    found = []

    def run_slice(program):
        found.append(program.timing.name)
        program.wall.append(0.5)
        program.cpu.append(1.0)

    monkeypatch.setattr(measuring, "_run_slice", run_slice)
    return found


def product(left, right):
    return left @ right


def test_cases_and_the_product_run_in_turn(runs):
    ready, told = [], []
    cases = [Case(name, jnp.sin, (np.zeros(3),), "group") for name in ("a", "b")]
    found = measure(
        cases, 2, matmul_shape=SMALL, compiled=ready.append, progress=told.append
    )
    assert runs == 2 * ["matmul 8 x 8 x 8, float32", "a", "b"] and told == [1, 2]
    assert [timing.name for timing in ready] == ["a", "b"] and ready[0].seconds == ()
    assert [case.seconds for case in found.cases] == 2 * [(0.5, 0.5)]
    assert found.cases[0].group == "group" and found.matmul.cpu_seconds == (1.0, 1.0)


def test_what_is_computed_and_needed_is_counted():
    left, right = np.zeros((4, 5), np.float32), np.zeros((5, 6), np.float32)
    cases = [
        Case("counted", product, (left, right)),
        Case("given", jax.jit(product), (left, right), flops=7.0),
        Case("none", jnp.sin, (left,)),
    ]
    found = measure(cases, 1, matmul_shape=SMALL)
    assert [case.flops for case in found.cases] == [2 * 4 * 5 * 6, 7.0, 0.0]
    assert found.matmul.flops == 2 * 8**3
    assert found.cases[0].planned_bytes >= 4 * (4 * 5 + 5 * 6 + 4 * 6)
    for case in (found.matmul, *found.cases):
        assert len(case.seconds) == 1 and case.median > 0 and case.compile_seconds > 0
    assert found.share(found.cases[2]) is None and found.share(found.cases[0]) > 0
    assert found.device_peak_bytes is None


def test_arguments_may_be_trees_and_programs_of_several_results():
    case = Case(
        "tree", lambda tree: (tree["a"] + 1, tree["b"][0]), ({"a": 1, "b": [2]},)
    )
    assert measure([case], 1, matmul_shape=SMALL).cases[0].name == "tree"


@pytest.mark.parametrize(
    ("names", "message"), [(["a", "a"], "two cases 'a'"), ([], "no case")]
)
def test_cases_are_told_apart(names, message):
    cases = [Case(name, jnp.sin, (1.0,), "g") for name in names]
    with pytest.raises(ValueError, match=message):
        measure(cases, 1, matmul_shape=SMALL)


def test_the_product_is_as_large_as_told():
    assert matmul().arguments[0].shape == (2048, 2048)
    case = matmul((2, 3, 4))
    assert case.function(*case.arguments).shape == (2, 4)


def test_no_program_comes_from_a_cache(tmp_path):
    def entries():
        return len(
            [path for path in tmp_path.iterdir() if path.name.endswith("-cache")]
        )

    settings = {
        "jax_enable_compilation_cache": True,
        "jax_compilation_cache_dir": str(tmp_path),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
    }
    before = {name: jax.config.values[name] for name in settings}
    try:
        for name, value in settings.items():
            jax.config.update(name, value)
        with fresh_compilation():
            jax.jit(lambda x: x + 12345).lower(1).compile()
            assert entries() == 0
        jax.jit(lambda x: x + 12345).lower(1).compile()
        assert entries() == 1
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
        with fresh_compilation():
            pass  # forgets the folder
