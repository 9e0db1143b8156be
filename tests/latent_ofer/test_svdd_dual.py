import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from face_jax.latent_ofer.kernels import Kernel
from face_jax.latent_ofer.svdd_dual import dual_objective, solve_dual

RBF, LINEAR = Kernel("rbf", 0.2), Kernel("linear")


def samples(count):
    values = np.random.default_rng(0).normal(size=(count, 4))
    return jnp.asarray(values, jnp.float32)


@pytest.mark.parametrize(("kernel", "upper_bound"), [(RBF, 0.2), (LINEAR, 1.0)])
def test_no_other_solver_finds_better_weights(kernel, upper_bound):
    matrix = np.asarray(kernel(samples(10), samples(10)), np.float64)
    best = minimize(
        lambda w: w @ matrix @ w - np.diag(matrix) @ w,
        np.full(10, 0.1),
        jac=lambda w: 2 * matrix @ w - np.diag(matrix),
        bounds=[(0, upper_bound)] * 10,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    solve = jax.jit(solve_dual, static_argnums=1)
    found = solve(jnp.asarray(matrix, jnp.float32), upper_bound)
    objective = dual_objective(matrix, np.asarray(found.weights, np.float64))
    assert objective == pytest.approx(best.fun, rel=2e-5)


def test_the_solver_stops_when_told():
    matrix = RBF(samples(40), samples(40))
    assert solve_dual(matrix, 0.1, tolerance=0.0, max_steps=3).steps == 3


@pytest.mark.parametrize("count", [3, 7, 49])
def test_the_smallest_bound_gives_all_samples_the_same_weight(count):
    matrix = RBF(samples(count), samples(count))
    found = jax.jit(solve_dual, static_argnums=1)(matrix, 1 / count)
    np.testing.assert_allclose(found.weights, 1 / count, rtol=1e-5)
    assert found.steps < 100


def test_wrong_inputs_are_refused():
    with pytest.raises(ValueError, match=r"matrix: expected \[N, N\], got \(3, 2\)"):
        solve_dual(jnp.zeros((3, 2)), 0.9)
    with pytest.raises(ValueError, match=r"at least 1 / 4 for 4 samples, got 0\.2"):
        solve_dual(jnp.eye(4), 0.2)
