import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.latent_probe import (
    Plane,
    fit_probe,
    probe_objective,
    probe_scores,
)

COUNT, WIDTH = 120, 5


def patches(gap, share=0.2):
    """Latents of other scales and means; covered ones are apart along one direction."""
    rng = np.random.default_rng(0)
    covered = np.arange(COUNT) < share * COUNT
    latents = rng.normal(size=(COUNT, WIDTH))
    latents[:, :2] += gap * covered[:, None]
    latents = latents * [0.01, 1, 10, 1, 1] + [5, 0, -30, 0, 1]
    return jnp.asarray(latents, jnp.float32), jnp.asarray(covered)


@pytest.fixture(scope="module")
def mixed():
    """Classes that overlap, and the probe of them."""
    latents, covered = patches(gap=1.0)
    return latents, covered, fit_probe(latents, covered)


def test_the_gradient_vanishes_at_the_solution(mixed):
    latents, covered, probe = mixed
    gradient = jax.grad(probe_objective)(
        probe.plane, probe.standardization(latents), covered, 1e-3
    )
    assert probe.gradient <= 1e-6 and probe.steps <= 10
    np.testing.assert_allclose(gradient.weights, 0, atol=2e-6)
    np.testing.assert_allclose(gradient.bias, 0, atol=2e-6)


def test_the_objective_weighs_both_kinds_alike():
    latents, covered = patches(gap=1.0)
    plane = Plane(jnp.arange(WIDTH) / 10.0, jnp.float32(0.5))
    odds = np.asarray(latents, np.float64) @ np.arange(WIDTH) / 10 + 0.5
    losses = np.logaddexp(0, np.where(covered, -odds, odds))
    kinds = [losses[covered].mean(), losses[~covered].mean()]
    expected = np.mean(kinds) + 0.7 / 2 * np.sum((np.arange(WIDTH) / 10) ** 2)
    found = probe_objective(plane, latents, covered, 0.7)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_repeating_the_uncovered_patches_changes_nothing(mixed):
    latents, covered, probe = mixed
    again = jnp.concatenate([latents, latents[~covered]])
    both = jnp.concatenate([covered, covered[~covered]])
    scores = probe_scores(fit_probe(again, both), latents)
    # Only the standardisation moves, and with it what the weight decay pulls at.
    np.testing.assert_allclose(scores, probe_scores(probe, latents), atol=0.1)


def test_separable_patches_are_told_without_an_error():
    latents, covered = patches(gap=12.0)
    probe = fit_probe(latents, covered)
    assert probe.gradient <= 1e-6
    np.testing.assert_array_equal(probe_scores(probe, latents) > 0, covered)


def test_units_of_latents_do_not_matter(mixed):
    latents, covered, probe = mixed
    scaled = fit_probe(1000 * latents + 7, covered)
    np.testing.assert_allclose(scaled.plane.weights, probe.plane.weights, atol=1e-3)


def test_scores_of_pictures_are_those_of_their_patches(mixed):
    latents, _, probe = mixed
    pictures = latents.reshape(4, -1, WIDTH)
    found = jax.jit(probe_scores)(probe, pictures)
    expected = probe_scores(probe, latents).reshape(4, -1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_solver_stops_after_so_many_steps():
    latents, covered = patches(gap=1.0)
    probe = fit_probe(latents, covered, max_steps=1)
    assert probe.steps == 1 and probe.gradient > 1e-6


def test_patches_of_one_kind_are_refused():
    latents, covered = patches(gap=1.0)
    for labels, count in ((covered & False, 0), (covered | True, COUNT)):
        with pytest.raises(ValueError, match=f"both kinds of patches, got {count} of"):
            fit_probe(latents, labels)
    with pytest.raises(ValueError, match=r"covered: expected \[120\], got"):
        fit_probe(latents, covered[1:])
    with pytest.raises(ValueError, match=r"latents: expected \[N, D\], got"):
        fit_probe(latents[0], covered)
