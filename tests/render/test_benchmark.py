import numpy as np
import pytest

from face_jax.geometry.mesh import submesh
from face_jax.render.benchmark import (
    STAGES,
    Case,
    Timing,
    measure,
    stages,
    timing_table,
)


def case(batch, dense, calls, stage="render"):
    name = (stage, batch, dense)
    return Case(stage, "head", 10, batch, dense, lambda: calls.append(name))


def test_cases_run_in_turn_and_the_oracle_once_a_round():
    calls, told = [], []
    found = [case(1, False, calls), case(1, True, calls)]
    timings = measure(found, rounds=2, repeats=3, progress=told.append)
    fast, oracle = ("render", 1, False), ("render", 1, True)
    assert calls == 2 * [fast, fast, fast, oracle] and told == [1, 2]
    assert all(len(t.wall) == len(t.cpu) == 2 and min(t.wall) > 0 for t in timings)


def test_the_table_compares_with_the_oracle_at_batch_one():
    found = [case(1, False, []), case(1, True, []), case(8, False, [])]
    times = ([2e-3, 1e-3], [0.5, 0.6], [4e-3, 5e-3])
    table = timing_table(found, [Timing(list(t), list(t)) for t in times])
    assert [row[0] for row in table.rows] == ["render, head"] * 2
    assert table.rows[0][3:] == pytest.approx([1.0, 1.0, 500.0, 500])
    assert table.rows[1][3:] == pytest.approx([4.0, 4.0, 4000.0, 1000])


def test_every_stage_does_what_it_says():
    vertices = np.float32([[[-1, -1, 0], [1, -1, 0], [0, 1, 0]]])
    camera = np.float32([[0.5, 0.0, 0.0]])
    part = submesh(np.array([[0, 1, 2]]), np.ones(3, bool))
    found = {
        name: function(vertices, camera)
        for name, function in stages(part, (8, 8), "blocks").items()
    }
    assert list(found) == list(STAGES)
    covered = np.asarray(found["visibility"]) == 0
    assert 5 < covered.sum() < 10
    bary, depth = found["rasterize"]
    np.testing.assert_array_equal(np.asarray(bary).sum(-1) > 0.5, covered)
    np.testing.assert_array_equal(np.asarray(depth) > 9, covered)
    (image,) = found["render"]
    np.testing.assert_array_equal(np.asarray(image)[..., 0] > 0, covered)
    loss, gradient = found["render + gradient"]
    assert loss == pytest.approx(float(np.sin(image).sum()), rel=1e-5)
    assert gradient.shape == vertices.shape and np.any(gradient)
