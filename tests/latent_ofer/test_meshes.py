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


def descent(rate):
    """Adam makes whole steps of gradients that are nothing but rounding; this does not."""
    schedule = {"name": "constant", "peak": rate}
    return {"optimizer": {"name": "sgd"}, "schedule": schedule}


NOTHING = {"refinement": 1e-5}
"""Share of the largest gradient that is rounding alone: the biases before instance norms,
whose gradients are sums that cancel out, have 3e-6 of it."""

LAST = {"refinement": 2}
"""The last step compared, where it is not the fifth. With the rows of the batch in reverse
order one device alone differs from itself by 4e-6 at the fourth step and by 2e-4 at the
fifth, where a ReLU is within rounding of zero."""

WIDER = {
    "generator": {"width": 4, "levels": 4},
    "image_discriminator": {"width": 8, "halvings": 2},
    "feature_discriminator": {"width": 8},
    "expression": {**small_tasks.EXPRESSION, "width": 16},
}
"""As many channels as every mesh has devices to split them over."""

STAGES = {
    "mae": ("mae", {}, "train"),
    "soft boundary": ("detector", {}, "boundary"),
    "one class": ("detector", {"objective": "one_class"}, "center"),
    "expression": ("expression", {}, "train"),
    "refinement": ("refinement", WIDER, "train"),
    "recognizer": ("recognizer", {}, "train"),
}
"""Task, its settings, and the phase."""


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_meshes_agree_with_one_device(stage):
    """Gradients and statistics of the first step, and losses up to the fifth."""
    name, changes, phase = STAGES[stage]
    # The generator's loss is hundreds: at the others' rate it would be thousands soon.
    rate = 1e-5 if name == "refinement" else 1e-3
    task = getattr(small_tasks, f"{name}_task")(**descent(rate), **changes)
    batch = token_batch() if name == "recognizer" else random_batch()
    reference = gradients(task, batch, one_device(), phase)
    _, _, losses = steps(task, batch, one_device(), phase, 5)
    for sizes in MESHES:
        mesh = partitioning.make_mesh(*sizes)
        for found, alone in zip(
            gradients(task, batch, mesh, phase), reference, strict=True
        ):
            assert_near(found, alone, 1e-4, NOTHING.get(name, 0.0))
        before, state, found = steps(task, batch, mesh, phase, 5)
        for loss in (n for n in losses[0] if n.endswith("/loss")):
            for step, rtol in ((0, 1e-5), (LAST.get(name, 4), 1e-4)):
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
