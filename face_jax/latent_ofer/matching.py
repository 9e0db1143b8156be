"""Which positions of a feature map are alike, which lie in a hole, what is around them.

Source: Latent-OFER, arXiv 2307.11404.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from face_jax.latent_ofer.assembly_rules import Compat, check_compat
from face_jax.nn.checks import check_shape
from face_jax.types import Array

LENGTH_EPSILON = 1e-8
"""Added to a feature's length where it is divided by it."""

HALF_COVERED = 5 / 16
"""A feature lies in the hole when more of its filtered mask than this does."""

SMALLEST_SQUARE = 1e-24
"""Squares of lengths below this count as this, so that 0 has a gradient."""


def unit_vectors(features: Array) -> Array:
    """Features [..., C] of length 1; zeros remain zeros."""
    squares = jnp.sum(features**2, axis=-1, keepdims=True)
    lengths = jnp.sqrt(jnp.maximum(squares, SMALLEST_SQUARE))
    return features / (lengths + LENGTH_EPSILON)


def most_similar(units: Array, queries: Array, allowed: Array) -> Array:
    """Index of the unit vector with the largest product; the lowest of equal ones.

    Args:
      units: [N, C] vectors of length 1.
      queries: [M, C].
      allowed: [N] bool, which of the first may be chosen.

    Returns:
      [M] int32, 0 where none is allowed. It has no gradient.
    """
    units, queries = jax.lax.stop_gradient((units, queries))
    products = jnp.matmul(queries, units.T, precision=jax.lax.Precision.HIGHEST)
    return jnp.argmax(jnp.where(allowed, products, -jnp.inf), axis=1)


def largest_similarity(units: Array, queries: Array) -> Array:
    """Largest product of each query [M, C] with any of the unit vectors [N, C], [M]."""
    index = most_similar(units, queries, jnp.ones(len(units), bool))
    return jnp.sum(units[index] * queries, axis=-1)


def neighbourhood_means(features: Array) -> Array:
    """Mean over the 3x3 positions around each that exist; [H, W, C] to the same."""

    def sums(x: Array) -> Array:
        return jax.lax.reduce_window(x, 0.0, jax.lax.add, (3, 3, 1), (1, 1, 1), "SAME")

    return sums(features) / sums(jnp.ones((*features.shape[:2], 1)))


def mask_holes(masks: Array, compat: Compat = "fixed") -> Array:
    """Holes of pictures from masks that resizing or compression has blurred.

    Args:
      masks: [B, H, W] float in [0, 1], 1 in the hole.
      compat: ``reference`` keeps only what is exactly 1, as truncation to whole numbers
        does.

    Returns:
      [B, H, W] bool; ``fixed`` has a hole where the mask is at least 0.5.

    Raises:
      ValueError: ``compat`` is not known.
    """
    check_compat(compat)
    return masks >= (0.5 if compat == "fixed" else 1.0)


def feature_holes(holes: Array, halvings: int = 3) -> Array:
    """Positions of a feature map that lie in the holes of pictures.

    Args:
      holes: [B, H, W] bool, H and W divisible by ``2**halvings``.
      halvings: how often the map is half as large.

    Returns:
      [B, H / 2**halvings, W / 2**halvings] bool. 4x4 means of stride 2, zeros around,
      follow each other; what exceeds 5/16 is a hole, what equals it is none.
    """
    x = holes.astype(jnp.float32)
    for _ in range(halvings):
        padding = ((0, 0), (1, 1), (1, 1))
        window, strides = (1, 4, 4), (1, 2, 2)
        x = jax.lax.reduce_window(x, 0.0, jax.lax.add, window, strides, padding) / 16
    return x > HALF_COVERED


def check_holes(holes: Array, shape: Sequence[int]) -> None:
    """Refuses holes of another shape, or that are not boolean.

    Raises:
      ValueError: they are so.
    """
    check_shape("holes", holes, tuple(shape))
    if holes.dtype != jnp.bool_:
        raise ValueError(f"holes: expected bool, got {holes.dtype}")
