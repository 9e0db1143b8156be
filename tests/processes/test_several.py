"""Two processes form one run: the same batches, the same training."""

import numpy as np
import pytest

from tests.processes.command import losses, parameters, run, run_together

LENGTH = (
    "run.steps=4",
    "run.save_every=2",
    "evals.tail.every=4",
    # Plain descent: other optimizers blow up the rounding of the smallest gradients.
    "task.optimizer.name=sgd",
    "task.schedule.peak=1.0",
)


@pytest.mark.slow
def test_two_processes_train_like_one(tmp_path):
    alone, together = tmp_path / "alone", tmp_path / "together"
    run(alone, *LENGTH, devices=4)
    run_together(together, *LENGTH, processes=2, devices=2)
    ours, theirs = losses(together), losses(alone)
    assert set(ours) == set(theirs) == {1, 2, 3, 4}
    for step in theirs:
        np.testing.assert_allclose(ours[step], theirs[step], rtol=1e-4)
    for a, b in zip(parameters(together), parameters(alone), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    # Equal because both learned the same, not because neither learned.
    assert moved(parameters(alone, 4), parameters(alone, 2)) > 1e-3


def moved(found, before):
    """Norm of the difference over all arrays, relative to what was."""
    pairs = list(zip(found, before, strict=True))
    change = sum(np.sum(np.square(a - b)) for a, b in pairs)
    return np.sqrt(change / sum(np.sum(np.square(b)) for _, b in pairs))
