"""Similarity transforms of the plane fitted to point sets by least squares.

A point (x, y) is read as the complex number x + iy. A similarity then is
``p -> factor * (p - centre) + target_centre`` with one complex factor, whose modulus
is the scale and whose argument is the rotation; its real powers are well defined, so
"half of this head motion" has an exact meaning.

Points of a rigid body that turns out of the plane also shift by their depth: to first
order of the angles by ``parallax * depth``. Where depths are known this term is fitted
along, and a turn of the head is not mistaken for a change of its shape.
"""

import dataclasses
from collections.abc import Sequence

import flax.struct
import jax.numpy as jnp

from face_jax.types import Array

_SMALLEST_SPREAD = 1e-12
"""Squared extent below which points define no rotation, scale or parallax."""


@flax.struct.dataclass
class Similarity:
    """Least-squares similarity of one point set to another; leading axes are free.

    Attributes:
      log_scale: [...] natural logarithm of the scale.
      angle: [...] rotation from x towards y in radians, in (-pi, pi].
      centre: [..., 2] weighted centroid of the points that are moved.
      target_centre: [..., 2] weighted centroid of the targets, where ``centre`` goes.
      parallax: [..., 2] shift of a point per unit of its depth above the mean depth;
        zero where no depths are given.
    """

    log_scale: Array
    angle: Array
    centre: Array
    target_centre: Array
    parallax: Array


def fit_similarity(
    points: Array,
    targets: Array,
    weights: Array | Sequence[float] | None = None,
    depths: Array | Sequence[float] | None = None,
) -> Similarity:
    """Fits scale, rotation, translation and parallax of ``points`` to ``targets``.

    Minimises the weighted sum of squared distances; the optimum is closed. With
    centred points p, targets q and depths z, and p' the part of p that z does
    not explain, the complex factor is sum(w conj(p') q) / sum(w |p'|^2) and the
    parallax sum(w z (q - factor p)) / sum(w z^2). Point sets without extent give
    the identity.

    Args:
      points: [..., P, 2] float.
      targets: [..., P, 2] float, broadcast against ``points``.
      weights: [P] non-negative, not all zero; None weighs all points alike.
      depths: [P] towards the viewer, in any unit; None takes the points as flat.

    Returns:
      The fitted ``Similarity``.
    """
    points, targets = jnp.broadcast_arrays(points, targets)
    share = _shares(weights, points.shape[-2])
    centre, target_centre = jnp.sum(points * share, -2), jnp.sum(targets * share, -2)
    p, q = points - centre[..., None, :], targets - target_centre[..., None, :]
    z = centred_depths(depths, weights, points.shape[-2])[:, None]
    depth_spread = jnp.sum(share * z * z)
    per_depth = jnp.where(depth_spread > _SMALLEST_SPREAD, 1 / depth_spread, 0.0)
    across = p - z * (per_depth * jnp.sum(share * z * p, -2))[..., None, :]
    log_scale, angle = _factor(across, q, share)
    fit = Similarity(log_scale, angle, centre, target_centre, jnp.zeros_like(centre))
    unexplained = q - rotate_and_scale(p, fit, 1.0)
    parallax = per_depth * jnp.sum(share * z * unexplained, -2)
    return dataclasses.replace(fit, parallax=parallax)


def centred_depths(
    depths: Array | Sequence[float] | None,
    weights: Array | Sequence[float] | None,
    count: int,
) -> Array:
    """Depths [count] above their weighted mean, as ``Similarity.parallax`` counts."""
    if depths is None:
        return jnp.zeros(count)
    depths = jnp.asarray(depths, jnp.float32)
    return depths - jnp.sum(depths * _shares(weights, count)[:, 0])


def _factor(p: Array, q: Array, share: Array) -> tuple[Array, Array]:
    """Logarithm and argument of the complex factor that takes p [..., P, 2] to q."""
    spread = jnp.sum(share * p * p, (-2, -1))
    dot = jnp.sum(share * p * q, (-2, -1))
    cross = jnp.sum(share[:, 0] * (p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0]), -1)
    squared_scale = (dot**2 + cross**2) / jnp.maximum(spread, _SMALLEST_SPREAD) ** 2
    defined = (spread > _SMALLEST_SPREAD) & (squared_scale > _SMALLEST_SPREAD)
    log_scale = 0.5 * jnp.log(jnp.where(defined, squared_scale, 1.0))
    return log_scale, jnp.where(defined, jnp.arctan2(cross, dot), 0.0)


def rotate_and_scale(
    vectors: Array, similarity: Similarity, power: Array | float
) -> Array:
    """Applies a real power of the similarity's linear part to vectors.

    Power 1 is its rotation and scale, 0 the identity, -1 the inverse.

    Args:
      vectors: [..., P, 2] differences of points.
      similarity: fit with leading axes that broadcast against ``vectors``'.
      power: the exponent.

    Returns:
      [..., P, 2].
    """
    scale = jnp.exp(power * similarity.log_scale)
    cosine = (scale * jnp.cos(power * similarity.angle))[..., None]
    sine = (scale * jnp.sin(power * similarity.angle))[..., None]
    x, y = vectors[..., 0], vectors[..., 1]
    return jnp.stack([cosine * x - sine * y, sine * x + cosine * y], -1)


def _shares(weights: Array | Sequence[float] | None, count: int) -> Array:
    """Weights [count, 1] that sum to one."""
    if weights is None:
        return jnp.full((count, 1), 1.0 / count)
    return (jnp.asarray(weights) / jnp.sum(jnp.asarray(weights)))[:, None]
