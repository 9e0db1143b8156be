"""Stages that are killed without warning go on as if nothing had happened."""

import functools

import numpy as np
import pytest

from face_jax.train.stages import MARKER
from tests.processes.command import losses, parameters, run, train_command
from tests.processes.killing import kill, saved_steps

PIPELINE = {"config": "configs/latent_ofer/synthetic64.py:smoke", "common": ()}
STEPS = 12
TRAINED = (
    "autoencoder",
    "detector",
    "detector_one_class",
    "expression",
    "refinement",
    "recognizer",
)
SETTINGS = tuple(
    f"stages.{name}.{setting}"
    for name in TRAINED
    for setting in (
        f"run.steps={STEPS}",
        "run.save_every=4",
        "run.log_every=1",
        "evals.unseen.every=0",
        "task.schedule.peak=1e-2",
    )
)
TERMS = {
    "autoencoder": "autoencoder/loss",
    "detector": "embedding/loss",
    "detector_one_class": "embedding/loss",
    "expression": "expression/loss",
    "refinement": "generator/loss",
    "recognizer": "recognizer/loss",
}


def went_on(folder, term, saved):
    return saved in saved_steps(folder) and saved + 1 in losses(folder, term)


def assert_moved(workdir):
    """What is equal is not equal because nothing was learned."""
    for name in TRAINED:
        before, after = (
            np.concatenate([x.ravel() for x in parameters(workdir / name, step)])
            for step in (8, STEPS)
        )
        distance = np.linalg.norm(after - before)
        assert distance >= 1e-3 * np.linalg.norm(before), name


@pytest.mark.slow
def test_kill_nine_inside_of_stages_and_between_them(tmp_path):
    """Killed in the detector's and the refinement's middle, and between two stages."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(whole, *SETTINGS, **PIPELINE)
    command = train_command(parts, *SETTINGS, **PIPELINE)
    inside = functools.partial(went_on, saved=4)
    detector, refinement = (parts / name for name in ("detector", "refinement"))
    kill(command, lambda: inside(detector, TERMS["detector"]))
    kill(command, (parts / "detector_one_class" / MARKER).exists)
    kill(command, lambda: inside(refinement, TERMS["refinement"]))
    assert not (refinement / MARKER).exists()
    run(parts, *SETTINGS, **PIPELINE)
    assert_moved(whole)
    for name, term in TERMS.items():
        ours, theirs = parts / name, whole / name
        assert losses(ours, term) == losses(theirs, term), name
        assert max(losses(theirs, term)) == STEPS
        for one, other in zip(parameters(ours), parameters(theirs), strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)
    for name in ("images", "tokens", "relevance"):
        one, other = (
            np.load(workdir / "latents" / "train" / f"{name}.npy")
            for workdir in (parts, whole)
        )
        np.testing.assert_array_equal(one, other)
