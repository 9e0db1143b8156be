"""What every kind of item offers, whatever it is made of."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

Item = dict[str, np.ndarray]
"""One element of a stream: names to arrays without a batch axis."""


class ArraySpec(NamedTuple):
    """Shape and type of an array that does not exist yet."""

    shape: tuple[int, ...]
    dtype: np.dtype


ElementSpec = Mapping[str, ArraySpec]


class ItemRecipe(Protocol):
    """How items are made from a source. Holds settings only, no data.

    ``sample`` and ``evaluation_item`` must depend on nothing but their arguments:
    streams are resumed, and split among processes, by making items again.
    """

    def element_spec(self, evaluation: bool = False) -> ElementSpec:
        """Shapes and types of an item."""

    def num_records(self, source: Any) -> int:
        """Items of one epoch; training shuffles their numbers."""

    def sample(self, source: Any, index: int, rng: np.random.Generator) -> Item:
        """Makes one training item."""

    def evaluation_records(self, source: Any) -> Sequence[Any]:
        """Descriptions of all evaluation items, in a fixed order."""

    def evaluation_item(
        self, source: Any, record: Any, rng: np.random.Generator
    ) -> Item:
        """Makes one evaluation item."""
