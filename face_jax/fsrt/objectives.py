"""FSRT's losses put together: which terms a phase has, and what they compare.

Source: FSRT, arXiv 2404.09736.
"""

from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp

from face_jax.fsrt.networks import Networks
from face_jax.fsrt.views import Description
from face_jax.losses import adversarial, perceptual, regularization
from face_jax.nn.apply import apply
from face_jax.nn.vgg import VggFeatures
from face_jax.types import Array, Variables

Statistics = Literal["published", "vicreg", "per_item"]
"""What variance and covariance are taken of.

``published``: variance along each vector's entries, covariance with its diagonal.
``vicreg``: each entry's variance across the batch, covariance without the diagonal.
``per_item``: the same of what is left when each item's mean is taken off, so that
expressions must tell frames of a person apart and need not tell persons apart.
"""


def regularize_expressions(
    description: Description,
    weights: tuple[float, float, float],
    shards: int,
    statistics: Statistics,
) -> dict[str, Array]:
    """The statistical regularisation of expression vectors, weighted.

    Args:
      description: expressions of both views of sources and drivers.
      weights: of invariance, variance and covariance.
      shards: number of groups of rows that have statistics of their own. 1 takes the
        global batch; the published training had one group per process.
      statistics: which variance and covariance.

    Returns:
      ``invariance``, ``variance`` and ``covariance``; their sum is the regularisation.
    """
    vicreg = statistics != "published"
    centred = statistics == "per_item"

    def one_shard(s1: Array, s2: Array, d1: Array, d2: Array) -> Array:
        first, second = (_rows(s, d, centred) for s, d in ((s1, d1), (s2, d2)))
        return jnp.stack(
            [
                regularization.invariance(s1, s2, d1, d2),
                sum(regularization.variance(x, vicreg) for x in (first, second)),
                sum(regularization.covariance(x, not vicreg) for x in (first, second)),
            ]
        )

    views = (
        description.source_expression,
        description.source_expression_second,
        description.driving_expression,
        description.driving_expression_crop,
    )
    grouped = [x.reshape(shards, -1, *x.shape[1:]) for x in views]
    terms = jax.vmap(one_shard)(*grouped).mean(axis=0) * jnp.asarray(weights)
    names = ("invariance", "variance", "covariance")
    return dict(zip(names, terms, strict=True))


def perceptual_loss(
    variables: Variables, made: Array, target: Array, weights: Sequence[float]
) -> Array:
    """Weighted distance of VGG-19 features; images [B, H, W, 3]."""
    vgg = VggFeatures()
    ours, theirs = (apply(vgg, variables["vgg19"], x) for x in (made, target))
    return jnp.sum(perceptual.feature_l1(ours, theirs) * jnp.asarray(weights))


def generator_adversarial(
    networks: Networks,
    variables: Variables,
    made: Array,
    target: Array,
    keypoints: Array,
    gan_weight: float,
    matching_weights: Sequence[float],
) -> dict[str, Array]:
    """What the discriminator tells the generator, weighted.

    Args:
      networks: the modules.
      variables: must hold ``discriminator``.
      made: [B, H, W, 3] rendered images.
      target: [B, H, W, 3] driving frames.
      keypoints: [B, K, 2] of the driving frames, in the images' frame.
      gan_weight: of the least-squares term.
      matching_weights: of feature matching, one for each block.

    Returns:
      ``gan`` and ``feature_matching``.
    """
    keypoints = jax.lax.stop_gradient(keypoints)
    real, fake = (
        apply(networks.discriminator, variables["discriminator"], x, keypoints)
        for x in (target, made)
    )
    gan, matching = jnp.float32(0), jnp.float32(0)
    for (real_features, _), (made_features, made_map) in zip(real, fake, strict=True):
        gan += adversarial.lsgan_generator(made_map)
        distances = adversarial.feature_matching(real_features, made_features)
        matching += jnp.sum(distances * jnp.asarray(matching_weights))
    return {"gan": gan_weight * gan, "feature_matching": matching}


def discriminator_adversarial(
    networks: Networks,
    variables: Variables,
    made: Array,
    target: Array,
    keypoints: Array,
    weight: float,
) -> Array:
    """The discriminator's own loss, weighted; arguments as above, none with gradient."""
    real, fake = (
        apply(networks.discriminator, variables["discriminator"], x, keypoints)
        for x in (target, made)
    )
    losses = [
        adversarial.lsgan_discriminator(real_map, made_map)
        for (_, real_map), (_, made_map) in zip(real, fake, strict=True)
    ]
    return weight * jnp.sum(jnp.stack(losses))


def _rows(sources: Array, drivers: Array, centred: bool) -> Array:
    vectors = jnp.concatenate([sources, drivers], axis=1)
    if centred:
        vectors = vectors - vectors.mean(axis=1, keepdims=True)
    return vectors.reshape(-1, vectors.shape[-1])
