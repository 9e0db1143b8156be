"""A run that is killed without warning goes on as if nothing had happened."""

import os
import signal
import subprocess
import time

import numpy as np
import pytest

from tests.processes.command import (
    environment,
    losses,
    parameters,
    run,
    train_command,
)

STEPS = 40
LENGTH = (f"run.steps={STEPS}", "run.save_every=4", "evals.tail.every=20")


@pytest.mark.slow
def test_kill_nine_then_resume_equals_an_uninterrupted_run(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(whole, *LENGTH)
    random = np.random.default_rng(os.getpid())
    _kill_after(parts, step=int(random.integers(6, STEPS - 6)))
    run(parts, *LENGTH, "loader.num_workers=2")
    assert losses(parts) == losses(whole)
    ours, theirs = (_flat(parameters(workdir)) for workdir in (parts, whole))
    np.testing.assert_array_equal(ours, theirs)
    # Equal because both learned the same, not because neither learned.
    start = _flat(parameters(_untrained(tmp_path)))
    assert np.linalg.norm(theirs - start) >= 1e-2 * np.linalg.norm(start)


def _flat(arrays):
    return np.concatenate([array.reshape(-1) for array in arrays])


def _kill_after(workdir, step: int) -> None:
    process = subprocess.Popen(
        train_command(workdir, *LENGTH),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        reached = (workdir / "metrics.jsonl").exists() and max(
            losses(workdir), default=0
        )
        if reached and reached >= step:
            break
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert STEPS not in losses(workdir)


def _untrained(tmp_path):
    run(tmp_path / "untrained", "run.steps=0")
    return tmp_path / "untrained"
