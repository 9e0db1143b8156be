"""The masked autoencoder's training against its network, masked, and numpy."""

import functools

import jax
import numpy as np
import pytest

from face_jax.nn.vgg import IMAGENET_MEAN, IMAGENET_STD
from tests.latent_ofer.small_tasks import (
    GRID,
    PATCH,
    SIDE,
    mae_task,
    random_batch,
    variables_of,
)

clean_task = functools.partial(mae_task, picture="clean_image")
KEY = jax.random.key(3)
KEPT = 4
"""Patches of 16 that are shown."""


def patches_of(pictures):
    """uint8 [B, H, W, 3] in ImageNet's units, [B, L, pixels of a patch]."""
    units = (np.float32(pictures) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    blocks = units.reshape(-1, GRID, PATCH, GRID, PATCH, 3)
    return blocks.swapaxes(2, 3).reshape(len(pictures), GRID**2, -1)


def masked(noise):
    """bool [B, L], all but the patches with the smallest numbers."""
    return np.argsort(np.argsort(noise, axis=1), axis=1) >= KEPT


@pytest.fixture(scope="module")
def variables():
    return variables_of(clean_task(), random_batch())


@pytest.fixture(scope="module")
def made(variables):
    """What the network makes of pictures whose masked patches stay in their place."""
    task, batch = clean_task(), random_batch()
    mask = masked(jax.random.uniform(KEY, (len(batch["image"]), GRID**2)))
    images = np.float32(batch["clean_image"]) / 255
    run = jax.jit(task.module.apply)
    return mask, np.asarray(run(variables["autoencoder"], images, mask).patches)


@pytest.mark.parametrize("normalized", [False, True])
def test_the_loss_is_the_squared_error_of_masked_patches(variables, made, normalized):
    task, batch = clean_task(normalized_targets=normalized), random_batch()
    loss, aux = jax.jit(task.loss)(variables, batch, KEY, {})
    mask, patches = made
    targets = patches_of(batch["clean_image"])
    if normalized:
        variance = targets.var(axis=-1, keepdims=True, ddof=1)
        targets = targets - targets.mean(axis=-1, keepdims=True)
        targets = targets / np.sqrt(variance + 1e-6)
    assert mask.sum() == len(mask) * (GRID**2 - KEPT)
    expected = np.mean(np.square(np.float64(patches) - targets)[mask])
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    assert aux.metrics == {"reconstruction": loss}


def test_what_it_sees_and_what_it_predicts_may_be_two_pictures(variables, made):
    mask, patches = made
    clean = random_batch()["clean_image"]
    batch = {"image": clean, "clean_image": np.flip(clean, axis=0)}
    task = mae_task(target="clean_image")
    loss, _ = jax.jit(task.loss)(variables, batch, KEY, {})
    apart = np.float64(patches) - patches_of(batch["clean_image"])
    np.testing.assert_allclose(loss, np.mean(np.square(apart)[mask]), rtol=1e-5)
    outputs = jax.device_get(jax.jit(task.predict)(variables, batch))
    shown = np.isclose(outputs["masked"], clean / 255, atol=1e-5).all(axis=-1)
    assert np.mean(shown) == KEPT / GRID**2
    behind = batch["clean_image"][shown] / 255
    np.testing.assert_allclose(outputs["image"][shown], behind, atol=1e-5)


@pytest.fixture(scope="module")
def outputs(variables):
    return jax.device_get(jax.jit(clean_task().predict)(variables, random_batch()))


def test_pictures_change_in_masked_patches_alone(outputs):
    given = np.float32(random_batch()["clean_image"]) / 255
    mask = masked(jax.random.uniform(jax.random.key(0), (len(given), GRID**2)))
    hole = mask.reshape(-1, GRID, GRID).repeat(PATCH, axis=1).repeat(PATCH, axis=2)
    for name in ("image", "masked"):
        np.testing.assert_allclose(outputs[name][~hole], given[~hole], atol=1e-7)
        assert np.mean(outputs[name][hole] != given[hole]) > 0.9
    hidden = outputs["masked"][hole]
    np.testing.assert_allclose(hidden, np.broadcast_to(IMAGENET_MEAN, hidden.shape))


def test_figures_are_of_each_picture(outputs):
    task, batch = clean_task(), random_batch()
    found = task.metrics(batch, outputs)
    given = np.float64(batch["clean_image"]) / 255
    squared = np.square(outputs["image"] - given)
    psnr = -10 * np.log10(squared.mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(found["psnr"], psnr, rtol=1e-4)
    # Predictions outside of [0, 1] are clipped in the picture, not in the loss.
    share = (GRID**2 - KEPT) / GRID**2
    inside = np.square((outputs["image"] - given) / IMAGENET_STD).mean(axis=(1, 2, 3))
    assert (found["error"] >= inside / share - 1e-4).all()
    normalized = clean_task(normalized_targets=True)
    assert set(normalized.metrics(batch, outputs)) == {"error"}


def test_a_sheet_shows_three_columns(outputs):
    sheet = clean_task().pictures(random_batch(), outputs)["patches"]
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 3 * 2 * SIDE + 4 * 4


def test_a_run_starts_from_weights_that_are_named():
    assert mae_task().pretrained() == {}
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz: no such file"):
        mae_task(start_from="nowhere.npz").pretrained()


def test_pictures_of_another_size_are_refused():
    small = {"clean_image": np.zeros((2, 32, 32, 3), np.uint8)}
    with pytest.raises(ValueError, match=r"images: expected \[B, 64, 64, 3\]"):
        clean_task().init(jax.random.key(0), small)


@pytest.mark.parametrize("picture", ["image", "clean_image"])
def test_nothing_but_the_chosen_picture_is_needed(picture, variables):
    task, batch = mae_task(picture=picture), {picture: random_batch()[picture]}
    loss, _ = jax.eval_shape(task.loss, variables, batch, KEY, {})
    outputs = jax.eval_shape(task.predict, variables, batch)
    figures = jax.eval_shape(task.metrics, batch, outputs)
    assert loss.shape == () and figures["psnr"].shape == (len(batch[picture]),)


def test_pictures_that_there_are_not_are_refused():
    with pytest.raises(
        ValueError, match=r"task\.picture: expected one of image, clean"
    ):
        mae_task(picture="mask")
    with pytest.raises(ValueError, match=r"task\.target: expected one of image, clean"):
        mae_task(target="mask")
