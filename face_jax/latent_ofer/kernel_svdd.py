"""Support vector data description (Tax and Duin, 2004) in one class.

The smallest sphere, in the space of a kernel, around samples of which some may stay
outside. Its centre is a weighted sum of samples. Source: Latent-OFER, arXiv 2307.11404,
and the public code that it names.
"""

from typing import Literal

import jax.numpy as jnp
from flax import struct

from face_jax.latent_ofer.kernels import Kernel
from face_jax.latent_ofer.svdd_dual import (
    DualSolution,
    center_offset,
    solve_dual,
    weighted_sums,
)
from face_jax.nn.checks import check_shape
from face_jax.types import Array

Boundary = Literal["free", "support"]

SMALLEST_WEIGHT = 1e-6
"""Weights below this count as zero."""

FREE_SHARE = 0.9999
"""Weights below this share of the upper bound count as free."""


@struct.dataclass
class KernelSphere:
    """A sphere in the space of a kernel.

    Attributes:
      samples: [N, D] float32, what it was fitted to.
      weights: [N] float32, 0 for those inside.
      offset: [] float32, the squared length of its centre.
      radius: [] float32.
      kernel: the kernel.
    """

    samples: Array
    weights: Array
    offset: Array
    radius: Array
    kernel: Kernel = struct.field(pytree_node=False)

    def distances(self, points: Array) -> Array:
        """Distances [M] of points [M, D] to the centre, at least 0."""
        shared = weighted_sums(self.kernel(points, self.samples), self.weights)
        diagonal = self.kernel.diagonal(points)
        return jnp.sqrt(_squared_distances(diagonal, self.offset, shared))

    def decisions(self, points: Array) -> Array:
        """The radius minus the distances [M]: negative outside of the sphere."""
        return self.radius - self.distances(points)


def fit_kernel_svdd(
    samples: Array,
    kernel: Kernel,
    upper_bound: float,
    boundary: Boundary = "free",
    tolerance: float = 1e-5,
    max_steps: int = 100_000,
) -> tuple[KernelSphere, DualSolution]:
    """Fits a sphere.

    Args:
      samples: [N, D] float, a few thousand at most: N x N similarities are kept.
      kernel: the kernel.
      upper_bound: C, the largest weight. At most 1 / C samples stay outside; from 1 on
        none does. Static under ``jit``, as the kernel.
      boundary: see ``sphere_radius``.
      tolerance: see ``solve_dual``.
      max_steps: likewise.

    Returns:
      The sphere, and where the solver stopped.

    Raises:
      ValueError: the samples are not [N, D], or so many weights cannot sum to 1.
    """
    check_shape("samples", samples, ("N", "D"))
    samples = jnp.asarray(samples, jnp.float32)
    matrix = kernel(samples, samples)
    solution = solve_dual(matrix, upper_bound, tolerance, max_steps)
    weights = jnp.where(solution.weights < SMALLEST_WEIGHT, 0.0, solution.weights)
    sphere = KernelSphere(
        samples=samples,
        weights=weights,
        offset=center_offset(matrix, weights),
        radius=sphere_radius(matrix, weights, upper_bound, boundary),
        kernel=kernel,
    )
    return sphere, solution


def sphere_radius(
    matrix: Array, weights: Array, upper_bound: float, boundary: Boundary = "free"
) -> Array:
    """The radius: root of the mean squared distance of samples on the surface.

    Args:
      matrix: [N, N] float32, similarities of the samples.
      weights: [N] float32.
      upper_bound: the largest weight.
      boundary: ``free``: of samples whose weight is neither zero nor the largest one,
        or where there are none of all with a weight; these lie on the surface.
        ``support``: of all with a weight. That is what the public code arrives at: its
        solver stops just short of the largest weight, so that samples outside of the
        sphere are counted too, and the radius is larger.

    Returns:
      [] float32.

    Raises:
      ValueError: there is no such rule.
    """
    if boundary not in ("free", "support"):
        raise ValueError(f"boundary: expected 'free' or 'support', got {boundary!r}")
    support = weights >= SMALLEST_WEIGHT
    free = support & (weights < FREE_SHARE * upper_bound)
    fall_back = (boundary == "support") | ~jnp.any(free)
    return mean_radius(matrix, weights, jnp.where(fall_back, support, free))


def mean_radius(matrix: Array, weights: Array, chosen: Array) -> Array:
    """Root of the mean squared distance [] of chosen samples, bool [N]."""
    distances = _squared_distances(
        jnp.diagonal(matrix),
        center_offset(matrix, weights),
        weighted_sums(matrix, weights),
    )
    return jnp.sqrt(jnp.mean(distances, where=chosen))


def _squared_distances(diagonal: Array, offset: Array, shared: Array) -> Array:
    return jnp.maximum(diagonal + offset - 2.0 * shared, 0.0)
