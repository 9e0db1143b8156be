"""A notice to one of two processes: both save the same step, and leave in order."""

import re

import pytest

from face_jax.cli.exit_codes import ExitCode
from tests.processes.several import Launch, differing_arrays, newest_digests

pytestmark = pytest.mark.slow

CONFIG = "tests/processes/toy_config.py"
SETTINGS = ("run.steps=60", "mesh.data=1", "mesh.fsdp=-1", "run.fsdp_min_bytes=0")
WIDE = "task.hidden=4096"
"""Arrays that do not fit into the index of a checkpoint."""
PATIENCE = 300


def launch(workdir, *settings):
    cache = workdir.parent / "compiled"
    shape = {"processes": 2, "devices": 2, "cache": cache}
    return Launch(workdir, *SETTINGS, *settings, config=CONFIG, **shape)


def log(workdir, rank):
    return (workdir / "logs" / f"process_{rank}.log").read_text()


@pytest.mark.parametrize("rank", [1, pytest.param(0, marks=pytest.mark.slow)])
def test_both_save_the_same_step(tmp_path, rank):
    workdir = tmp_path / "run"
    with launch(workdir) as run:
        assert run.wait_for(rank, "step", 12, 0.0, PATIENCE)
        run.signal(rank, "TERM")
        assert run.settle(PATIENCE) == [ExitCode.PREEMPTED, ExitCode.PREEMPTED]
    step, _ = newest_digests(workdir)
    assert 12 <= step < 60
    for index in range(2):
        assert f"stopped at step {step}; the same command" in log(workdir, index)


@pytest.mark.slow
def test_a_torn_checkpoint_is_set_aside_by_both(tmp_path):
    """One process finds its part damaged; the other takes the step before too."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for workdir in (whole, torn):
        with launch(workdir, WIDE) as run:
            assert run.settle(PATIENCE) == [0, 0]
    newest = torn / "checkpoints" / "60"
    for part in newest.glob("params/ocdbt.process_1/d/*"):
        part.write_bytes(part.read_bytes()[:10])
    with launch(torn, WIDE) as run:
        assert run.settle(PATIENCE) == [0, 0]
    for index in range(2):
        assert re.search(r"60: .* set aside as 60.corrupt, trying", log(torn, index))
        assert "going on from step 50" in log(torn, index)
    assert differing_arrays(whole, torn) == []
