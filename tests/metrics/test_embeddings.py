import numpy as np
import pytest
from scipy import linalg
from scipy.spatial import distance

from face_jax.metrics.embeddings import (
    cosine_similarity,
    frechet_distance,
    squared_distance,
)


def features(seed, rows, width=6):
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(rows, width)) @ random.normal(size=(width, width))
    return (mixed + random.normal(size=width)).astype(np.float32)


def frechet_by_scipy(x, y):
    one, other = (np.cov(rows.astype(float), rowvar=False) for rows in (x, y))
    root = np.real(linalg.sqrtm(one @ other))
    between = np.sum((x.astype(float).mean(0) - y.astype(float).mean(0)) ** 2)
    return between + np.trace(one + other - 2 * root)


def frechet_by_eigenvalues(x, y):
    """For sets of few rows: scipy finds no accurate root of singular matrices."""
    sets = [np.asarray(rows, np.float64) for rows in (x, y)]
    one, other = (np.cov(rows, rowvar=False) for rows in sets)
    shared = np.sqrt(np.maximum(linalg.eigvals(one @ other).real, 0)).sum()
    between = np.sum((sets[0].mean(0) - sets[1].mean(0)) ** 2)
    return between + np.trace(one + other) - 2 * shared


def test_distances_of_rows():
    x, y = features(0, 5), features(1, 5)
    pairs = list(zip(x.astype(float), y.astype(float), strict=True))
    cosines = [1 - distance.cosine(a, b) for a, b in pairs]
    np.testing.assert_allclose(cosine_similarity(x, y), cosines, atol=1e-5)
    squares = [distance.sqeuclidean(a, b) for a, b in pairs]
    np.testing.assert_allclose(squared_distance(x, y), squares, rtol=1e-5)
    assert np.isnan(cosine_similarity(x, 0 * y)).all()


def test_frechet_distance_agrees_with_a_matrix_root():
    x, y = features(2, 40), features(3, 50)
    np.testing.assert_allclose(
        frechet_distance(x, y), frechet_by_scipy(x, y), rtol=1e-5
    )
    one_number = frechet_distance(x[:, :1], y[:, :1])
    a, b = x[:, 0].astype(float), y[:, 0].astype(float)
    known = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    np.testing.assert_allclose(one_number, known, rtol=1e-5)


def test_frechet_distance_of_degenerate_sets():
    x = features(4, 30)
    assert frechet_distance(x, x) < 1e-9 * np.square(x).sum()
    np.testing.assert_allclose(frechet_distance(x, x + 2), 4 * x.shape[1], rtol=1e-5)
    few = features(5, 3)
    assert np.isfinite(frechet_distance(few, x))
    same = np.ones((4, 6))
    np.testing.assert_allclose(frechet_distance(same, same + 1), 6)


@pytest.mark.parametrize("shape", [(1, 6), (4, 5), (6,)])
def test_sets_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected \[N, D\] and \[M, D\], got"):
        frechet_distance(features(0, 4), np.ones(shape))
