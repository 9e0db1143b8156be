import numpy as np
import pytest

from face_jax.bench.results import Measurement
from face_jax.cli.render_cases import (
    GROUP,
    ORACLE,
    STAGES,
    oracle_table,
    render_cases,
    stages,
)
from face_jax.geometry.mesh import submesh
from tests.bench.timings import timing
from tests.heads.tiny_head import full_head


def test_the_oracle_is_timed_at_batch_one_alone():
    found = list(render_cases(full_head(), (16, 16), [1, 2]))
    assert len(found) == 2 * 3 * len(STAGES)
    batches = {(case.group, case.arguments[0].shape[0]) for case in found}
    assert batches == {(GROUP, 1), (GROUP, 2), (ORACLE, 1)}
    assert all(case.name.endswith(f"batch {len(case.arguments[0])}") for case in found)


def test_the_table_compares_with_the_oracle_at_batch_one():
    cases = (
        timing("render, head, batch 1", [1e-3, 2e-3, 1e-3], group=GROUP),
        timing("render, head, batch 1", [0.5, 0.5, 0.6], group=ORACLE),
        timing("render, head, batch 8", [4e-3, 4e-3, 5e-3], group=GROUP),
        timing("forward", [1.0, 1.0, 1.0], group="fsrt"),
    )
    table = oracle_table(Measurement({}, None, timing("matmul", [1.0] * 3), cases))
    assert [row[0] for row in table.rows] == [cases[0].name, cases[2].name]
    assert table.rows[0][1:] == pytest.approx([1.0, 500.0, 500])
    assert table.rows[1][1:] == pytest.approx([4.0, 4000.0, 1000])


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
