"""Weighted mixtures of endless streams, exact and repeatable.

A configuration names the sources and their weights::

    config.mixture = dict(
        people=dict(weight=0.7, source="clips", clips=dict(path="data/train")),
        faces=dict(weight=0.3, source="synthetic", synthetic=dict(path=FOLDER)),
    )
"""

from collections.abc import Sequence

import grain
import numpy as np


def component_seeds(seed: int, count: int) -> list[int]:
    """Different seeds for the streams of a mixture.

    With one seed, sources of equal length would be shuffled alike and their items
    changed alike.
    """
    words = np.random.SeedSequence(seed).generate_state(count, np.uint32)
    return [int(word) for word in words]


def mix(
    streams: Sequence[grain.MapDataset], weights: Sequence[float]
) -> grain.MapDataset:
    """Interleaves endless streams.

    Args:
      streams: the streams.
      weights: their shares of the elements, relative to each other; every stretch of
        the mixture keeps to them as nearly as whole numbers allow.

    Returns:
      A stream whose elements depend on their position alone.
    """
    total = sum(weights)
    return grain.MapDataset.mix(streams, weights=[w / total for w in weights])
