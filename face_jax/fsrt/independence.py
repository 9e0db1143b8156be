"""What expression vectors should not tell, because something else is to tell it.

The source tells who is seen, keypoints tell where the head turns. A network that is
trained on a person's own clips finds both in the expression as well, and then a foreign
expression brings them along. FSRT (arXiv 2404.09736) relies on thousands of persons and
on its statistical regularisation; short runs on few need a word more.
"""

import jax.numpy as jnp

from face_jax.fsrt.motion import SEMANTIC_HEAD
from face_jax.fsrt.views import Description
from face_jax.geometry.similarity import fit_similarity
from face_jax.types import Array

VARIANCE_EPSILON = 1e-6
"""Added to variances before values are divided by their deviations."""


def identity_in_expressions(description: Description) -> Array:
    """How far persons lie apart by their expressions alone.

    Args:
      description: expressions of sources and drivers.

    Returns:
      Scalar: variance of the items' mean expressions, mean over entries and views. An
      expression that gives the person away lets the decoder ignore the source.
    """
    means = [vectors.mean(axis=1) for vectors in _views(description)]
    return jnp.mean(jnp.stack([jnp.var(mean, axis=0) for mean in means]))


def pose_in_expressions(description: Description) -> Array:
    """How well each entry of the expressions tells the pose of the head, linearly.

    Args:
      description: expressions and keypoints of sources and drivers; the keypoints are
        those of landmarks, as no others are known to lie on the head.

    Returns:
      Scalar: squared correlations of an entry with roll, yaw and pitch, summed over
      the entries and averaged over the three and the views. An expression that tells
      the pose turns the head of whoever shows it.
    """
    keypoints = (description.source_keypoints, description.driving_keypoints)
    poses = _standardized(head_poses(jnp.concatenate(keypoints, axis=1)))
    squared = [
        jnp.square(_standardized(vectors).T @ poses / len(poses))
        for vectors in _views(description)
    ]
    return jnp.mean(jnp.stack([x.sum(axis=0) for x in squared]))


def head_poses(keypoints: Array) -> Array:
    """Roll, yaw and pitch of heads, in no particular unit.

    Args:
      keypoints: [..., 10, 2] of landmarks, see ``motion.SEMANTIC_HEAD``.

    Returns:
      [..., 3]: the angle of the similarity that takes the mean face to each, and the
      parallax to the right and down that is left.
    """
    middle = keypoints.reshape(-1, *keypoints.shape[-2:]).mean(axis=0)
    head = SEMANTIC_HEAD
    fit = fit_similarity(middle, keypoints, head.weights, head.depths)
    return jnp.concatenate([fit.angle[..., None], fit.parallax], axis=-1)


def _views(description: Description) -> tuple[Array, Array]:
    """Expressions of all frames of each item in either colour view, [B, n, E]."""
    first = (description.source_expression, description.driving_expression)
    second = (description.source_expression_second, description.driving_expression_crop)
    return jnp.concatenate(first, axis=1), jnp.concatenate(second, axis=1)


def _standardized(values: Array) -> Array:
    """[B, n, C] as rows [B n, C] of mean 0 and variance 1."""
    rows = values.reshape(-1, values.shape[-1])
    centred = rows - rows.mean(axis=0)
    return centred / jnp.sqrt(jnp.square(centred).mean(axis=0) + VARIANCE_EPSILON)
