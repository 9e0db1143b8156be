"""Similarity transforms of the plane fitted to point sets by least squares.

A point (x, y) is read as the complex number x + iy. A similarity then is
``p -> factor * (p - centre) + target_centre`` with one complex factor, whose modulus
is the scale and whose argument is the rotation; its real powers are well defined, so
"half of this head motion" has an exact meaning.
"""

import flax.struct
import jax.numpy as jnp

from face_jax.types import Array

_SMALLEST_SPREAD = 1e-12
"""Points closer together than this (squared) define no rotation or scale."""


@flax.struct.dataclass
class Similarity:
    """Least-squares similarity of one point set to another; leading axes are free.

    Attributes:
      log_scale: [...] natural logarithm of the scale.
      angle: [...] rotation from x towards y in radians, in (-pi, pi].
      centre: [..., 2] weighted centroid of the points that are moved.
      target_centre: [..., 2] weighted centroid of the targets, where ``centre`` goes.
    """

    log_scale: Array
    angle: Array
    centre: Array
    target_centre: Array


def fit_similarity(
    points: Array, targets: Array, weights: Array | None = None
) -> Similarity:
    """Fits scale, rotation and translation of ``points`` to ``targets``.

    Minimises the weighted sum of squared distances; the optimum is closed: with
    centred points p and targets q as complex numbers, the factor is
    sum(w conj(p) q) / sum(w |p|^2). Point sets without extent give the identity.

    Args:
      points: [..., P, 2] float.
      targets: [..., P, 2] float, broadcast against ``points``.
      weights: [P] non-negative, not all zero; None weighs all points alike.

    Returns:
      The fitted ``Similarity``.
    """
    points, targets = jnp.broadcast_arrays(points, targets)
    share = _shares(weights, points.shape[-2])
    centre = jnp.sum(points * share, -2)
    target_centre = jnp.sum(targets * share, -2)
    p = points - centre[..., None, :]
    q = targets - target_centre[..., None, :]
    spread = jnp.sum(share * p * p, (-2, -1))
    dot = jnp.sum(share * p * q, (-2, -1))
    cross = jnp.sum(share[:, 0] * (p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0]), -1)
    squared_scale = (dot**2 + cross**2) / jnp.maximum(spread, _SMALLEST_SPREAD) ** 2
    defined = (spread > _SMALLEST_SPREAD) & (squared_scale > _SMALLEST_SPREAD)
    return Similarity(
        log_scale=0.5 * jnp.log(jnp.where(defined, squared_scale, 1.0)),
        angle=jnp.where(defined, jnp.arctan2(cross, dot), 0.0),
        centre=centre,
        target_centre=target_centre,
    )


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


def _shares(weights: Array | None, count: int) -> Array:
    """Weights [count, 1] that sum to one."""
    if weights is None:
        return jnp.full((count, 1), 1.0 / count)
    return (jnp.asarray(weights) / jnp.sum(jnp.asarray(weights)))[:, None]
