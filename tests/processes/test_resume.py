"""A run that is killed without warning goes on as if nothing had happened."""

import functools
import os

import numpy as np
import pytest

from tests.processes.command import losses, parameters, run, train_command
from tests.processes.killing import kill, saved_steps

STEPS = 40
LENGTH = (f"run.steps={STEPS}", "run.save_every=4", "evals.tail.every=20")

TWO_PATHS = "configs/smirk/train.py:smoke"
TWO_PATH_LENGTH = (
    *("run.steps=12", "task.pretraining_steps=2", "run.save_every=3"),
    *("run.log_every=1", "evals.validation.every=6", "loader.batch_size=32"),
)
"""Steps of two paths from the second on; checkpoints before odd and even ones."""


@pytest.mark.slow
def test_kill_nine_then_resume_equals_an_uninterrupted_run(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(whole, *LENGTH)
    random = np.random.default_rng(os.getpid())
    step = int(random.integers(6, STEPS - 6))
    kill(train_command(parts, *LENGTH), lambda: step in losses(parts))
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
        kill(command, functools.partial(_went_on_from, parts, saved))
        assert max(saved_steps(parts)) == saved
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
    return saved in saved_steps(workdir) and saved + 1 in losses(workdir, TERMS[0])


def _flat(arrays):
    return np.concatenate([array.reshape(-1) for array in arrays])
