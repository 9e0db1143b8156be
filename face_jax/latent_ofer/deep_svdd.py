"""Deep SVDD (Ruff et al., ICML 2018): a learned sphere around what is not covered.

A network without biases brings latents of uncovered patches close to a fixed centre;
what lies far from it is taken for covered. One-class training knows no radius, soft-
boundary training shrinks one that a share ``nu`` of the samples may exceed. Either way
the radius that decides comes from the distances of a whole set at the end.
Source: Latent-OFER, arXiv 2307.11404, and the public code that it names.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from flax import struct

from face_jax.nn.checks import check_shape
from face_jax.nn.layers import Dense
from face_jax.types import Array

NEGATIVE_SLOPE = 0.01
"""Of the leaky ReLU between the layers."""

CENTER_MARGIN = 0.1
"""Smallest magnitude of the centre's components: a bias-free network could reach a
centre of zeros with weights of zero."""

SCALE_EPSILON = 1e-6
"""Smallest deviation that latents are divided by."""


class DeepSvdd(nn.Module):
    """Dense layers without biases, leaky ReLU between them.

    Attributes:
      features: widths of the layers.
      dtype: type of the computation of all layers but the last, which is float32.
    """

    features: Sequence[int] = (256, 128)
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, latents: Array) -> Array:
        """Maps latents [..., D], standardised, to [..., features[-1]] float32."""
        *hidden, last = self.features
        x = latents
        for index, width in enumerate(hidden):
            layer = Dense(width, False, dtype=self.dtype, name=f"dense_{index}")
            x = nn.leaky_relu(layer(x), NEGATIVE_SLOPE)
        return Dense(last, False, name=f"dense_{len(hidden)}")(x.astype(jnp.float32))


@struct.dataclass
class Standardization:
    """What brings latents to mean 0 and variance 1, component by component.

    Attributes:
      mean: [D] float32.
      deviation: [D] float32, positive.
    """

    mean: Array
    deviation: Array

    def __call__(self, latents: Array) -> Array:
        """Standardises latents [..., D]."""
        return (latents - self.mean) / self.deviation


def standardization(latents: Array) -> Standardization:
    """The standardisation of a set.

    Args:
      latents: [N, D] float, of uncovered patches.

    Raises:
      ValueError: the latents are not [N, D].
    """
    check_shape("latents", latents, ("N", "D"))
    deviation = jnp.maximum(latents.std(axis=0), SCALE_EPSILON)
    return Standardization(mean=latents.mean(axis=0), deviation=deviation)


def initial_center(embeddings: Array) -> Array:
    """The centre: the mean of an untrained network's outputs, kept away from zero.

    Components between 0 and the margin are moved to the margin, negative ones to its
    negative; one that is exactly zero stays, as published.

    Args:
      embeddings: [N, E] float, of the whole training set.

    Returns:
      [E] float32, constant from then on.

    Raises:
      ValueError: the embeddings are not [N, E].
    """
    check_shape("embeddings", embeddings, ("N", "E"))
    center = embeddings.mean(axis=0)
    moved = jnp.sign(center) * CENTER_MARGIN
    return jnp.where(jnp.abs(center) < CENTER_MARGIN, moved, center)


def squared_distances(embeddings: Array, center: Array) -> Array:
    """Squared distances [...] of embeddings [..., E] to the centre [E]."""
    return jnp.square(embeddings - center).sum(axis=-1)


def one_class_loss(distances: Array, counted: Array | None = None) -> Array:
    """The mean of squared distances [N], of those that count, bool [N]."""
    return _mean(distances, counted)


def soft_boundary_loss(
    distances: Array,
    radius: Array | float,
    nu: float,
    counted: Array | None = None,
) -> Array:
    """The sphere's squared radius and what exceeds it.

    Args:
      distances: [N] float, squared.
      radius: [] float; a constant of the loss, it is found by ``boundary_radius``.
      nu: share of the samples that may lie outside.
      counted: bool [N], the samples that count; all without it.

    Returns:
      [] float.

    Raises:
      ValueError: ``nu`` is not in (0, 1].
    """
    check_nu(nu)
    excess = nn.relu(distances - jnp.square(radius))
    return jnp.square(radius) + _mean(excess, counted) / nu


def boundary_radius(distances: Array, nu: float, counted: Array | None = None) -> Array:
    """The radius that a share of the samples exceeds.

    The published training takes it from each batch, after ten epochs with a radius of
    0; a detector should take it once from a whole set of uncovered patches.

    Args:
      distances: [N] float, squared.
      nu: the share.
      counted: bool [N], the samples that count; all without it.

    Returns:
      [] float, the quantile 1 - nu of the distances, interpolated linearly; NaN where
      none counts.

    Raises:
      ValueError: ``nu`` is not in (0, 1].
    """
    check_nu(nu)
    if counted is None:
        return jnp.quantile(jnp.sqrt(distances), 1.0 - nu)
    # NaN samples are left out; a root of them would have a NaN gradient.
    known = jnp.where(counted, jnp.sqrt(jnp.where(counted, distances, 1.0)), jnp.nan)
    return jnp.nanquantile(known, 1.0 - nu)


def soft_boundary_scores(distances: Array, radius: Array | float) -> Array:
    """Squared distances minus the squared radius: positive outside of the sphere.

    One-class training scores by the squared distances themselves.
    """
    return distances - jnp.square(radius)


def check_nu(nu: float) -> None:
    """Refuses what is no share of samples.

    Raises:
      ValueError: ``nu`` is not in (0, 1].
    """
    if not 0.0 < nu <= 1.0:
        raise ValueError(f"nu: expected a number in (0, 1], got {nu}")


def _mean(values: Array, counted: Array | None) -> Array:
    """The mean of the values that count; 0 where none does."""
    if counted is None:
        return values.mean()
    return jnp.sum(values * counted) / jnp.maximum(jnp.sum(counted), 1)
