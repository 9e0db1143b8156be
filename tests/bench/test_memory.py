import sys

import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.bench import memory
from face_jax.bench.cases import Case
from face_jax.bench.measuring import measure


@pytest.mark.skipif(sys.platform != "linux", reason="told by Linux alone")
def test_growth_is_what_is_touched_meanwhile():
    kept = []
    grown = memory.resident_growth(lambda: kept.append(np.ones(16 << 20, np.uint8)))
    assert 15 << 20 < grown < 24 << 20 and len(kept) == 2
    assert memory.resident_growth(lambda: None) < 4 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="told by Linux alone")
def test_what_is_given_back_before_the_end_counts():
    assert memory.resident_growth(lambda: np.ones(16 << 20, np.uint8).sum()) > 15 << 20


def test_systems_that_do_not_tell_are_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "CLEAR_REFS", tmp_path / "none" / "clear_refs")
    assert memory.resident_growth(lambda: None) is None


@pytest.mark.skipif(sys.platform != "linux", reason="told by Linux alone")
def test_plan_and_growth_of_a_program_agree():
    table = np.zeros((4096, 1024), np.float32)  # 16 MiB
    case = Case("sort", lambda x: jnp.sort(x, axis=0), (table,))
    found = measure([case], 1, matmul_shape=(8, 8, 8)).cases[0]
    assert found.planned_bytes >= 2 * table.nbytes
    # Arguments are there before the run.
    expected = found.planned_bytes - table.nbytes
    assert found.resident_growth_bytes == pytest.approx(expected, rel=0.5)
