"""The refinement's training: its problem, who moves, and what by."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.refinement import Problem
from face_jax.latent_ofer.refinement_losses import GENERATOR_WEIGHTS
from tests.latent_ofer.small_tasks import (
    GRID,
    SIDE,
    random_batch,
    refinement_task,
    variables_of,
)
from tests.train.on_mesh import changed, one_device, steps

KEY = jax.random.key(0)
ROWS = 2


def batch_of(**changes):
    return {**{n: rows[:ROWS] for n, rows in random_batch().items()}, **changes}


@pytest.fixture(scope="module")
def variables():
    return variables_of(refinement_task(), random_batch())


@pytest.fixture(scope="module")
def losses():
    """Both losses and what the first leaves to the second, without gradients."""
    task = refinement_task()

    @jax.jit
    def run(variables, batch):
        _, first = task.discriminators_loss(variables, batch, KEY, {})
        loss, second = task.generator_loss(variables, batch, KEY, first.carry)
        return first, loss, second

    return run


def test_losses_are_weighted_terms(losses, variables):
    first, loss, second = losses(variables, batch_of())
    assert set(first.metrics) == {"image", "features"}
    assert set(second.metrics) == set(GENERATOR_WEIGHTS)
    total = sum(second.metrics[name] * w for name, w in GENERATOR_WEIGHTS.items())
    np.testing.assert_allclose(loss, total, rtol=1e-5)
    problem, target = Problem(**first.carry["problem"]), first.carry["target"]
    clean = np.float64(batch_of()["clean_image"]) / 127.5 - 1
    np.testing.assert_allclose(target, clean, atol=1e-6)
    coarse = np.abs(problem.coarse - clean).mean()
    np.testing.assert_allclose(second.metrics["coarse"], coarse, rtol=1e-4)


def test_the_hole_is_what_is_covered_by_patches(losses, variables):
    """Two patches as a whole and two by half; less than a quarter is no hole."""
    mask = batch_of()["occluder_mask"].copy()
    mask[1, :16, :3] = 255
    first, *_ = losses(variables, batch_of(occluder_mask=mask))
    expected = np.zeros((ROWS, SIDE, SIDE), bool)
    expected[0, 16:48, 16:48] = True
    problem = Problem(**first.carry["problem"])
    np.testing.assert_array_equal(problem.holes, expected)
    given = np.float64(batch_of()["image"]) / 127.5 - 1
    np.testing.assert_allclose(problem.coarse[~expected], given[~expected], atol=1e-6)


def test_what_covers_the_face_influences_no_loss(losses, variables):
    images = batch_of()["image"].copy()
    images[0, 16:48, 16:48] = 7
    found, other = (losses(variables, batch_of(**x)) for x in ({}, {"image": images}))
    for one, two in zip(*map(jax.tree.leaves, (found, other)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_figures_and_sheet_compare_both_reconstructions(variables):
    task, batch = refinement_task(), batch_of()
    shapes = jax.eval_shape(task.predict, variables, batch)
    assert shapes["mask"].shape == (ROWS, GRID**2)
    clean = np.float32(batch["clean_image"]) / 255
    outputs = {"coarse": clean + 0.1, "made": clean + 0.01}
    figures = task.metrics(batch, outputs)
    np.testing.assert_allclose(figures["psnr_coarse"], 20, rtol=1e-3)
    np.testing.assert_allclose(figures["psnr_made"], 40, rtol=1e-3)
    sheet = task.pictures(batch, outputs)["reconstruction"]
    assert sheet.dtype == np.uint8 and sheet.shape[1] == 4 * 2 * SIDE + 5 * 4


@functools.cache
def gradients_of(compat):
    """Largest gradient of each term in the generator's parameters."""
    task = refinement_task(compat=compat)

    @jax.jit
    def run(variables, batch):
        _, aux = task.discriminators_loss(variables, batch, KEY, {})

        def terms(params):
            moved = {**variables, "generator": {"params": params}}
            return task.generator_loss(moved, batch, KEY, aux.carry)[1].metrics

        found, pull = jax.vjp(terms, variables["generator"]["params"])
        rows = jnp.eye(len(found))
        seeds = {name: rows[i] for i, name in enumerate(found)}
        pulled = jax.vmap(lambda seed: pull(seed)[0])(seeds)
        leaves = [jnp.abs(x).reshape(len(found), -1) for x in jax.tree.leaves(pulled)]
        return dict(zip(found, jnp.concatenate(leaves, 1).max(1), strict=True))

    return run


@pytest.mark.slow
@pytest.mark.parametrize("compat", ["fixed", "reference"])
def test_terms_that_reach_the_generator(compat, variables):
    found = gradients_of(compat)(variables, batch_of())
    alive = {name for name, largest in found.items() if largest > 0}
    everything = set(GENERATOR_WEIGHTS) - {"coarse"}
    inert = {"feature_adversarial", "assembled", "decoded", "semantic"}
    assert alive == (everything if compat == "fixed" else everything - inert)


@pytest.mark.slow
def test_an_iteration_moves_discriminators_and_generator_once():
    task = refinement_task()
    before, after, (metrics,) = steps(task, random_batch(), one_device(), "train")
    moved = {"generator", "image_discriminator", "feature_discriminator"}
    assert changed(before.params, after.params) == set(before.params) == moved
    assert not changed(before.frozen, after.frozen)
    assert set(before.frozen) == {"autoencoder", "expression"}
    assert all(int(state.count) == 1 for state in after.opt_state.values())
    trains = {u.name: set(u.trains) for u in task.updates(task.phase(0))}
    assert trains == {
        "discriminators": moved - {"generator"},
        "generator": {"generator"},
    }
    assert all(np.isfinite(value) for value in metrics.values())


def test_eyes_are_vgg16_where_it_has_weights():
    """Shapes of every network and both losses, without computing them."""
    task = refinement_task(
        vgg16_weights="random",
        compat="reference",
        generator={"width": 64, "levels": 4},
    )
    assert task.eyes == "vgg16" and task.teachers() == ("expression", "vgg16")
    variables = jax.eval_shape(lambda: task.init(KEY, batch_of()))
    assert "vgg16" in variables
    _, aux = jax.eval_shape(task.discriminators_loss, variables, batch_of(), KEY, {})
    loss, aux = jax.eval_shape(
        task.generator_loss, variables, batch_of(), KEY, aux.carry
    )
    assert loss.shape == () and set(aux.metrics) == set(GENERATOR_WEIGHTS)
    assert refinement_task().teachers() == ("expression",)


@pytest.mark.parametrize("field", ["autoencoder", "expression_weights"])
def test_missing_weights_are_named(field):
    with pytest.raises(ValueError, match=rf"task\.{field}: expected the folder"):
        refinement_task(**{field: None}).pretrained()
