"""Stored synthetic faces with what hides them, for an evaluation against the truth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from data_pipelines.items.latent_ofer import LatentOferItems
from data_pipelines.sources.synthetic_images import SyntheticImages
from face_jax.latent_ofer.occluded_faces import OccludedFaces

SOURCE = "synthetic_images"
"""The source of data whose pictures come with the faces behind what hides them."""


class StoredFaces:
    """The built-in or generated data set that a detector was trained on.

    Attributes:
      data: the block that describes it.
      names: of the kinds of occluders, in the order of their numbers, the first one
        stands for nothing.
      seen: those that the training had.
      unseen: those that it did not have.
    """

    def __init__(self, data: Mapping[str, Any]):
        """Opens the data set.

        Args:
          data: of the detector's config, as ``synthetic_part`` gives it.

        Raises:
          FileNotFoundError: the data set has not been generated.
        """
        self.data = data
        self.names = self._source("train").occluder_names
        kinds = self.data[SOURCE].get("kinds")
        trained = self.names if kinds is None else kinds
        self.seen = tuple(kind for kind in self.names[1:] if kind in trained)
        self.unseen = tuple(kind for kind in self.names[1:] if kind not in trained)

    def training(self, most: int) -> OccludedFaces:
        """Pictures like those of the training, without its random changes."""
        return self._read("train", self.data[SOURCE].get("kinds"), most)

    def test(self, most: int | None) -> OccludedFaces:
        """Pictures of persons that training never saw, with all kinds of occluders."""
        return self._read("test", None, most)

    def _read(
        self, split: str, kinds: Sequence[str] | None, most: int | None
    ) -> OccludedFaces:
        """At most so many pictures, spread evenly; None takes all."""
        source = self._source(split, kinds)
        records = self._recipe.evaluation_records(source)
        count = len(records) if most is None else min(most, len(records))
        rows = np.linspace(0, len(records) - 1, count).round().astype(int)
        nothing_random = np.random.default_rng(0)
        items = [
            self._recipe.evaluation_item(source, records[row], nothing_random)
            for row in rows
        ]
        columns = ("image", "clean_image", "occluder_mask", "occluder")
        return OccludedFaces(*(np.stack([i[name] for i in items]) for name in columns))

    @property
    def _recipe(self) -> LatentOferItems:
        block = self.data[self.data["item"]]
        return LatentOferItems(**{**block, "mode": "plain"})

    def _source(
        self, split: str, kinds: Sequence[str] | None = None
    ) -> SyntheticImages:
        settings = {"split": split, "occluders": True, "kinds": kinds}
        return SyntheticImages(**{**self.data[SOURCE], **settings, "cache_bytes": 0})
