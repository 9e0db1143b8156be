import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer import deep_svdd
from tests.filled import fill


def distances(count=200):
    return jnp.asarray(np.random.default_rng(0).gamma(2.0, size=count), jnp.float32)


def test_the_network_has_no_biases_and_leaks():
    latents = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    network = deep_svdd.DeepSvdd((5, 4))
    variables = fill(network, latents)
    first, second = (variables["params"][f"dense_{i}"] for i in range(2))
    assert set(first) == set(second) == {"kernel"}
    hidden = latents @ first["kernel"]
    hidden = np.where(hidden > 0, hidden, 0.01 * hidden)
    expected = hidden @ second["kernel"]
    np.testing.assert_allclose(network.apply(variables, latents), expected, atol=1e-6)


@pytest.mark.parametrize("nu", [0.05, 0.1, 0.5])
def test_a_share_of_nu_lies_outside_of_the_radius(nu):
    found = distances()
    radius = deep_svdd.boundary_radius(found, nu)
    scores = deep_svdd.soft_boundary_scores(found, radius)
    assert np.mean(scores > 0) == pytest.approx(nu, abs=1 / len(found))


def test_the_radius_is_interpolated_between_distances():
    squared = jnp.square(jnp.array([4.0, 1.0, 3.0, 2.0]))
    assert deep_svdd.boundary_radius(squared, 0.5) == pytest.approx(2.5)
    assert deep_svdd.boundary_radius(squared, 0.1) == pytest.approx(3.7)


def test_the_soft_boundary_radius_minimises_its_loss():
    found = distances()
    best = deep_svdd.boundary_radius(found, 0.1)
    losses = [
        deep_svdd.soft_boundary_loss(found, best * scale, 0.1)
        for scale in (0.95, 1.0, 1.05)
    ]
    assert losses[1] == min(losses)


def test_losses_are_means_and_excesses():
    found, radius, nu = distances(7), 1.2, 0.3
    excess = np.maximum(np.asarray(found) - radius**2, 0)
    np.testing.assert_allclose(
        deep_svdd.soft_boundary_loss(found, radius, nu),
        radius**2 + excess.mean() / nu,
        rtol=1e-6,
    )
    np.testing.assert_allclose(deep_svdd.one_class_loss(found), np.mean(found))


def test_the_centre_keeps_away_from_zero_but_for_exact_zeros():
    means = np.array([0.05, -0.02, 0.0, 0.5, -0.3], np.float32)
    embeddings = means + np.array([[1.0], [-1.0]], np.float32)
    embeddings[:, 2] = 0.0
    np.testing.assert_allclose(
        deep_svdd.initial_center(jnp.asarray(embeddings)),
        [0.1, -0.1, 0.0, 0.5, -0.3],
        atol=1e-6,
    )


def test_standardised_latents_have_mean_zero_and_variance_one():
    rng = np.random.default_rng(0)
    latents = jnp.asarray(3 + 5 * rng.normal(size=(50, 4)), jnp.float32)
    latents = latents.at[:, 1].set(2.0)  # one that never changes
    found = deep_svdd.standardization(latents)(latents)
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(0), [1, 0, 1, 1], atol=1e-5)


@pytest.mark.parametrize("nu", [0.0, 1.5, float("nan")])
def test_other_shares_are_refused(nu):
    for function in (
        lambda: deep_svdd.boundary_radius(distances(), nu),
        lambda: deep_svdd.soft_boundary_loss(distances(), 1.0, nu),
    ):
        with pytest.raises(ValueError, match=r"nu: expected a number in \(0, 1\]"):
            function()


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"embeddings: expected \[N, E\]"):
        deep_svdd.initial_center(distances())
    with pytest.raises(ValueError, match=r"latents: expected \[N, D\]"):
        deep_svdd.standardization(distances())


def test_what_does_not_count_changes_nothing():
    found = distances()
    counted = np.arange(len(found)) % 3 > 0
    kept = found[counted]
    for mine, plain in (
        (
            deep_svdd.one_class_loss(found, counted),
            deep_svdd.one_class_loss(kept),
        ),
        (
            deep_svdd.soft_boundary_loss(found, 1.0, 0.2, counted),
            deep_svdd.soft_boundary_loss(kept, 1.0, 0.2),
        ),
        (
            deep_svdd.boundary_radius(found, 0.2, counted),
            deep_svdd.boundary_radius(kept, 0.2),
        ),
    ):
        np.testing.assert_allclose(mine, plain, rtol=1e-5)
