import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer import expression_losses
from face_jax.latent_ofer.expression import ExpressionOutput

LABELS = np.array([2, 0, 2, 1])


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_cross_entropy_is_the_mean_surprise_of_the_labels():
    logits = normal(0, 4, 3)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(shares[np.arange(4), LABELS]).mean()
    found = expression_losses.cross_entropy(logits, LABELS)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_logits_that_overflow_an_exponential_have_an_entropy():
    logits = np.array([[1000.0, 0.0], [0.0, 1000.0]], np.float32)
    found = expression_losses.cross_entropy(logits, np.array([0, 0]))
    np.testing.assert_allclose(found, 500.0)


def test_affinity_counts_the_own_centre_per_spread_of_all():
    pooled, centers = normal(0, 4, 5), normal(1, 3, 5)
    spread = centers.astype(np.float64).var(axis=0, ddof=1).sum()
    expected = ((pooled - centers[LABELS]) ** 2).sum(axis=1).mean() / spread
    found = expression_losses.affinity_loss(pooled, LABELS, centers)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_affinity_of_features_at_their_centres_is_what_the_empty_entries_add():
    centers = normal(1, 3, 5)
    found = expression_losses.affinity_loss(centers[LABELS], LABELS, centers)
    np.testing.assert_allclose(found, 3e-12, rtol=1e-3)


def test_affinity_draws_features_to_their_centre():
    pooled, centers = normal(0, 4, 5), normal(1, 3, 5)
    slope = jax.jit(jax.grad(expression_losses.affinity_loss))
    away = pooled - centers[LABELS]
    gradient = slope(pooled, LABELS, centers)
    cosine = (gradient * away).sum(axis=1)
    cosine /= np.linalg.norm(gradient, axis=1) * np.linalg.norm(away, axis=1)
    np.testing.assert_allclose(cosine, 1.0, rtol=1e-5)


def test_affinity_is_less_where_centres_lie_apart():
    pooled, centers = 100 * normal(0, 4, 5), normal(1, 3, 5)
    near = expression_losses.affinity_loss(pooled, LABELS, centers)
    assert expression_losses.affinity_loss(pooled, LABELS, 1.1 * centers) < near


def test_partition_falls_as_heads_differ():
    heads = normal(0, 2, 4, 5)
    variance = heads.astype(np.float64).var(axis=1, ddof=1).mean()
    found = expression_losses.partition_loss(heads)
    np.testing.assert_allclose(found, np.log(1 + 4 / variance), rtol=1e-6)
    assert expression_losses.partition_loss(2 * heads) < found


def test_partition_of_like_heads_is_finite_and_of_one_head_nothing():
    same = np.ones((2, 4, 5), np.float32)
    value, gradient = jax.value_and_grad(expression_losses.partition_loss)(same)
    np.testing.assert_allclose(value, np.log(4 / 2.2e-16), rtol=1e-6)
    assert np.isfinite(gradient).all()
    assert expression_losses.partition_loss(normal(0, 2, 1, 5)) == 0


def test_the_terms_are_those_of_the_output():
    output = ExpressionOutput(
        logits=jnp.asarray(normal(0, 4, 3)),
        features=jnp.asarray(normal(1, 4, 2, 3, 5)),
        heads=jnp.asarray(normal(2, 4, 2, 5)),
    )
    centers = normal(3, 3, 5)
    terms = expression_losses.dan_terms(output, LABELS, centers)
    pooled = output.features.mean(axis=(1, 2))
    affinity = expression_losses.affinity_loss(pooled, LABELS, centers)
    assert set(terms) == set(expression_losses.DAN_WEIGHTS)
    np.testing.assert_allclose(terms["affinity"], affinity)
    assert terms["partition"] == expression_losses.partition_loss(output.heads)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(
        ValueError, match=r"logits: expected \[3, classes\], got \(4, 3\)"
    ):
        expression_losses.cross_entropy(normal(0, 4, 3), LABELS[:3])
    with pytest.raises(
        ValueError, match=r"centers: expected \[classes, 5\], got \(3, 4\)"
    ):
        expression_losses.affinity_loss(normal(0, 4, 5), LABELS, normal(1, 3, 4))
    with pytest.raises(ValueError, match=r"heads: expected \[B, K, C\], got \(4, 5\)"):
        expression_losses.partition_loss(normal(0, 4, 5))
