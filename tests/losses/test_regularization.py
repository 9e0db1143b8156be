import numpy as np
import pytest

from face_jax.losses import regularization


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(6, 9)) * np.linspace(0.1, 2, 9)).astype(np.float32)


def test_variance_is_taken_along_each_vector(vectors):
    deviations = np.sqrt(vectors.var(axis=1, ddof=1) + 1e-4)
    expected = np.maximum(0, 1 - deviations).mean()
    assert float(regularization.variance(vectors)) == pytest.approx(expected, rel=1e-5)


def test_variance_across_the_batch_is_vicregs(vectors):
    deviations = np.sqrt(vectors.var(axis=0, ddof=1) + 1e-4)
    expected = np.maximum(0, 1 - deviations).mean()
    actual = regularization.variance(vectors, across_batch=True)
    assert float(actual) == pytest.approx(expected, rel=1e-5)
    assert expected > 0.1


def test_covariance_with_and_without_its_diagonal(vectors):
    matrix = np.cov(vectors.T)
    whole = regularization.covariance(vectors)
    assert float(whole) == pytest.approx((matrix**2).sum() / 9, rel=1e-5)
    outside = regularization.covariance(vectors, diagonal=False)
    off_diagonal = matrix - np.diag(np.diag(matrix))
    assert float(outside) == pytest.approx((off_diagonal**2).sum() / 9, rel=1e-4)


def test_invariance_weighs_source_and_driving_alike(vectors):
    sources = np.stack([vectors, vectors])  # twice as many
    actual = regularization.invariance(sources, sources + 2, vectors, vectors - 1)
    assert float(actual) == pytest.approx(0.5 * (4 + 1))
