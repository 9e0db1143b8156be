"""Training items that show every class equally often, however many pictures it has."""

from collections.abc import Iterator
from typing import Any

import numpy as np


def balanced_labels(source: Any) -> np.ndarray:
    """The labels that a source is balanced by.

    Args:
      source: whose ``labels`` are int [N], below 0 where a row shows no class.

    Raises:
      ValueError: the source knows no labels, or no row shows a class.
    """
    labels = getattr(source, "labels", None)
    if labels is None:
        raise ValueError(
            "class_balanced: expected a source with labels of all its pictures, "
            f"{type(source).__name__} has none"
        )
    if not (labels >= 0).any():
        raise ValueError(
            f"class_balanced: none of {len(labels)} pictures of the source has a label"
        )
    return labels


def balanced_rows(labels: np.ndarray, rng: np.random.Generator) -> Iterator[int]:
    """Rows to try: one of a class drawn uniformly, the others of it, then other classes.

    The first row of a class is drawn uniformly too, so that a class is as likely as any
    other that has rows.

    Args:
      labels: int [N], see ``balanced_labels``.
      rng: the item's generator.
    """
    counts = np.bincount(labels[labels >= 0])
    for label in rng.permutation(np.flatnonzero(counts)):
        rows = np.flatnonzero(labels == label)
        yield from np.roll(rows, -rng.integers(len(rows))).tolist()
