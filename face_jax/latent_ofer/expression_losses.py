"""What the expression networks are trained on, in float32.

The recogniser of Latent-OFER (arXiv 2307.11404) is trained on the cross-entropy alone.
DAN (arXiv 2109.07270) adds two terms: features should be near the centre of their class
while centres stay apart, and attention heads should differ. The forms are those of the
public code.
"""

import jax
import jax.numpy as jnp

from face_jax.latent_ofer.expression import ExpressionOutput
from face_jax.nn.checks import check_shape
from face_jax.types import Array

AFFINITY_LIMITS = (1e-12, 1e12)
"""Between which every class's entry of the affinity lies, the empty ones too."""

PARTITION_EPSILON = 2.2e-16
"""Added to the variance between heads; float32 keeps it where they are all the same."""


DAN_WEIGHTS = {"classification": 1.0, "affinity": 1.0, "partition": 1.0}
"""Of the terms of DAN's objective, as published."""


def cross_entropy(logits: Array, labels: Array) -> Array:
    """Classification objective.

    Args:
      logits: [B, classes].
      labels: int [B], each in [0, classes).

    Returns:
      Scalar mean of minus the logarithm of the label's probability.

    Raises:
      ValueError: the shapes do not fit together.
    """
    check_shape("logits", logits, (len(labels), "classes"))
    shares = jax.nn.log_softmax(logits.astype(jnp.float32))
    return -jnp.mean(jnp.take_along_axis(shares, labels[:, None], axis=1))


def affinity_loss(pooled: Array, labels: Array, centers: Array) -> Array:
    """Distance of features to the centre of their class, per spread of the centres.

    Args:
      pooled: [B, C], the trunk's last map averaged over its places.
      labels: int [B], each in [0, classes).
      centers: [classes, C], trained with the network; drawn from N(0, 1) at first.

    Returns:
      Scalar mean over the batch of |x - c_label|^2 / sum_d Var_classes(c_d), with the
      unbiased variance.

    Raises:
      ValueError: the shapes do not fit together.
    """
    check_shape("pooled", pooled, (len(labels), "C"))
    check_shape("centers", centers, ("classes", pooled.shape[1]))
    centers = centers.astype(jnp.float32)
    offsets = pooled.astype(jnp.float32) - centers[labels]
    own = jax.nn.one_hot(labels, len(centers)) * jnp.sum(offsets**2, -1, keepdims=True)
    spread = jnp.var(centers, axis=0, ddof=1).sum()
    return jnp.clip(own / spread, *AFFINITY_LIMITS).sum() / len(pooled)


def partition_loss(heads: Array) -> Array:
    """How alike the attention heads are.

    Args:
      heads: [B, K, C], logarithms of the heads' shares.

    Returns:
      Scalar ln(1 + K / v), v the mean over batch and channels of the unbiased variance
      between heads; 0 for one head, which has none to differ from.

    Raises:
      ValueError: the heads are not [B, K, C].
    """
    check_shape("heads", heads, ("B", "K", "C"))
    num_heads = heads.shape[1]
    if num_heads == 1:
        return jnp.zeros((), jnp.float32)
    variance = jnp.var(heads.astype(jnp.float32), axis=1, ddof=1).mean()
    return jnp.log(1.0 + num_heads / (variance + PARTITION_EPSILON))


def dan_terms(
    output: ExpressionOutput, labels: Array, centers: Array
) -> dict[str, Array]:
    """The terms of DAN's objective, see ``DAN_WEIGHTS``.

    Args:
      output: of the network, in training.
      labels: int [B], each in [0, classes).
      centers: [classes, C], of the affinity.

    Returns:
      Scalars ``classification``, ``affinity`` and ``partition``.

    Raises:
      ValueError: the shapes do not fit together.
    """
    pooled = output.features.astype(jnp.float32).mean(axis=(1, 2))
    return {
        "classification": cross_entropy(output.logits, labels),
        "affinity": affinity_loss(pooled, labels, centers),
        "partition": partition_loss(output.heads),
    }
