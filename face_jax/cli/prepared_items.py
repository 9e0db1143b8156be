"""Pictures of a prepared data set with their names, cut out as a model was trained."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from data_pipelines.items.base import Item, ItemRecipe
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.prepared import PreparedFaces
from face_jax.cli.subjects import data_of_run


class NamedItem(NamedTuple):
    """One picture of a data set.

    Attributes:
      name: its file, and the number of the frame.
      item: what the recipe makes of it, arrays without a batch axis.
    """

    name: str
    item: Item


class PreparedItems:
    """Evaluation items of a prepared data set, in its order.

    Attributes:
      skipped: names of pictures that could not be used so far, with the reason.
    """

    def __init__(self, faces: PreparedFaces, recipe: ItemRecipe):
        """Lists the pictures.

        Args:
          faces: the data set.
          recipe: how pictures are cut out.

        Raises:
          ValueError: nothing can be used.
        """
        self._faces, self._recipe = faces, recipe
        self._records = recipe.evaluation_records(faces)
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[NamedItem]:
        """The pictures in their order; what cannot be used is left out."""
        draws = np.random.default_rng(0)  # nothing in evaluation items is random
        for record in self._records:
            try:
                name = self._faces.face(*record).name
                item = self._recipe.evaluation_item(self._faces, record, draws)
            except UnusableClip as error:
                self.skipped[error.name] = str(error)
                continue
            yield NamedItem(name, item)

    def batches(self, size: int) -> Iterator[tuple[list[str], Item]]:
        """Names and stacked items of at most so many pictures at a time."""
        items = iter(self)
        while some := list(islice(items, size)):
            keys = some[0].item
            stacked = {key: np.stack([one.item[key] for one in some]) for key in keys}
            yield [one.name for one in some], stacked


def item_settings(run: Path, name: str) -> dict[str, Any]:
    """How a training cut out its pictures: the block of its items.

    Args:
      run: work directory.
      name: kind of the items, such as ``smirk_item``.

    Raises:
      FileNotFoundError: there is no config.
      ValueError: the run was trained on other items.
    """
    data = data_of_run(run)
    if data.get("item") != name:
        raise ValueError(
            f"{run / 'config.json'}: expected data.item {name!r}, "
            f"got {data.get('item')!r}"
        )
    return dict(data.get(name) or {})
