import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.position_gaussians import (
    fit_position_gaussians,
    gaussian_scores,
    patch_colours,
)


def features(count, places=3, width=4, seed=0):
    """Correlated numbers, another distribution at each place."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(7).normal(size=(places, width, width))
    drawn = np.einsum("lij,nlj->nli", mixing, rng.normal(size=(count, places, width)))
    return (drawn + 3 * np.arange(places)[:, None]).astype(np.float32)


def test_scores_are_squared_mahalanobis_distances():
    clean, others = features(60), features(5, seed=1)
    gaussians = fit_position_gaussians(clean, 0.01)
    found = jax.jit(gaussian_scores)(gaussians, others)
    for place in range(3):
        covariance = np.cov(clean[:, place].T.astype(np.float64), bias=True)
        inverse = np.linalg.inv(covariance + 0.01 * np.eye(4))
        left = others[:, place] - clean[:, place].mean(axis=0, dtype=np.float64)
        expected = np.einsum("ni,ij,nj->n", left, inverse, left)
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-4)


def test_clean_faces_score_their_number_of_features_on_average():
    clean = features(500)
    scores = gaussian_scores(fit_position_gaussians(clean, 1e-6), clean)
    np.testing.assert_allclose(scores.mean(axis=0), 4, rtol=1e-3)


def test_grain_on_what_never_varies_is_not_remarkable():
    flat = np.full((9, 2, 3), 0.5, np.float32)
    scores = gaussian_scores(fit_position_gaussians(flat, 1e-4), flat[:1] + 0.01)
    np.testing.assert_allclose(scores, 3, rtol=1e-4)


def test_colours_are_means_and_deviations_in_raster_order():
    images = np.random.default_rng(0).uniform(size=(2, 4, 6, 3)).astype(np.float32)
    found = patch_colours(jnp.asarray(images), 2)
    assert found.shape == (2, 6, 6)
    patch = images[1, 2:4, 2:4].reshape(4, 3)  # the fifth of the second picture
    expected = np.concatenate([patch.mean(axis=0), patch.std(axis=0)])
    np.testing.assert_allclose(found[1, 4], expected, rtol=1e-5)


def test_others_are_refused():
    with pytest.raises(ValueError, match=r"features: expected \[N, L, C\], got"):
        fit_position_gaussians(np.zeros((4, 3)))
    for variance in (0.0, float("nan")):
        with pytest.raises(ValueError, match="noise_variance: expected a positive"):
            fit_position_gaussians(features(4), variance)
    gaussians = fit_position_gaussians(features(4))
    with pytest.raises(ValueError, match=r"features: expected \[B, 3, 4\], got"):
        gaussian_scores(gaussians, features(4, places=1))
