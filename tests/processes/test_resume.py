"""A run that is killed without warning goes on as if nothing had happened."""

import functools
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

TWO_PATHS = "configs/smirk/synthetic64.py:smoke"
TWO_PATH_LENGTH = (
    *("run.steps=12", "task.pretraining_steps=2", "run.save_every=3"),
    *("run.log_every=1", "evals.unseen.every=6", "loader.batch_size=32"),
)
"""Steps of two paths from the second on; checkpoints before odd and even ones."""


@pytest.mark.slow
def test_kill_nine_then_resume_equals_an_uninterrupted_run(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(whole, *LENGTH)
    random = np.random.default_rng(os.getpid())
    step = int(random.integers(6, STEPS - 6))
    _kill(train_command(parts, *LENGTH), parts, lambda: step in losses(parts))
    assert STEPS not in losses(parts)
    run(parts, *LENGTH, "loader.num_workers=2")
    assert losses(parts) == losses(whole)
    run(tmp_path / "untrained", "run.steps=0")
    _assert_equal_and_moved(parts, whole, tmp_path / "untrained")


@pytest.mark.slow
def test_kill_nine_in_either_turn_of_two_paths(tmp_path):
    """Killed twice: it goes on once with the encoders' turn, once with the generator's."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    settings = {"config": TWO_PATHS, "common": ()}
    run(whole, *TWO_PATH_LENGTH, **settings)
    command = train_command(parts, *TWO_PATH_LENGTH, **settings)
    for saved in (3, 6):
        _kill(command, parts, functools.partial(_went_on_from, parts, saved))
        assert max(_checkpoints(parts)) == saved
    run(parts, *TWO_PATH_LENGTH, **settings)
    for term in TERMS:
        assert losses(parts, term) == losses(whole, term)
    assert min(losses(whole, TERMS[1])) == 3 and max(losses(whole, TERMS[1])) == 12
    run(tmp_path / "untrained", *TWO_PATH_LENGTH, "run.steps=0", **settings)
    _assert_equal_and_moved(parts, whole, tmp_path / "untrained")


TERMS = ("reconstruction/loss", "cycle/loss")


def _assert_equal_and_moved(parts, whole, untrained):
    ours, theirs = (_flat(parameters(workdir)) for workdir in (parts, whole))
    np.testing.assert_array_equal(ours, theirs)
    # Equal because both learned the same, not because neither learned.
    start = _flat(parameters(untrained))
    assert np.linalg.norm(theirs - start) >= 1e-2 * np.linalg.norm(start)


def _went_on_from(workdir, saved: int) -> bool:
    return saved in _checkpoints(workdir) and saved + 1 in losses(workdir, TERMS[0])


def _checkpoints(workdir) -> list[int]:
    folders = (workdir / "checkpoints").iterdir()
    return [int(folder.name) for folder in folders if folder.name.isdigit()]


def _flat(arrays):
    return np.concatenate([array.reshape(-1) for array in arrays])


def _kill(command, workdir, ready) -> None:
    """Starts a run and kills it as soon as its records and checkpoints are ``ready``."""
    process = subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if (workdir / "metrics.jsonl").exists() and ready():
            break
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
