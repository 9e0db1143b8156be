"""How often classes and covered patches are told right.

Everything is counted over a whole set, in a confusion matrix: matrices of batches add up
to that of the set, while means of the batches' rates do not give the set's. Rows that
only fill a batch have weight 0. A rate without any case that it is a share of is NaN.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from face_jax.geometry.products import matmul
from face_jax.nn.checks import check_shape
from face_jax.types import Array


def confusion_matrix(
    labels: Array, predictions: Array, num_classes: int, weights: Array | None = None
) -> Array:
    """Counts of true and predicted classes.

    Args:
      labels: [N] int. Rows outside of [0, num_classes), such as -1 for a picture without
        an expression, count nowhere.
      predictions: [N] int, likewise.
      num_classes: K, static under ``jit``.
      weights: [N] float, at least 0; None counts every row once.

    Returns:
      [K, K] float32, true class by predicted class; whole counts are exact up to 2^24.

    Raises:
      ValueError: the lengths differ.
    """
    check_shape("predictions", predictions, labels.shape)
    true = jax.nn.one_hot(labels, num_classes)
    if weights is not None:
        check_shape("weights", weights, labels.shape)
        true = true * weights[:, None]
    return matmul(true.T, jax.nn.one_hot(predictions, num_classes))


def accuracy(confusion: Array) -> Array:
    """Share of the rows whose class is told right, also called weighted recall.

    Args:
      confusion: [K, K], of ``confusion_matrix``.

    Returns:
      [] in [0, 1]; NaN without any row.
    """
    return _share(jnp.trace(confusion), confusion.sum())


def class_recall(confusion: Array) -> Array:
    """Share of the rows of each class that are told right.

    Args:
      confusion: [K, K], of ``confusion_matrix``.

    Returns:
      [K] in [0, 1]; NaN for classes without a row.
    """
    return _share(jnp.diagonal(confusion), confusion.sum(axis=1))


def mean_class_recall(confusion: Array) -> Array:
    """Mean recall of the classes that occur, all alike: balanced accuracy.

    Args:
      confusion: [K, K], of ``confusion_matrix``.

    Returns:
      [] in [0, 1]; NaN without any row.
    """
    present = confusion.sum(axis=1) > 0
    recalls = jnp.where(present, class_recall(confusion), 0.0)
    return _share(recalls.sum(), present.sum())


@struct.dataclass
class BinaryRates:
    """Rates of a yes-or-no decision, each [] float32 in [0, 1] or NaN.

    Attributes:
      accuracy: share of the decisions that are right.
      precision: share of what was found that is positive; NaN where nothing was found.
      recall: share of the positives that were found; NaN where there are none.
      f1: harmonic mean of both, 2 TP / (2 TP + FP + FN); NaN where nothing is positive
        and nothing was found, 0 where only one of the two holds.
    """

    accuracy: Array
    precision: Array
    recall: Array
    f1: Array


def binary_rates(
    positives: Array, found: Array, weights: Array | None = None
) -> BinaryRates:
    """Rates of finding positives; for occlusion these are the covered patches.

    Args:
      positives: bool [...], the truth.
      found: bool [...], of the same shape.
      weights: float [...] of the same shape; None counts every entry once.

    Returns:
      The rates over all entries.

    Raises:
      ValueError: the shapes differ.
    """
    check_shape("found", found, positives.shape)
    if weights is not None:
        check_shape("weights", weights, positives.shape)
        weights = jnp.ravel(weights)
    true, predicted = (jnp.ravel(x).astype(jnp.int32) for x in (positives, found))
    confusion = confusion_matrix(true, predicted, 2, weights)
    (_, false_alarms), (missed, hits) = confusion
    return BinaryRates(
        accuracy=accuracy(confusion),
        precision=_share(hits, hits + false_alarms),
        recall=_share(hits, hits + missed),
        f1=_share(2 * hits, 2 * hits + false_alarms + missed),
    )


def area_under_roc(
    scores: np.ndarray | Array,
    positives: np.ndarray | Array,
    weights: np.ndarray | Array | None = None,
) -> float:
    """Probability that a positive scores higher than a negative; ties count half.

    It runs on the host, by sorting: float64 holds the numbers of pairs of up to 1e8
    unweighted entries exactly, float32 would not those of 1e4.

    Args:
      scores: float [...], higher for what seems positive.
      positives: bool [...], of the same shape.
      weights: float [...] of the same shape, at least 0; None counts all entries alike.
        A pair counts as the product of its weights.

    Returns:
      The area in [0, 1]; NaN where there are no positives or no negatives.

    Raises:
      ValueError: the shapes differ, or scores that count are NaN.
    """
    shape = np.shape(scores)
    check_shape("positives", positives, shape)
    weights = np.ones(shape) if weights is None else np.asarray(weights, np.float64)
    check_shape("weights", weights, shape)
    values = np.asarray(scores, np.float64)
    lost = np.count_nonzero(np.isnan(values[weights > 0]))
    if lost:
        raise ValueError(f"scores: expected numbers, got NaN in {lost} of them")
    _, tied = np.unique(values.ravel(), return_inverse=True)
    chosen = np.asarray(positives, bool)
    positive = np.bincount(tied, np.where(chosen, weights, 0).ravel())
    negative = np.bincount(tied, np.where(chosen, 0, weights).ravel())
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float(positive @ (below + negative / 2) / pairs) if pairs else float("nan")


def _share(part: Array, whole: Array) -> Array:
    """part / whole, NaN where the whole is 0."""
    return jnp.where(whole > 0, part / jnp.where(whole > 0, whole, 1), jnp.nan)
