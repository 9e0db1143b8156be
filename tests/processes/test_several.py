"""Two processes form one run: the same batches, the same training."""

import numpy as np

from tests.processes.command import losses, parameters, run, run_together

LENGTH = ("run.steps=4", "run.save_every=4", "evals.tail.every=4")


def test_two_processes_train_like_one(tmp_path):
    alone, together = tmp_path / "alone", tmp_path / "together"
    run(alone, *LENGTH, devices=4)
    run_together(together, *LENGTH, processes=2, devices=2)
    ours, theirs = losses(together), losses(alone)
    assert set(ours) == set(theirs) == {1, 2, 3, 4}
    for step in theirs:
        np.testing.assert_allclose(ours[step], theirs[step], rtol=1e-4)
    for a, b in zip(parameters(together), parameters(alone), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
