import jax.numpy as jnp
import numpy as np

from face_jax.geometry.similarity import fit_similarity, rotate_and_scale


def rotation(angle):
    return np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float64
    )


def test_fit_recovers_a_known_similarity():
    points = np.random.default_rng(0).normal(size=(10, 2))
    targets = 1.7 * points @ rotation(0.6).T + [0.3, -0.2]
    fit = fit_similarity(jnp.array(points), jnp.array(targets))
    np.testing.assert_allclose(fit.angle, 0.6, atol=1e-6)
    np.testing.assert_allclose(fit.log_scale, np.log(1.7), atol=1e-6)
    np.testing.assert_allclose(fit.target_centre, targets.mean(0), atol=1e-6)


def test_fit_is_the_least_squares_optimum_of_the_linear_problem():
    rng = np.random.default_rng(1)
    points, targets = rng.normal(size=(2, 7, 2))
    weights = rng.uniform(0.1, 1.0, 7)
    fit = fit_similarity(jnp.array(points), jnp.array(targets), jnp.array(weights))
    # u = a x - b y + tx, v = b x + a y + ty
    x, y = points.T
    one, zero = np.ones(7), np.zeros(7)
    rows = np.concatenate(
        [np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)]
    )
    root = np.sqrt(np.concatenate([weights, weights]))
    a, b, tx, ty = np.linalg.lstsq(
        rows * root[:, None], targets.T.ravel() * root, rcond=None
    )[0]
    np.testing.assert_allclose(fit.angle, np.arctan2(b, a), rtol=1e-5)
    np.testing.assert_allclose(fit.log_scale, np.log(np.hypot(a, b)), rtol=1e-4)
    moved = (
        rotate_and_scale(jnp.array(points) - fit.centre, fit, 1.0) + fit.target_centre
    )
    expected = points @ np.array([[a, -b], [b, a]]).T + [tx, ty]
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_powers_compose_and_invert():
    rng = np.random.default_rng(2)
    points, targets = rng.normal(size=(2, 6, 2))
    fit = fit_similarity(jnp.array(points), jnp.array(targets))
    half = rotate_and_scale(rotate_and_scale(points, fit, 0.5), fit, 0.5)
    np.testing.assert_allclose(half, rotate_and_scale(points, fit, 1.0), atol=1e-5)
    back = rotate_and_scale(rotate_and_scale(points, fit, 1.0), fit, -1.0)
    np.testing.assert_allclose(back, points, atol=1e-5)
    np.testing.assert_array_equal(
        rotate_and_scale(points, fit, 0.0), points.astype(np.float32)
    )


def test_leading_axes_are_fitted_separately():
    rng = np.random.default_rng(3)
    points, targets = rng.normal(size=(5, 2)), rng.normal(size=(4, 5, 2))
    together = fit_similarity(jnp.array(points), jnp.array(targets))
    assert together.angle.shape == (4,)
    alone = fit_similarity(jnp.array(points), jnp.array(targets[2]))
    np.testing.assert_allclose(together.angle[2], alone.angle, rtol=1e-6)


def test_parallax_is_the_joint_least_squares_optimum():
    rng = np.random.default_rng(4)
    points, targets = rng.normal(size=(2, 8, 2))
    depths, weights = rng.normal(size=8), rng.uniform(0.1, 1, 8)
    fit = fit_similarity(points, targets, weights, depths)
    x, y = points.T
    one, zero = np.ones(8), np.zeros(8)
    rows = np.concatenate(
        [
            np.stack([x, -y, depths, zero, one, zero], 1),
            np.stack([y, x, zero, depths, zero, one], 1),
        ]
    )
    root = np.sqrt(np.concatenate([weights, weights]))
    a, b, *parallax, _, _ = np.linalg.lstsq(
        rows * root[:, None], targets.T.ravel() * root, rcond=None
    )[0]
    np.testing.assert_allclose(fit.angle, np.arctan2(b, a), rtol=1e-4)
    np.testing.assert_allclose(fit.log_scale, np.log(np.hypot(a, b)), rtol=1e-4)
    np.testing.assert_allclose(fit.parallax, parallax, rtol=1e-4, atol=1e-6)


def test_equal_depths_change_nothing():
    rng = np.random.default_rng(5)
    points, targets = rng.normal(size=(2, 8, 2))
    flat = fit_similarity(points, targets)
    raised = fit_similarity(points, targets, depths=np.full(8, 0.7))
    np.testing.assert_allclose(raised.angle, flat.angle, rtol=1e-5)
    np.testing.assert_array_equal(raised.parallax, [0.0, 0.0])


def test_points_without_extent_give_the_identity():
    points = jnp.zeros((5, 2))
    fit = fit_similarity(points, jnp.ones((5, 2)))
    assert fit.log_scale == 0 and fit.angle == 0
    np.testing.assert_array_equal(fit.target_centre, [1.0, 1.0])
