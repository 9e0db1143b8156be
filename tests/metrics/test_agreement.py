import numpy as np
from scipy import stats

from face_jax.metrics.agreement import (
    concordance,
    correlation,
    root_mean_squared_error,
)


def closed_form(x, y):
    """2 cov / (var + var + squared difference of the means), in float64."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    covariance = np.mean(x * y) - x.mean() * y.mean()
    return 2 * covariance / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)


def test_columns_agree_with_the_definition():
    random = np.random.default_rng(0)
    target = 50 + random.normal(size=(40, 3)).astype(np.float32)
    found = target + random.normal([0, 1, 5], [0.1, 1, 2], (40, 3)).astype(np.float32)
    expected = [closed_form(found[:, k], target[:, k]) for k in range(3)]
    np.testing.assert_allclose(concordance(found, target), expected, atol=1e-5)


def test_shifted_and_stretched_series_of_known_agreement():
    target = np.array([-1.0, 0.0, 1.0], np.float32)
    variance = 2 / 3
    assert concordance(target, target) == 1
    np.testing.assert_allclose(concordance(-target, target), -1, rtol=1e-6)
    shifted = 2 * variance / (2 * variance + 4)
    np.testing.assert_allclose(concordance(target + 2, target), shifted, rtol=1e-6)
    stretched = 2 * 3 * variance / (variance + 9 * variance)
    np.testing.assert_allclose(concordance(3 * target, target), stretched, rtol=1e-6)


def test_a_constant_agrees_with_nothing():
    target = np.array([1.0, 2.0, 6.0], np.float32)
    assert concordance(np.full(3, 3.0, np.float32), target) == 0
    assert np.isnan(concordance(np.ones(3, np.float32), np.ones(3, np.float32)))


def test_correlations_and_errors_agree_with_other_implementations():
    random = np.random.default_rng(1)
    target = random.normal(size=(30, 2)).astype(np.float32)
    found = (3 * target + random.normal([7, -50], 1, (30, 2))).astype(np.float32)
    expected = [stats.pearsonr(found[:, k], target[:, k]).statistic for k in (0, 1)]
    np.testing.assert_allclose(correlation(found, target), expected, atol=1e-5)
    errors = [np.sqrt(np.mean((found[:, k] - target[:, k]) ** 2.0)) for k in (0, 1)]
    np.testing.assert_allclose(
        root_mean_squared_error(found, target), errors, rtol=1e-5
    )


def test_constants_correlate_with_nothing():
    target = np.array([1.0, 2.0, 6.0], np.float32)
    for constant in (0.1, 3.0):
        flat = np.full(3, constant, np.float32)
        assert np.isnan(correlation(flat, target)) and np.isnan(
            correlation(target, flat)
        )
    assert correlation(-target, target) == -1
