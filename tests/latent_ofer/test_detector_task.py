"""The detector's training: losses by hand, who moves, hooks."""

import functools

import jax
import numpy as np
import pytest

from face_jax.latent_ofer.detector import patch_latents
from face_jax.train.step import StepOptions, train_step
from face_jax.train.task import Phase
from tests.latent_ofer.small_tasks import (
    SIDE,
    detector_task,
    random_batch,
    state_of,
    variables_of,
)

NU, RADIUS = 0.2, np.float32(2.0)


@pytest.fixture(scope="module")
def variables():
    found = variables_of(detector_task(), random_batch())
    found["embedding"]["boundary"]["radius"] = RADIUS
    return found


@pytest.fixture(scope="module")
def distances(variables):
    """Squared distances of the patches that nothing covers, float64 [N]."""
    batch, known = random_batch(), variables["sphere"]["constants"]
    run = jax.jit(patch_latents, static_argnums=0)
    x = run(detector_task().detector, variables, np.float32(batch["image"]) / 255)
    x = (np.float64(x) - known["mean"]) / known["deviation"]
    layers = variables["embedding"]["params"]
    x = x @ layers["dense_0"]["kernel"]
    x = np.where(x > 0, x, 0.01 * x) @ layers["dense_1"]["kernel"]
    blocks = batch["occluder_mask"].reshape(-1, 4, 16, 4, 16)
    untouched = (blocks.max(axis=(2, 4)) == 0).reshape(-1, 16)
    assert 0 < untouched.mean() < 1
    return np.square(x - known["center"]).sum(axis=-1)[untouched]


@functools.cache
def loss_of(objective, follows=False):
    task = detector_task(objective=objective)
    return jax.jit(functools.partial(task.loss, follows=follows))


def run(loss, variables, batch):
    return loss(variables, batch, jax.random.key(0), {})


def test_one_class_is_the_mean_distance_of_uncovered_patches(variables, distances):
    loss, aux = run(loss_of("one_class"), variables, random_batch())
    np.testing.assert_allclose(loss, distances.mean(), rtol=1e-5)
    assert set(aux.metrics) == {"distance"} and not aux.model_state


def test_a_soft_boundary_is_its_radius_and_what_exceeds_it(variables, distances):
    loss, aux = run(loss_of("soft_boundary"), variables, random_batch())
    excess = np.maximum(distances - RADIUS**2, 0)
    assert 0 < np.mean(excess > 0) < 1
    np.testing.assert_allclose(loss, RADIUS**2 + excess.mean() / NU, rtol=1e-5)
    np.testing.assert_allclose(aux.metrics["distance"], distances.mean(), rtol=1e-5)
    assert aux.metrics["radius"] == RADIUS
    assert aux.model_state["embedding"]["boundary"]["radius"] == RADIUS


def test_the_radius_follows_the_batch_after_the_loss(variables, distances):
    follow = loss_of("soft_boundary", follows=True)
    loss, aux = run(follow, variables, random_batch())
    same, _ = run(loss_of("soft_boundary"), variables, random_batch())
    np.testing.assert_allclose(loss, same, rtol=1e-6)
    found = aux.model_state["embedding"]["boundary"]["radius"]
    expected = np.quantile(np.sqrt(distances), 1 - NU)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    covered = np.full((8, SIDE, SIDE), 255, np.uint8)
    loss, aux = run(follow, variables, {**random_batch(), "occluder_mask": covered})
    assert aux.model_state["embedding"]["boundary"]["radius"] == RADIUS
    np.testing.assert_allclose(loss, RADIUS**2)


def test_the_radius_waits_for_its_phase():
    task = detector_task(radius_start=2)
    names = [task.phase(step).step for step in (0, 1, 2, 10**6)]
    assert names == ["center", "center", "boundary", "boundary"]
    assert detector_task(objective="one_class").phase(10**6).step == "center"


def test_a_step_moves_the_embedding_alone():
    task, batch = detector_task(), random_batch()
    state = state_of(task, batch)

    @jax.jit
    def step(state, batch, key):
        return train_step(
            task, Phase(step="boundary"), StepOptions(), state, batch, key
        )

    new, metrics = step(state, batch, jax.random.key(0))
    for before, after in zip(
        jax.tree.leaves(state.params), jax.tree.leaves(new.params), strict=True
    ):
        assert np.any(before != after)
    radius = {"embedding": {"boundary": {"radius": metrics["embedding/radius"]}}}
    assert radius == state.model_state != new.model_state
    assert set(new.frozen) == {"autoencoder", "sphere", "kernel_sphere"}


@pytest.fixture(scope="module")
def fitted(variables):
    """What the hooks give, one after the other."""
    task = detector_task()

    def stream():
        return iter([random_batch(), random_batch(seed=1), None])

    before = task.before_training(variables, stream)
    known = {**variables, **before}
    return before, {**before, **task.after_training(known, stream)}


def test_hooks_give_whole_networks(variables, fitted):
    before, after = fitted
    assert set(before) == {"sphere"} and set(after) == {"sphere", "kernel_sphere"}
    for name, found in after.items():
        shapes = jax.tree.map(np.shape, variables[name])
        assert jax.tree.map(np.shape, found) == shapes
    first, last = (x["sphere"]["constants"] for x in fitted)
    given = variables["sphere"]["constants"]
    assert first["radius"] == given["radius"] != last["radius"]
    for name in ("mean", "deviation", "center"):
        assert np.any(first[name] != given[name])
        np.testing.assert_array_equal(last[name], first[name])


def test_most_uncovered_patches_are_found_to_be_uncovered(variables, fitted):
    task, batch = detector_task(), random_batch()
    outputs = jax.jit(task.predict)({**variables, **fitted[1]}, batch)
    blocks = batch["occluder_mask"].reshape(-1, 4, 16, 4, 16)
    untouched = (blocks.max(axis=(2, 4)) == 0).reshape(-1, 16)
    for method in ("deep", "kernel"):
        mask = np.asarray(outputs[f"{method}_mask"])
        np.testing.assert_array_equal(mask, outputs[f"{method}_scores"] > 1)
    deep = np.asarray(outputs["deep_mask"])[untouched]
    assert 0.5 * NU < deep.mean() < 1.5 * NU  # the radius is of two such batches
    covered = np.mean(blocks > 127, axis=(2, 4)).reshape(-1, 16) >= 0.25
    figures = task.metrics(batch, outputs)
    assert set(figures) == {"deep_accuracy", "kernel_accuracy"}
    right = np.mean(np.asarray(outputs["deep_mask"]) == covered, axis=1)
    np.testing.assert_allclose(figures["deep_accuracy"], right, rtol=1e-6)
    sheet = task.pictures(batch, jax.device_get(outputs))["detection"]
    assert sheet.dtype == np.uint8 and sheet.shape[1] == 4 * 2 * SIDE + 5 * 4


def test_without_samples_there_is_no_kernel_svdd():
    task, batch = detector_task(kernel_samples=0), random_batch()
    variables = jax.eval_shape(lambda: task.init(jax.random.key(0), batch))
    assert "kernel_sphere" not in variables
    outputs = jax.eval_shape(task.predict, variables, batch)
    assert set(outputs) == {"deep_scores", "deep_mask"}
    one_class = detector_task(objective="one_class")
    variables = jax.eval_shape(lambda: one_class.init(jax.random.key(0), batch))
    assert set(variables["embedding"]) == {"params"}


def test_settings_that_cannot_be_trained_are_refused():
    for changes, message in (
        ({"objective": "hard"}, r"task\.objective: expected one of soft_boundary"),
        ({"nu": 0.0}, r"nu: expected a number in \(0, 1\]"),
        ({"fit_batches": 0}, r"task\.fit_batches: expected at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            detector_task(**changes)
    with pytest.raises(ValueError, match=r"task\.autoencoder: expected the folder"):
        detector_task(autoencoder=None).pretrained()
