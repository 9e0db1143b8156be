"""What is fitted to a whole set against numpy, over patches that nothing covers."""

import dataclasses

import jax
import numpy as np
import pytest

from face_jax.latent_ofer import detector_fit as fitting
from face_jax.latent_ofer.detector import patch_latents
from tests.latent_ofer.small_tasks import detector_task, random_batch, variables_of

DETECTOR = detector_task().detector
NU = 0.2
FIRST = 112
"""Uncovered patches of the first batch; the second one has 96."""


def batches():
    """Two of different pictures; the second shows one row covered as a whole."""
    first, second = random_batch(), dict(random_batch(seed=1))
    second["occluder_mask"] = second["occluder_mask"].copy()
    second["occluder_mask"][1] = 255
    return [first, second]


def joined():
    return {n: np.concatenate([b[n] for b in batches()]) for n in batches()[0]}


@pytest.fixture(scope="module")
def variables():
    return variables_of(detector_task(), random_batch())


@pytest.fixture(scope="module")
def all_latents(variables):
    """Of both batches, float64 [B, L, D], and which of them count."""
    run = jax.jit(patch_latents, static_argnums=0)
    found, counts = [], []
    for batch in batches():
        found.append(run(DETECTOR, variables, np.float32(batch["image"]) / 255))
        blocks = batch["occluder_mask"].reshape(-1, 4, 16, 4, 16)
        counts.append((blocks.max(axis=(2, 4)) == 0).reshape(-1, 16))
    return np.concatenate(found).astype(np.float64), np.concatenate(counts)


@pytest.fixture(scope="module")
def latents(all_latents):
    """Those that count, [N, D]."""
    found, counts = all_latents
    return found[counts]


@pytest.fixture(scope="module")
def fitted(variables):
    return fitting.fit_standardization(DETECTOR, variables, batches())


@pytest.fixture(scope="module")
def known(variables, fitted):
    """Variables whose sphere knows how latents are standardised."""
    sphere = {**variables["sphere"]["constants"], **fitted}
    return {**variables, "sphere": {"constants": sphere}}


@pytest.fixture(scope="module")
def standard(latents, fitted):
    return (latents - fitted["mean"]) / fitted["deviation"]


def embedded(variables, x):
    layers = variables["embedding"]["params"]
    x = x @ layers["dense_0"]["kernel"]
    return np.where(x > 0, x, 0.01 * x) @ layers["dense_1"]["kernel"]


def test_latents_are_standardised_over_uncovered_patches(latents, fitted):
    np.testing.assert_allclose(fitted["mean"], latents.mean(0), atol=1e-5)
    np.testing.assert_allclose(fitted["deviation"], latents.std(0), rtol=1e-4)
    assert all(leaf.dtype == np.float32 for leaf in fitted.values())


def test_the_centre_is_their_mean_kept_away_from_zero(known, standard):
    found = fitting.fit_center(DETECTOR, known, batches())
    mean = embedded(known, standard).mean(axis=0)
    expected = np.where(np.abs(mean) < 0.1, 0.1 * np.sign(mean), mean)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_radius_is_a_quantile_of_their_distances(known, standard):
    found = fitting.fit_radius(DETECTOR, known, batches(), NU)
    center = known["sphere"]["constants"]["center"]
    distances = np.linalg.norm(embedded(known, standard) - center, axis=1)
    np.testing.assert_allclose(found, np.quantile(distances, 1 - NU), rtol=1e-4)


def test_it_does_not_matter_how_pictures_lie_in_batches(variables, fitted):
    again = fitting.fit_standardization(DETECTOR, variables, [joined()])
    for name, values in fitted.items():
        np.testing.assert_allclose(again[name], values, rtol=1e-4, atol=1e-6)


def test_kernel_svdd_is_fitted_to_uncovered_patches(known, standard):
    """As many as there are, though one batch has fewer than its half of them."""
    stored = fitting.fit_kernel_sphere(DETECTOR, known, batches(), len(standard), NU)
    found = stored["constants"]
    order, expected = (np.lexsort(x.T.round(2)) for x in (found["samples"], standard))
    np.testing.assert_allclose(found["samples"][order], standard[expected], atol=1e-3)
    np.testing.assert_allclose(found["weights"].sum(), 1, rtol=1e-4)
    offsets = found["samples"][:, None] - found["samples"]
    similar = np.exp(-np.square(offsets).mean(axis=-1)) @ found["weights"]
    distances = np.sqrt(1 + found["offset"] - 2 * similar)
    outside = np.mean(distances > found["radius"] * (1 + 1e-3))
    assert 0 < outside <= NU <= np.mean(found["weights"] > 0)


def test_a_draw_is_the_same_however_pictures_lie_in_batches(known, standard):
    one, other = (
        fitting.fit_kernel_sphere(DETECTOR, known, given, 20, NU)["constants"]
        for given in (batches(), [joined()])
    )
    np.testing.assert_allclose(one["samples"], other["samples"], atol=1e-4)
    distances = np.linalg.norm(one["samples"][:, None] - standard, axis=-1)
    nearest = distances.argmin(axis=1)
    assert distances.min(axis=1).max() < 1e-3 and len(set(nearest)) == 20
    assert nearest.min() < FIRST <= nearest.max()  # from both batches


def test_more_than_there_are_cannot_be_drawn(known, standard):
    message = rf"task.kernel_samples: expected at most {len(standard)}, .*, got 999"
    with pytest.raises(ValueError, match=message):
        fitting.fit_kernel_sphere(DETECTOR, known, batches(), 999, NU)


@pytest.mark.parametrize(
    ("standards", "rows", "message"),
    [
        ("components", 64, r"task\.fit_batches: .*, all are covered$"),
        ("places", 16, r"task\.fit_batches: .*, all are covered at some place$"),
    ],
)
def test_what_is_covered_in_all_pictures_is_refused(
    variables, standards, rows, message
):
    mask = random_batch()["occluder_mask"].copy()
    mask[:, :rows] = 255
    detector = dataclasses.replace(DETECTOR, standards=standards)
    with pytest.raises(ValueError, match=message):
        fitting.fit_standardization(
            detector, variables, [{**random_batch(), "occluder_mask": mask}]
        )


def test_places_are_whitened_by_what_is_uncovered_there(variables, all_latents):
    detector = dataclasses.replace(DETECTOR, standards="places")
    found = fitting.fit_standardization(detector, variables, batches())
    latents, counts = all_latents
    for place in (0, 5, 15):
        rows = latents[:, place][counts[:, place]]
        mean, covariance = rows.mean(axis=0), np.cov(rows.T, ddof=0)
        noise = fitting.SHRINKAGE * np.trace(covariance) / len(mean)
        columns = np.float64(found["whitening"][place])
        whitened = columns.T @ (covariance + noise * np.eye(len(mean))) @ columns
        np.testing.assert_allclose(found["mean"][place], mean, atol=1e-5)
        np.testing.assert_allclose(whitened, np.eye(len(mean)), atol=1e-3)
    assert {n: x.shape for n, x in found.items()} == {
        n: x.shape
        for n, x in fitting.empty_sphere(detector)["constants"].items()
        if n in found
    }


def test_the_set_is_the_beginning_of_the_stream():
    assert list(fitting.take(lambda: iter(range(9)), 3)) == [0, 1, 2]
