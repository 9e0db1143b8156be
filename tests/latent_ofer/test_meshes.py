"""Every stage's training on meshes against one device."""

import jax
import numpy as np
import pytest

from face_jax.train import partitioning
from tests.latent_ofer import small_tasks
from tests.latent_ofer.small_tasks import random_batch, token_batch
from tests.train.on_mesh import (
    assert_near,
    changed,
    first_gradients,
    one_device,
    start,
    steps,
)

MESHES = ((8, 1, 1), (2, 4, 1), (2, 2, 2))

# Plain descent: Adam makes whole steps of gradients that are nothing but rounding.
DESCENT = {
    "optimizer": {"name": "sgd"},
    "schedule": {"name": "constant", "peak": 1e-3},
}

STAGES = {
    "mae": ("mae", {}, "train"),
    "soft boundary": ("detector", {}, "boundary"),
    "one class": ("detector", {"objective": "one_class"}, "center"),
    "expression": ("expression", {}, "train"),
    "refinement": ("refinement", {}, "train"),
    "recognizer": ("recognizer", {}, "train"),
}
"""Task, its settings, and the phase."""


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_meshes_agree_with_one_device(stage):
    """Gradients and statistics of the first step, and losses up to the fifth."""
    name, changes, phase = STAGES[stage]
    task = getattr(small_tasks, f"{name}_task")(**DESCENT, **changes)
    batch = token_batch() if name == "recognizer" else random_batch()
    reference = gradients(task, batch, one_device(), phase)
    _, _, losses = steps(task, batch, one_device(), phase, 5)
    for sizes in MESHES:
        mesh = partitioning.make_mesh(*sizes)
        for found, alone in zip(
            gradients(task, batch, mesh, phase), reference, strict=True
        ):
            assert_near(found, alone, 1e-4)
        before, state, found = steps(task, batch, mesh, phase, 5)
        for loss in (n for n in losses[0] if n.endswith("/loss")):
            for step, rtol in ((0, 1e-5), (4, 1e-4)):
                np.testing.assert_allclose(
                    found[step][loss], losses[step][loss], rtol=rtol
                )
        assert not changed(before.frozen, state.frozen)


def gradients(task, batch, mesh, phase):
    state, rows, *_ = start(task, batch, mesh)
    with jax.set_mesh(mesh):
        return first_gradients(task, state, rows, phase)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", MESHES[1:])
def test_latent_layers_are_spread(sizes):
    task, mesh = small_tasks.recognizer_task(), partitioning.make_mesh(*sizes)
    state, *_ = start(task, token_batch(), mesh)
    branch = state.params["recognizer"]["latent_branch"]
    for name in ("dense_0", "dense_1"):
        assert not branch[name]["kernel"].sharding.is_fully_replicated


@pytest.mark.slow
def test_hooks_find_the_same_on_a_mesh():
    """Whole sets of patches are gathered from all devices."""
    task, found = small_tasks.detector_task(), []
    for mesh in (one_device(), partitioning.make_mesh(2, 2, 2)):
        state, rows, *_ = start(task, random_batch(), mesh)
        with jax.set_mesh(mesh):
            known = state.variables()
            known |= task.before_training(known, lambda rows=rows: iter([rows, rows]))
            last = task.after_training(known, lambda rows=rows: iter([rows, rows]))
        found.append(jax.device_get({**last}))
    assert_near(found[1], found[0], 1e-4)
