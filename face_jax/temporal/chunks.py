"""Cuts sequences into chunks of one size, so that programs are compiled once."""

from collections.abc import Iterator

import numpy as np

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
