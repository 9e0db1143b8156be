"""The dual problem of support vector data description, solved on the device.

    minimise  w.K w - diag(K).w   with  0 <= w <= upper_bound,  sum w = 1

by sequential minimal optimisation: the pair of samples that promises most exchanges
weight, until no exchange would lower the objective.
"""

import jax
import jax.numpy as jnp
from flax import struct

from face_jax.nn.checks import check_shape
from face_jax.types import Array

SMALLEST_CURVATURE = 1e-12
"""Of the objective along a pair; equal samples have none."""

SHARE_EPSILON = 1e-6
"""By how much the largest weights together may fall short of 1: rounding of 1 / N."""


@struct.dataclass
class DualSolution:
    """Where the solver stopped.

    Attributes:
      weights: [N] float32, at least 0, their sum is 1.
      violation: [] float32, an upper bound of what the objective is above its minimum.
      steps: [] int32, exchanges of weight.
    """

    weights: Array
    violation: Array
    steps: Array


def solve_dual(
    matrix: Array, upper_bound: float, tolerance: float = 1e-5, max_steps: int = 100_000
) -> DualSolution:
    """Weights of the samples.

    Args:
      matrix: [N, N] float32, similarities, positive semidefinite.
      upper_bound: the largest weight, at least 1 / N; static under ``jit``.
      tolerance: the solver stops when the objective is certain to be within this share
        of its magnitude from the minimum. Float32 may not reach smaller ones.
      max_steps: the solver stops after so many exchanges at the latest.

    Returns:
      Weights and how good they are.

    Raises:
      ValueError: the matrix is not square, or the upper bound is below 1 / N.
    """
    check_shape("matrix", matrix, ("N", "N"))
    check_upper_bound(upper_bound, len(matrix))
    diagonal = jnp.diagonal(matrix)

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        weights, gradient, steps = state
        objective = 0.5 * weights @ (gradient - diagonal)
        violation = _violation(weights, gradient, upper_bound)
        return (violation > tolerance * jnp.abs(objective)) & (steps < max_steps)

    def exchange(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        weights, gradient, steps = state
        weights, gradient = _exchange(matrix, weights, gradient, upper_bound)
        return weights, gradient, steps + 1

    weights = _first_weights(len(matrix), upper_bound)
    start = (weights, _gradient(matrix, weights), jnp.int32(0))
    weights, _, steps = jax.lax.while_loop(unfinished, exchange, start)
    gradient = _gradient(matrix, weights)  # without the rounding of many steps
    return DualSolution(weights, _violation(weights, gradient, upper_bound), steps)


def dual_objective(matrix: Array, weights: Array) -> Array:
    """w.K w - diag(K).w of a matrix [N, N] and weights [N]."""
    return center_offset(matrix, weights) - jnp.diagonal(matrix) @ weights


def center_offset(matrix: Array, weights: Array) -> Array:
    """w.K w, the squared length of the sphere's centre."""
    return weights @ weighted_sums(matrix, weights)


def weighted_sums(matrix: Array, weights: Array) -> Array:
    """K w [M] of similarities [M, N] and weights [N], in full precision anywhere."""
    return jnp.matmul(matrix, weights, precision="highest")


def check_upper_bound(upper_bound: float, count: int) -> None:
    """Refuses bounds under which the weights of ``count`` samples cannot sum to 1.

    Raises:
      ValueError: the bound is below 1 / count.
    """
    if not upper_bound * count > 1.0 - SHARE_EPSILON:
        raise ValueError(
            f"upper_bound: expected at least 1 / {count} for {count} samples, "
            f"got {upper_bound}"
        )


def _gradient(matrix: Array, weights: Array) -> Array:
    return 2.0 * weighted_sums(matrix, weights) - jnp.diagonal(matrix)


def _first_weights(count: int, upper_bound: float) -> Array:
    """As many samples as needed get the largest weight, and one gets the rest."""
    left = 1.0 - upper_bound * jnp.arange(count, dtype=jnp.float32)
    return jnp.clip(left, 0.0, upper_bound)


def _exchange(
    matrix: Array, weights: Array, gradient: Array, upper_bound: float
) -> tuple[Array, Array]:
    """Moves weight from one sample to another, as much as lowers the objective most.

    The one that gets it has the lowest gradient; the one that gives it is such that a
    quadratic model promises most (Fan, Chen and Lin, JMLR 2005).
    """
    diagonal = jnp.diagonal(matrix)
    getter = jnp.argmin(jnp.where(weights < upper_bound, gradient, jnp.inf))
    slope = jnp.where(weights > 0.0, gradient - gradient[getter], 0.0)
    curvature = 2.0 * (diagonal + diagonal[getter] - 2.0 * matrix[getter])
    curvature = jnp.maximum(curvature, SMALLEST_CURVATURE)
    giver = jnp.argmax(jnp.square(jnp.maximum(slope, 0.0)) / curvature)
    wanted = slope[giver] / curvature[giver]
    room = jnp.minimum(weights[giver], upper_bound - weights[getter])
    step = jnp.minimum(wanted, room)
    got = jnp.minimum(weights[getter] + step, upper_bound)
    weights = weights.at[getter].set(got).at[giver].add(-step)
    change = 2.0 * step * (matrix[getter] - matrix[giver])
    return weights, gradient + change


def _violation(weights: Array, gradient: Array, upper_bound: float) -> Array:
    """By how much a giver's gradient exceeds a getter's at most; 0 at the minimum."""
    giver = jnp.max(jnp.where(weights > 0.0, gradient, -jnp.inf))
    getter = jnp.min(jnp.where(weights < upper_bound, gradient, jnp.inf))
    return jnp.maximum(giver - getter, 0.0)
