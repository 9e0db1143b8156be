"""What the refinement of reconstructions is trained on: its terms, and their sums.

Source: Latent-OFER, arXiv 2307.11404. In its public code most terms are reported but
reach no weight of the generator, because what they compare is detached; the judges say
which do.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from face_jax.latent_ofer.expression_losses import cross_entropy
from face_jax.latent_ofer.generator import Refined
from face_jax.latent_ofer.judges import Judges
from face_jax.losses.adversarial import relativistic
from face_jax.losses.pixel import mean_absolute_error, mean_squared_error
from face_jax.losses.weighting import weighted_sum
from face_jax.nn.checks import check_shape
from face_jax.types import Array, Variables

GENERATOR_WEIGHTS = {
    "reconstruction": 100.0,
    "coarse": 100.0,
    "image_adversarial": 0.2,
    "feature_adversarial": 0.2,
    "assembled": 1.0,
    "decoded": 1.0,
    "semantic": 100.0,
}
"""Of the generator's terms, as published."""

DISCRIMINATOR_WEIGHTS = {"image": 0.5, "features": 0.5}
"""Of the discriminators' terms, as published."""


def generator_terms(
    judges: Judges,
    variables: Variables,
    refined: Refined,
    coarse: Array,
    target: Array,
    labels: Array | None = None,
) -> dict[str, Array]:
    """All terms of the generator's loss, not weighted.

    Args:
      judges: the networks and how they judge.
      variables: of the judges.
      refined: what the generator made.
      coarse: [B, H, W, 3] float in [-1, 1], the coarse reconstructions as they are; their
        distance is reported, nothing depends on it.
      target: [B, H, W, 3] float in [-1, 1], pictures without an occluder.
      labels: int [B], expressions; ``reference`` needs them.

    Returns:
      A scalar for every name of ``GENERATOR_WEIGHTS``.

    Raises:
      ValueError: shapes do not fit, or labels are missing.
    """
    check_shape("target", target, refined.images.shape)
    check_shape("coarse", coarse, target.shape)
    live, images = judges.live_terms, refined.images
    features = images if live.feature_adversarial else jax.lax.stop_gradient(images)
    seen = images if live.semantic else jax.lax.stop_gradient(images)
    theirs = judges.perceive(variables, target)
    made_features = judges.feature_scores(
        variables, judges.perceive(variables, features)
    )
    real_features = judges.feature_scores(variables, theirs)
    made, real = (judges.image_scores(variables, x) for x in (images, target))
    return {
        "reconstruction": jnp.mean(mean_absolute_error(images, target)),
        "coarse": jnp.mean(mean_absolute_error(coarse, target)),
        "image_adversarial": relativistic(made, real),
        "feature_adversarial": relativistic(made_features, real_features),
        **consistency_terms(refined, theirs.deep, live.consistency),
        "semantic": _semantic(judges, variables, seen, target, labels),
    }


def generator_loss(
    terms: Mapping[str, Array], weights: Mapping[str, float] | None = None
) -> Array:
    """The weighted sum of ``generator_terms``; the published weights by default."""
    return weighted_sum(terms, GENERATOR_WEIGHTS if weights is None else weights)


def discriminator_terms(
    judges: Judges, variables: Variables, made: Array, target: Array
) -> dict[str, Array]:
    """How badly both discriminators tell made pictures from real ones.

    Args:
      judges: the networks and how they judge.
      variables: of the judges.
      made: [B, H, W, 3] float, pictures of the generator; they get no gradient.
      target: [B, H, W, 3] float in [-1, 1].

    Returns:
      ``image`` and ``features``, scalars, not weighted.

    Raises:
      ValueError: the shapes differ.
    """
    check_shape("made", made, target.shape)
    both = jax.lax.stop_gradient(made), target
    made_scores, real_scores = (judges.image_scores(variables, x) for x in both)
    made_features, real_features = (
        judges.feature_scores(variables, judges.perceive(variables, x)) for x in both
    )
    return {
        "image": relativistic(real_scores, made_scores),
        "features": relativistic(real_features, made_features),
    }


def discriminator_loss(terms: Mapping[str, Array]) -> Array:
    """The weighted sum of ``discriminator_terms``."""
    return weighted_sum(terms, DISCRIMINATOR_WEIGHTS)


def consistency_terms(
    refined: Refined, deep: Array, live: bool = True
) -> dict[str, Array]:
    """How far features in the hole are from those of the target.

    Args:
      refined: what the generator made.
      deep: [B, h, w, C] features of the target, of the shape of the generator's.
      live: whether the terms have a gradient.

    Returns:
      ``assembled`` and ``decoded``, mean squared errors. Outside the hole the target is
      compared with zeros, which adds a constant.

    Raises:
      ValueError: the features are of another shape.
    """
    hole = refined.holes[..., None]
    terms = {}
    for name in ("assembled", "decoded"):
        features = getattr(refined, name)
        check_shape(f"features of the target for {name}", deep, features.shape)
        features = features if live else jax.lax.stop_gradient(features)
        terms[name] = jnp.mean(mean_squared_error(features * hole, deep))
    return terms


def semantic_distance(logits: Array, target_logits: Array) -> Array:
    """Cross-entropy of expressions with those seen in the target.

    Args:
      logits: [B, classes].
      target_logits: [B, classes]; they get no gradient.

    Returns:
      Scalar mean of -sum p(target) log p.
    """
    wanted = jax.nn.softmax(jax.lax.stop_gradient(target_logits))
    return -jnp.mean(jnp.sum(wanted * jax.nn.log_softmax(logits), axis=-1))


def published_semantic_distance(logits: Array, labels: Array) -> Array:
    """Cross-entropy as published code has it: sigmoids stand in for logits.

    Args:
      logits: [B, classes].
      labels: int [B].

    Returns:
      Scalar mean.
    """
    return cross_entropy(jax.nn.sigmoid(logits), labels)


def _semantic(
    judges: Judges,
    variables: Variables,
    images: Array,
    target: Array,
    labels: Array | None,
) -> Array:
    logits = judges.expression_logits(variables, images)
    if judges.compat == "fixed":
        return semantic_distance(logits, judges.expression_logits(variables, target))
    if labels is None:
        raise ValueError("labels: expected int [B] for compat 'reference', got None")
    return published_semantic_distance(logits, labels)
