import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.kernel_svdd import fit_kernel_svdd, sphere_radius
from face_jax.latent_ofer.kernels import Kernel
from face_jax.latent_ofer.svdd_dual import dual_objective

RBF, LINEAR = Kernel("rbf", 0.2), Kernel("linear")
CASES = [(RBF, 0.1), (RBF, 0.9), (LINEAR, 0.1), (LINEAR, 1.0)]
fit = jax.jit(fit_kernel_svdd, static_argnames=("kernel", "upper_bound", "boundary"))


def samples(count=40):
    values = np.random.default_rng(0).normal(size=(count, 4))
    return jnp.asarray(values, jnp.float32)


@pytest.mark.parametrize(("kernel", "upper_bound"), CASES)
def test_weights_meet_the_conditions_of_optimality(kernel, upper_bound):
    sphere, solution = fit(samples(), kernel=kernel, upper_bound=upper_bound)
    weights = np.asarray(sphere.weights)
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    assert weights.min() >= 0
    assert weights.max() <= np.float32(upper_bound)
    outside = -np.asarray(sphere.decisions(sphere.samples))
    tolerance = 1e-4 * float(sphere.radius)
    free = (weights > 0) & (weights < 0.9999 * upper_bound)
    assert free.any()
    np.testing.assert_allclose(outside[free], 0, atol=tolerance)
    assert outside[weights == 0].max() <= tolerance
    assert np.all(outside[weights >= 0.9999 * upper_bound] >= -tolerance)
    assert solution.violation <= 2e-5 * abs(
        dual_objective(kernel(sphere.samples, sphere.samples), weights)
    )


def test_a_hard_sphere_around_two_points_has_them_as_a_diameter():
    points = jnp.array([[0.0, 0.0], [6.0, 8.0], [3.0, 5.0]])
    sphere, _ = fit(points, kernel=LINEAR, upper_bound=1.0)
    np.testing.assert_allclose(sphere.weights, [0.5, 0.5, 0.0], atol=1e-5)
    assert sphere.radius == pytest.approx(5.0, rel=1e-5)
    np.testing.assert_allclose(sphere.distances(points), [5, 5, 1], rtol=1e-4)


def test_no_more_samples_stay_outside_than_the_bound_allows():
    hard, _ = fit(samples(), kernel=RBF, upper_bound=1.0)
    soft, _ = fit(samples(), kernel=RBF, upper_bound=0.1)
    outside = np.asarray(soft.decisions(samples())) < -1e-4
    assert 0 < outside.sum() <= 10
    assert np.all(np.asarray(hard.decisions(samples())) > -1e-4)


def test_counting_samples_outside_makes_the_radius_larger():
    free, _ = fit(samples(), kernel=LINEAR, upper_bound=0.1)
    support, _ = fit(samples(), kernel=LINEAR, upper_bound=0.1, boundary="support")
    np.testing.assert_array_equal(free.weights, support.weights)
    assert support.radius > 1.01 * free.radius
    chosen = np.asarray(support.distances(samples()))[np.asarray(support.weights) > 0]
    assert support.radius == pytest.approx(np.sqrt(np.mean(chosen**2)), rel=1e-5)


def test_without_free_samples_all_with_a_weight_make_the_radius():
    matrix = LINEAR(samples(4), samples(4))
    weights = jnp.full(4, 0.25)
    free = sphere_radius(matrix, weights, 0.25)
    assert free == sphere_radius(matrix, weights, 0.25, "support")
    assert np.isfinite(free)


def test_equal_samples_do_not_stop_the_solver():
    points = jnp.repeat(samples(5), 3, axis=0)
    sphere, solution = fit(points, kernel=RBF, upper_bound=0.9)
    assert solution.steps < 1000
    assert np.isfinite(sphere.weights).all()
    once, _ = fit(samples(5), kernel=RBF, upper_bound=0.9)
    assert sphere.radius == pytest.approx(float(once.radius), rel=1e-4)


def test_wrong_inputs_are_refused():
    with pytest.raises(ValueError, match=r"samples: expected \[N, D\], got \(3,\)"):
        fit_kernel_svdd(jnp.zeros(3), RBF, 0.9)
    with pytest.raises(ValueError, match="boundary: expected 'free' or 'support'"):
        sphere_radius(jnp.eye(2), jnp.full(2, 0.5), 0.9, "all")
