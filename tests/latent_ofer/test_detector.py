"""Scores of both spheres against numpy."""

import dataclasses

import jax
import numpy as np
import pytest

from face_jax.latent_ofer.detector import detect, patch_latents, standardized
from face_jax.latent_ofer.patch_groups import without_small_groups
from tests.latent_ofer.small_tasks import (
    GRID,
    ROWS,
    TOKENS,
    detector_task,
    random_batch,
    variables_of,
)

DETECTOR = detector_task().detector


@pytest.fixture(scope="module")
def images():
    return np.float32(random_batch()["image"]) / 255


@pytest.fixture(scope="module")
def variables():
    found = variables_of(detector_task(), random_batch())
    kernel = found["kernel_sphere"]["constants"]
    weights = np.abs(kernel["weights"])
    kernel |= {"weights": weights / weights.sum(), "offset": np.float32(0.4)}
    found["sphere"]["constants"]["radius"] = np.float32(1.4)
    return found


@pytest.fixture(scope="module")
def latents(images, variables):
    found = jax.jit(patch_latents, static_argnums=0)(DETECTOR, variables, images)
    assert found.shape == (ROWS, GRID**2, DETECTOR.width)
    return np.float64(standardized(variables, found))


def find(variables, images, method):
    detector = dataclasses.replace(DETECTOR, method=method)
    return jax.jit(detect, static_argnums=0)(detector, variables, images)


def check(found, distances, radius):
    np.testing.assert_allclose(found.scores, distances / radius, rtol=1e-4)
    np.testing.assert_array_equal(found.mask, np.asarray(found.scores) > 1)
    assert 0 < np.mean(found.mask) < 1


def test_deep_scores_are_distances_in_radii(images, variables, latents):
    known, x = variables["sphere"]["constants"], latents
    layers = variables["embedding"]["params"]
    x = x @ layers["dense_0"]["kernel"]
    x = np.where(x > 0, x, 0.01 * x) @ layers["dense_1"]["kernel"]
    distances = np.linalg.norm(x - known["center"], axis=-1)
    check(find(variables, images, "deep"), distances, known["radius"])


def test_kernel_scores_are_distances_in_radii(images, variables, latents):
    known = variables["kernel_sphere"]["constants"]
    offsets = latents[:, :, None] - known["samples"]
    similar = np.exp(-np.square(offsets).mean(axis=-1)) @ known["weights"]
    distances = np.sqrt(1 + known["offset"] - 2 * similar)
    # In the middle of what there is, so that both answers come.
    known["radius"] = np.float32(np.median(distances))
    check(find(variables, images, "kernel"), distances, known["radius"])


def test_small_groups_of_patches_do_not_count(images, variables):
    everything = find(variables, images, "deep")
    detector = detector_task(smallest_group=3).detector
    found = jax.jit(detect, static_argnums=0)(detector, variables, images)
    np.testing.assert_array_equal(found.scores, everything.scores)
    expected = without_small_groups(everything.mask, 3)
    np.testing.assert_array_equal(found.mask, expected)
    assert expected.sum() < everything.mask.sum()


def test_the_decoders_tokens_describe_patches_too(images, variables):
    detector = detector_task(latent_source="decoder").detector
    assert detector.width == TOKENS
    network = detector.autoencoder
    found = jax.jit(patch_latents, static_argnums=0)(detector, variables, images)
    tokens = jax.jit(network.apply)(variables["autoencoder"], images).tokens
    np.testing.assert_allclose(found, tokens[:, 1:], atol=1e-5)


def test_places_may_have_standards_of_their_own():
    random = np.random.default_rng(0)
    latents, mean = random.normal(size=(2, 3, 4)), random.normal(size=(3, 4))
    whitening = random.normal(size=(3, 4, 4))
    known = {"mean": mean, "whitening": whitening}
    found = standardized({"sphere": {"constants": known}}, np.float32(latents))
    for place in range(3):
        expected = (latents[:, place] - mean[place]) @ whitening[place]
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("field", ["method", "latent_source", "standards"])
def test_unknown_choices_are_refused(field):
    with pytest.raises(ValueError, match=f"{field}: expected one of .*, got 'none'"):
        dataclasses.replace(DETECTOR, **{field: "none"})
