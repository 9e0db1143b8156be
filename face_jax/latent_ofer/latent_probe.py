"""Covered patches by logistic regression on their latents.

No rival but a bound: unlike one-class detectors (Latent-OFER, arXiv 2307.11404) it is
trained on covered patches too, and so tells how much of the answer is in the latents,
in a plane, for occluders like those of the training.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from face_jax.geometry.products import matmul
from face_jax.latent_ofer.deep_svdd import Standardization, standardization
from face_jax.nn.checks import check_shape
from face_jax.types import Array

WEIGHT_DECAY = 1e-3
"""L2 factor of the weights, which keeps them finite where the classes can be told
without an error."""

TOLERANCE = 1e-6
"""Length of the gradient at which the solver stops."""

STEP_SHARES = 0.5 ** np.arange(8, dtype=np.float32)
"""Shares of Newton's step that are tried; far from the minimum it may be too long."""


@struct.dataclass
class Plane:
    """A plane in the space of latents.

    Attributes:
      weights: [D] float32.
      bias: [] float32.
    """

    weights: Array
    bias: Array

    def __call__(self, latents: Array) -> Array:
        """Logits [...] of latents [..., D]."""
        return matmul(latents, self.weights) + self.bias


@struct.dataclass
class Probe:
    """A fitted logistic regression.

    Attributes:
      standardization: what latents are brought to first.
      plane: of standardised latents.
      gradient: [] float32, length of the objective's gradient where the solver stopped.
      steps: [] int32, steps of the solver.
    """

    standardization: Standardization
    plane: Plane
    gradient: Array
    steps: Array


def fit_probe(
    latents: Array,
    covered: Array,
    weight_decay: float = WEIGHT_DECAY,
    tolerance: float = TOLERANCE,
    max_steps: int = 50,
) -> Probe:
    """Fits a probe by Newton's method; reads the labels, not for use in jit.

    Args:
      latents: [N, D] float, of patches.
      covered: bool [N].
      weight_decay: see ``probe_objective``.
      tolerance: the solver stops when the gradient is no longer than this.
      max_steps: the solver stops after so many steps at the latest.

    Returns:
      The probe, which also tells where the solver stopped.

    Raises:
      ValueError: the shapes are others, or the patches are all covered or none is.
    """
    check_shape("latents", latents, ("N", "D"))
    check_shape("covered", covered, (len(latents),))
    count = int(jnp.sum(covered))
    if not 0 < count < len(latents):
        raise ValueError(
            f"covered: expected both kinds of patches, got {count} of {len(latents)}"
        )
    scaling = standardization(jnp.asarray(latents, jnp.float32))
    plane, gradient, steps = _minimise(
        scaling(latents), covered, weight_decay, tolerance, max_steps
    )
    return Probe(scaling, plane, gradient, steps)


def probe_scores(probe: Probe, latents: Array) -> Array:
    """Logits of patches.

    Args:
      probe: of latents of width D.
      latents: [..., D] float.

    Returns:
      [...] float32, positive where more likely covered, were both kinds equally many.
    """
    return probe.plane(probe.standardization(latents))


def probe_objective(
    plane: Plane, latents: Array, covered: Array, weight_decay: float
) -> Array:
    """What a probe minimises.

    Args:
      plane: of D dimensions.
      latents: [N, D] float, standardised.
      covered: bool [N], some but not all.
      weight_decay: factor of half the squared length of the weights.

    Returns:
      [] float: the mean of the cross-entropies of both kinds of patches, however many
      there are of each, and the weight decay.
    """
    signs = jnp.where(covered, 1.0, -1.0)
    losses = jax.nn.softplus(-signs * plane(latents))
    balanced = losses.mean(where=covered) + losses.mean(where=~covered)
    return balanced / 2 + weight_decay / 2 * jnp.square(plane.weights).sum()


@functools.partial(jax.jit, static_argnames="max_steps")
def _minimise(
    latents: Array,
    covered: Array,
    weight_decay: float,
    tolerance: float,
    max_steps: int,
) -> tuple[Plane, Array, Array]:
    """The best plane, the length of the gradient there, and the steps to it."""
    slope = functools.partial(
        jax.grad(probe_objective),
        latents=latents,
        covered=covered,
        weight_decay=weight_decay,
    )

    def unfinished(state: tuple[Plane, Plane, Array]) -> Array:
        _, gradient, steps = state
        return (_length(gradient) > tolerance) & (steps < max_steps)

    def step(state: tuple[Plane, Plane, Array]) -> tuple[Plane, Plane, Array]:
        plane, gradient, steps = state
        curvature = _curvature(plane, latents, covered, weight_decay)
        direction = _plane(_solve(curvature, _vector(gradient)))
        return *_best_of_shares(slope, plane, direction), steps + 1

    plane = _plane(jnp.zeros(latents.shape[1] + 1))
    start = (plane, slope(plane), jnp.int32(0))
    plane, gradient, steps = jax.lax.while_loop(unfinished, step, start)
    return plane, _length(gradient), steps


def _curvature(
    plane: Plane, latents: Array, covered: Array, weight_decay: float
) -> Array:
    """The objective's second derivatives [D + 1, D + 1], those of the bias last."""
    share = covered.mean()
    weights = 0.5 / jnp.where(covered, share, 1.0 - share) / len(latents)
    odds = jax.nn.sigmoid(plane(latents))
    rows = jnp.pad(latents, ((0, 0), (0, 1)), constant_values=1.0)
    weighted = rows * (weights * odds * (1.0 - odds))[:, None]
    decay = jnp.full(rows.shape[1], weight_decay).at[-1].set(0.0)
    return matmul(weighted.T, rows) + jnp.diag(decay)


def _best_of_shares(
    slope: Callable[[Plane], Plane], plane: Plane, direction: Plane
) -> tuple[Plane, Plane]:
    """Goes back along a direction by the share of it that leaves the least gradient.

    That of the objective would be lost in rounding near the minimum.
    """
    tried = jax.tree.map(
        lambda start, way: start - jnp.multiply.outer(STEP_SHARES, way),
        plane,
        direction,
    )
    gradients = jax.vmap(slope)(tried)
    best = jnp.argmin(jax.vmap(_length)(gradients))
    return jax.tree.map(lambda values: values[best], (tried, gradients))


def _solve(matrix: Array, vector: Array) -> Array:
    return jax.scipy.linalg.solve(matrix, vector, assume_a="pos")


def _vector(plane: Plane) -> Array:
    return jnp.append(plane.weights, plane.bias)


def _plane(vector: Array) -> Plane:
    return Plane(weights=vector[:-1], bias=vector[-1])


def _length(plane: Plane) -> Array:
    return jnp.linalg.norm(_vector(plane))
