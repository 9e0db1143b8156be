"""Cuts sequences into chunks of one size, so that programs are compiled once."""

from collections.abc import Callable, Iterator

import jax
import numpy as np

from face_jax.types import PyTree

DEFAULT_CHUNK = 16
"""Frames per compiled program."""


def batches(total: int, size: int) -> Iterator[slice]:
    """Yields consecutive batches of ``total`` rows; the last one may be shorter."""
    for begin in range(0, total, size):
        yield slice(begin, min(begin + size, total))


def pad(rows: np.ndarray, count: int) -> np.ndarray:
    """Repeats the last row [1, ...] until the first axis has ``count`` rows."""
    missing = count - len(rows)
    if not missing:
        return rows
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])


def in_batches(
    function: Callable[..., PyTree], *trees: PyTree, size: int = 32
) -> PyTree:
    """Calls a function of rows with batches of one size.

    Args:
      function: of as many trees; its results have a row for each row of theirs.
      *trees: of arrays [N, ...], N at least 1.
      size: rows of a batch; the last one is filled up with copies of its last row.

    Returns:
      The results of all N rows, on the host.

    >>> sizes = []
    >>> def doubled(rows):
    ...     sizes.append(len(rows))
    ...     return 2 * rows
    >>> in_batches(doubled, np.arange(5.0), size=2)
    array([0., 2., 4., 6., 8.])
    >>> sizes
    [2, 2, 2]
    """
    rows = len(jax.tree.leaves(trees)[0])

    def call(part: slice) -> PyTree:
        taken = jax.tree.map(lambda values: pad(np.asarray(values)[part], size), trees)
        return jax.device_get(function(*taken))

    found = [call(part) for part in batches(rows, size)]
    return jax.tree.map(lambda *parts: np.concatenate(parts)[:rows], *found)
