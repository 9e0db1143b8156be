"""Items of Latent-OFER's recogniser: pictures with stored latents (arXiv 2307.11404)."""

import dataclasses
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from data_pipelines.items.balance import balanced_labels, balanced_rows
from data_pipelines.items.base import ArraySpec, ElementSpec, Item
from data_pipelines.items.device_changes import device_changes, spec_of
from data_pipelines.sources.latents import LatentFiles
from data_pipelines.transforms.latent_item import (
    UNCHANGED,
    LatentAugmentation,
    LatentDraws,
    draw_latent,
    latent_item,
)

Mode = Literal["train", "plain"]


@dataclasses.dataclass(frozen=True)
class LatentItems:
    """Recipe of items: a picture, its tokens, and how much each patch matters.

    ``size``, ``grid`` and ``width`` must be those of the files: they tell the shapes of
    items before a file is opened.

    Attributes:
      size: pixels of a picture along each side.
      grid: patches along each side.
      width: numbers of a token.
      mode: ``train``: pictures are changed at random; ``plain``: all is as stored.
      flip_probability: share of the items that ``train`` flips left to right.
      flip_tokens: whether tokens and relevance are flipped with the picture; the
        published training leaves them as they are.
      erasing_probability: share of the items of which ``train`` erases a rectangle of
        the picture.
      rotation_probability: share of the items whose picture ``train`` turns and shifts,
        see ``turn_picture``; 0.2 as published.
      color_changes: whether ``train`` changes the colours of pictures; they stay as they
        are as published.
      class_balanced: whether training items are drawn from all classes alike; pictures
        without a class are left out then.
    """

    size: int = 224
    grid: int = 14
    width: int = 512
    mode: Mode = "train"
    flip_probability: float = 0.5
    flip_tokens: bool = True
    erasing_probability: float = 0.5
    rotation_probability: float = 0.0
    color_changes: bool = False
    class_balanced: bool = False

    def __post_init__(self) -> None:
        """Refuses settings that no item can have."""
        if self.mode not in get_args(Mode):
            known = ", ".join(get_args(Mode))
            raise ValueError(f"mode: expected one of {known}, got {self.mode!r}")
        for name in ("size", "grid", "width"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name}: expected at least 1, got {getattr(self, name)}"
                )
        _ = self.augmentation

    @property
    def augmentation(self) -> LatentAugmentation:
        """The random changes of ``train``."""
        return LatentAugmentation(
            self.flip_probability,
            self.erasing_probability,
            self.rotation_probability,
            self.color_changes,
        )

    def element_spec(self, evaluation: bool = False) -> ElementSpec:
        """Shapes and types of an item."""
        number = ArraySpec((), np.dtype(np.int32))
        tokens = (1 + self.grid**2, self.width)
        spec = {
            "image": ArraySpec((self.size, self.size, 3), np.dtype(np.uint8)),
            "tokens": ArraySpec(tokens, np.dtype(np.float16)),
            "relevance": ArraySpec((self.grid, self.grid), np.dtype(np.float32)),
        }
        spec |= dict.fromkeys(("label", "occluder", "item_id"), number)
        if self.mode == "train":
            spec |= spec_of(device_changes(self.augmentation))
        return spec | ({"identity": number} if evaluation else {})

    def num_records(self, source: LatentFiles) -> int:
        """Items of one epoch: as many as there are pictures.

        Raises:
          ValueError: the files have other shapes, or classes are to be balanced and
            there are none.
        """
        self._check(source)
        if self.class_balanced:
            balanced_labels(source)
        return len(source)

    def sample(self, source: LatentFiles, index: int, rng: np.random.Generator) -> Item:
        """Makes one training item: picture ``index``, or one of a random class."""
        row = index
        if self.class_balanced:
            row = next(balanced_rows(balanced_labels(source), rng))
        draws = UNCHANGED
        if self.mode == "train":
            draws = draw_latent(rng, self.augmentation, self.size)
        item = self._make(source, row, draws)
        del item["identity"]
        return item

    def evaluation_records(self, source: LatentFiles) -> Sequence[int]:
        """All pictures in their order.

        Raises:
          ValueError: the mode is ``train``, or the files have other shapes.
        """
        if self.mode == "train":
            raise ValueError("mode: expected plain for evaluation, got 'train'")
        self._check(source)
        return range(len(source))

    def evaluation_item(
        self, source: LatentFiles, record: int, rng: np.random.Generator
    ) -> Item:
        """Makes one evaluation item; nothing in it is random."""
        return self._make(source, record, UNCHANGED)

    def _make(self, source: LatentFiles, row: int, draws: LatentDraws) -> Item:
        item = source[row]
        given = (item["image"], item["tokens"], item["relevance"])
        item |= latent_item(*given, draws, self.flip_tokens)
        if self.mode == "train":
            item |= device_changes(self.augmentation, draws.colors, draws.erased)
        return item | {"item_id": np.array(row, np.int32)}

    def _check(self, source: LatentFiles) -> None:
        """Refuses files whose arrays have other shapes than the settings say."""
        for name in ("size", "grid", "width"):
            wanted, found = getattr(self, name), getattr(source, name)
            if wanted != found:
                raise ValueError(
                    f"{name}: expected {found} as in {source.path}, got {wanted}"
                )
