"""Self-assembly: features in a hole made of those around it, position by position.

The attention layer of Latent-OFER's reconstruction network (arXiv 2307.11404), built on
coherent semantic attention (arXiv 1905.12384), which is here too. The positions of the
hole are filled in raster order. Each becomes a mixture of the position filled before it,
of the known position most similar to it, and of a neighbourhood, mirrored where a face
is symmetric. Shares are in proportion to similarities.

The published code departs from this in places; ``AssemblyRules`` names each of them.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

from face_jax.latent_ofer.assembly_rules import COHERENT, RULES, AssemblyRules
from face_jax.latent_ofer.matching import (
    check_holes,
    largest_similarity,
    most_similar,
    neighbourhood_means,
    unit_vectors,
)
from face_jax.nn.checks import check_shape
from face_jax.types import Array

SHARE_EPSILON = 1e-6
"""Added to the sum of three similarities that are not negative."""

TRUNCATION_MARGIN = 1e-5
"""Shares that miss a whole number by rounding alone do not reach it."""


class Links(NamedTuple):
    """What every position is filled from; N positions in raster order.

    Attributes:
      unit: [N, C] features of length 1.
      match: [N, C] features of the most similar known position.
      match_similarity: [N] its similarity.
      neighbourhood: [N, C].
      neighbourhood_similarity: [N].
      hole: [N] bool, positions to fill.
      first: [N] bool, the first of them.
    """

    unit: Array
    match: Array
    match_similarity: Array
    neighbourhood: Array
    neighbourhood_similarity: Array
    hole: Array
    first: Array


class Shares(NamedTuple):
    """What the result of a position consists of, but for neighbourhoods.

    Attributes:
      previous: [N] share of the position filled before.
      match: [N] share of the most similar known position.
      matched: [N] int32, that position.
      hole: [N] bool.
    """

    previous: Array
    match: Array
    matched: Array
    hole: Array


def self_assembly(
    features: Array, flipped: Array, holes: Array, rules: AssemblyRules = RULES["fixed"]
) -> Array:
    """Fills the holes of feature maps.

    Args:
      features: [B, H, W, C] float.
      flipped: [B, H, W, C] float, features of the mirrored picture.
      holes: [B, H, W] bool, positions to fill. Some should be False: a map without any
        known position is filled from its first.
      rules: how.

    Returns:
      [B, H, W, C] float32, the features outside the holes unchanged.

    Raises:
      ValueError: the shapes do not belong together, or holes are not bool.
    """
    check_shape("features", features, ("B", "H", "W", "C"))
    check_shape("flipped", flipped, features.shape)
    check_holes(holes, features.shape[:3])
    features, flipped = features.astype(jnp.float32), flipped.astype(jnp.float32)
    if rules.gradient == "autodiff":
        return _fill_batch(features, flipped, holes, rules)[0]
    return _fill_with_shares_as_gradient(features, flipped, holes, rules)


def coherent_attention(features: Array, holes: Array) -> Array:
    """Fills holes without neighbourhoods, as coherent semantic attention's code does.

    Arguments, result and errors as above.
    """
    return self_assembly(features, features, holes, COHERENT)


def _fill(
    features: Array, flipped: Array, holes: Array, rules: AssemblyRules
) -> tuple[Array, Shares]:
    """One map [H, W, C] and the shares of its positions."""
    flat, hole = features.reshape(-1, features.shape[-1]), holes.reshape(-1)
    matched = most_similar(unit_vectors(flat), flat, ~hole)
    links = _links(features, flipped, hole, matched, rules)
    filled, previous_share, match_share = _chain(links, rules)
    result = jnp.where(hole[:, None], filled, flat).reshape(features.shape)
    return result, Shares(previous_share, match_share, matched, hole)


def _links(
    features: Array, flipped: Array, hole: Array, matched: Array, rules: AssemblyRules
) -> Links:
    """What the positions of maps [H, W, C] are filled from; hole and matches are [N]."""
    flat = features.reshape(-1, features.shape[-1])
    unit, ordinal = unit_vectors(flat), jnp.cumsum(hole) - 1
    neighbourhood, similarity = flat[matched], jnp.zeros(len(flat))
    if rules.neighbourhood != "none":
        neighbourhood = _neighbourhoods(features, flipped, rules)
        similarity = largest_similarity(unit, flipped.reshape(flat.shape))
    if rules.similarity_of == "ordinal":
        similarity = similarity[jnp.maximum(ordinal, 0)]
    return Links(
        unit=unit,
        match=flat[matched],
        match_similarity=jnp.sum(unit[matched] * flat, axis=-1),
        neighbourhood=neighbourhood,
        neighbourhood_similarity=similarity,
        hole=hole,
        first=hole & (ordinal == 0),
    )


def _fill_batch(
    features: Array, flipped: Array, holes: Array, rules: AssemblyRules
) -> tuple[Array, Shares]:
    return jax.vmap(functools.partial(_fill, rules=rules))(features, flipped, holes)


def _neighbourhoods(features: Array, flipped: Array, rules: AssemblyRules) -> Array:
    """[N, C] of maps [H, W, C]."""
    mirrored = rules.neighbourhood == "mirrored"
    means = neighbourhood_means(flipped[:, ::-1] if mirrored else features)
    return means.reshape(-1, features.shape[-1])


def _chain(links: Links, rules: AssemblyRules) -> tuple[Array, Array, Array]:
    """Fills the hole in raster order.

    Returns:
      [N, C] filled features and the shares [N] of previous position and match; what
      they are outside the hole has no meaning.
    """

    def step(
        carry: tuple[Array, Array], link: Links
    ) -> tuple[tuple[Array, Array], tuple[Array, Array, Array]]:
        steering, filled = carry
        previous, match, rest = _shares_of(link, steering, rules)
        mixed = match * link.match + rest * link.neighbourhood
        steered = jnp.where(
            link.first,
            0.5 * (link.match + link.neighbourhood),
            previous * steering + mixed,
        )
        # Shares of the first position: nothing before it, all of its match.
        previous = jnp.where(link.first, 0.0, previous)
        match = jnp.where(link.first, 1.0, match)
        result = steered if rules.whole else previous * filled + match * link.match
        new = jnp.where(link.hole, jnp.stack([steered, result]), jnp.stack(carry))
        return (new[0], new[1]), (new[1], previous, match)

    nothing = jnp.zeros(links.unit.shape[-1])
    return jax.lax.scan(step, (nothing, nothing), links, unroll=4)[1]


def _shares_of(
    link: Links, previous: Array, rules: AssemblyRules
) -> tuple[Array, Array, Array]:
    """Shares of the position before, of the match and of the neighbourhood."""
    similarities = jnp.stack(
        [
            jnp.sum(link.unit * previous),
            link.match_similarity,
            link.neighbourhood_similarity,
        ]
    )
    if rules.clamped:
        similarities = jnp.maximum(similarities, 0.0)
    total = jnp.sum(similarities) + (SHARE_EPSILON if rules.clamped else 0.0)
    # Positions that are not filled so must not divide by 0: 0 * inf is no gradient.
    shares = similarities / jnp.where(link.hole & ~link.first, total, 1.0)
    return shares[0], shares[1], shares[2]


@functools.partial(jax.custom_vjp, nondiff_argnums=(3,))
def _fill_with_shares_as_gradient(
    features: Array, flipped: Array, holes: Array, rules: AssemblyRules
) -> Array:
    return _fill_batch(features, flipped, holes, rules)[0]


def _forward(
    features: Array, flipped: Array, holes: Array, rules: AssemblyRules
) -> tuple[Array, Shares]:
    return _fill_batch(features, flipped, holes, rules)


def _backward(
    rules: AssemblyRules, shares: Shares, gradient: Array
) -> tuple[Array, Array, None]:
    truncated = rules.gradient == "reference"
    attention = jax.vmap(functools.partial(_attention, truncated=truncated))(shares)
    flat = gradient.reshape(*attention.shape[:2], -1)
    drawn = jnp.einsum("bij,bic->bjc", attention, flat)
    return gradient + drawn.reshape(gradient.shape), jnp.zeros_like(gradient), None


_fill_with_shares_as_gradient.defvjp(_forward, _backward)


def _attention(shares: Shares, truncated: bool) -> Array:
    """[N, N] shares of every position (columns) in the result of every other (rows)."""

    def step(row: Array, share: Shares) -> tuple[Array, Array]:
        drawn = (share.previous * row).at[share.matched].add(share.match)
        row = jnp.where(share.hole, drawn, row)
        return row, row

    count = len(shares.hole)
    rows = jax.lax.scan(step, jnp.zeros(count), shares)[1]
    if truncated:
        first = jnp.cumsum(shares.hole) == 1
        whole_numbers = jnp.trunc(rows * (1 - TRUNCATION_MARGIN))
        rows = jnp.where(first[:, None], rows, whole_numbers)
    return jnp.where(shares.hole[:, None], rows, jnp.eye(count))
