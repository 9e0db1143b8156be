import jax
import numpy as np

from face_jax.metrics import vertices as metrics

procrustes_error = jax.jit(metrics.procrustes_error)
translation_aligned_error = jax.jit(metrics.translation_aligned_error)


def meshes(seed=0, rows=3, vertices=50):
    return np.random.default_rng(seed).normal(size=(rows, vertices, 3))


def rotations(seed=1, rows=3):
    """Random proper rotations [rows, 3, 3]."""
    orthogonal, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(rows, 3, 3)))
    return orthogonal * np.linalg.det(orthogonal)[:, None, None]


def distance(one, other):
    return np.linalg.norm(one - other, axis=-1).mean(-1)


def single(values):
    return values.astype(np.float32)


def test_a_translation_is_no_error_and_centroids_are_aligned():
    target, other = meshes(), meshes(2)
    moved = target + np.array([3.0, -1.0, 2.0])
    aligned = translation_aligned_error(single(moved), single(target))
    np.testing.assert_allclose(aligned, 0, atol=1e-6)
    centred = [m - m.mean(axis=1, keepdims=True) for m in (other, target)]
    found = translation_aligned_error(single(other), single(target))
    np.testing.assert_allclose(found, distance(*centred), rtol=1e-5)


def test_a_similarity_is_no_error_of_procrustes():
    target = meshes()
    moved = 1.7 * target @ rotations() + np.array([0.4, -2.0, 1.0])
    found = procrustes_error(single(moved), single(target))
    np.testing.assert_allclose(found, 0, atol=1e-5)
    assert (translation_aligned_error(single(moved), single(target)) > 0.5).all()


def test_procrustes_minimises_squared_distances():
    target = meshes()
    noisy = target + 0.3 * meshes(3)
    expected = [umeyama_distance(*pair) for pair in zip(noisy, target, strict=True)]
    found = procrustes_error(single(noisy @ rotations()), single(target))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_procrustes_never_mirrors():
    target = meshes()
    mirrored = target * [-1, 1, 1]
    found = procrustes_error(single(mirrored), single(target))
    expected = [umeyama_distance(*pair) for pair in zip(mirrored, target, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert (found > 0.3).all()


def test_meshes_without_extent():
    point, target = np.ones((1, 50, 3)), meshes(rows=1)
    # A point is a copy of every mesh that has shrunk to it; nothing grows out of one.
    assert procrustes_error(single(target), single(point)) == 0
    assert np.isnan(procrustes_error(single(point), single(target)))
    spread = np.linalg.norm(target - target.mean(axis=1, keepdims=True), axis=-1).mean(
        -1
    )
    found = translation_aligned_error(single(point), single(target))
    np.testing.assert_allclose(found, spread, rtol=1e-5)


def umeyama_distance(source, target):
    """Mean distance after Umeyama's similarity, of one mesh in float64."""
    x, y = source - source.mean(0), target - target.mean(0)
    u, d, v = np.linalg.svd(y.T @ x / len(x))
    s = np.diag([1, 1, np.sign(np.linalg.det(u) * np.linalg.det(v))])
    scale = np.trace(np.diag(d) @ s) / x.var(axis=0).sum()
    return distance(scale * x @ (u @ s @ v).T, y)
