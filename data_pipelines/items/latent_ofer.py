"""Latent-OFER's items: a face, what hides it, and the face behind (arXiv 2307.11404)."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np

from data_pipelines.items.balance import balanced_labels, balanced_rows
from data_pipelines.items.base import ArraySpec, ElementSpec, Item
from data_pipelines.items.device_changes import device_changes, spec_of
from data_pipelines.items.faces import (
    FaceFrame,
    face_frames,
    first_usable,
    rows_of_group,
)
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.faces import FaceCollection, FacePicture
from data_pipelines.transforms.latent_ofer_item import (
    FACE_SCALE,
    SIDE,
    UNCHANGED,
    LatentOferAugmentation,
    LatentOferDraws,
    draw_latent_ofer,
    latent_ofer_item,
)

Mode = Literal["train", "plain"]


@dataclasses.dataclass(frozen=True)
class LatentOferItems:
    """Recipe of items: ``size`` pixels square, cut out around the face.

    An epoch has as many items as a source has groups, one of each unless classes are
    balanced, and a random frame of a clip. Sources that do not know what hides a face,
    such as photographs, give the picture itself as the clean one and an empty mask. What
    ``train`` changes of colours, and what it erases, is only drawn: see
    ``device_changes``.

    Attributes:
      size: pixels of a crop along each side.
      mode: ``train``: crops and colours are changed at random; ``plain``: upright crops
        with the face in their middle.
      face_scale: side of the crop over the longer side of the face's box, above 0, see
        ``FACE_SCALE``.
      flip_probability: share of the items that ``train`` flips left to right.
      jitter: largest change of side and place of the crop in ``train``, as shares of the
        side.
      rotation: largest angle in degrees that ``train`` turns pictures by.
      color_changes: whether ``train`` changes colours, of both pictures alike.
      erasing_probability: share of the items of which ``train`` erases a rectangle, in
        ``image`` alone; 0.5 in the published training of the recogniser.
      class_balanced: whether training items are drawn from all classes alike; pictures
        without a class are left out then.
    """

    size: int = SIDE
    mode: Mode = "train"
    face_scale: float = FACE_SCALE
    flip_probability: float = 0.5
    jitter: float = 0.05
    rotation: float = 10.0
    color_changes: bool = True
    erasing_probability: float = 0.0
    class_balanced: bool = False

    def __post_init__(self) -> None:
        """Refuses settings that no item can have."""
        if self.mode not in get_args(Mode):
            known = ", ".join(get_args(Mode))
            raise ValueError(f"mode: expected one of {known}, got {self.mode!r}")
        if self.size < 1:
            raise ValueError(f"size: expected at least 1, got {self.size}")
        if not self.face_scale > 0:
            raise ValueError(f"face_scale: expected above 0, got {self.face_scale}")
        _ = self.augmentation

    @property
    def augmentation(self) -> LatentOferAugmentation:
        """The random changes of ``train``."""
        return LatentOferAugmentation(
            self.flip_probability,
            self.jitter,
            self.rotation,
            self.color_changes,
            self.erasing_probability,
        )

    def element_spec(self, evaluation: bool = False) -> ElementSpec:
        """Shapes and types of an item."""
        picture = (self.size, self.size)
        uint8, number = np.dtype(np.uint8), ArraySpec((), np.dtype(np.int32))
        spec = {
            "image": ArraySpec((*picture, 3), uint8),
            "clean_image": ArraySpec((*picture, 3), uint8),
            "occluder_mask": ArraySpec(picture, uint8),
        }
        spec |= dict.fromkeys(("label", "occluder", "item_id"), number)
        if self.mode == "train":
            spec |= spec_of(device_changes(self.augmentation))
        return spec | ({"identity": number} if evaluation else {})

    def num_records(self, source: FaceCollection) -> int:
        """Items of one epoch: as many as there are groups.

        Raises:
          ValueError: classes are to be balanced and the source knows none.
        """
        if self.class_balanced:
            balanced_labels(source)
        return len(source.groups)

    def sample(
        self, source: FaceCollection, index: int, rng: np.random.Generator
    ) -> Item:
        """Makes one training item.

        Pictures and clips that cannot be used are replaced by others of their group or
        class, then by those of other ones. Every such choice depends on ``rng`` and on
        the files alone, so that all processes make the same item.

        Raises:
          ValueError: no picture of the source can be used.
        """

        def make(face: FacePicture, row: int) -> Item:
            return self._make(face, row, self._draw(rng))

        return first_usable(source, self._rows(source, index, rng), rng, make)

    def evaluation_records(self, source: FaceCollection) -> Sequence[FaceFrame]:
        """All pictures, and the frames of all clips, in the order of the source.

        Raises:
          ValueError: the mode is ``train``, or nothing can be used.
        """
        if self.mode == "train":
            raise ValueError("mode: expected plain for evaluation, got 'train'")
        return face_frames(source)

    def evaluation_item(
        self, source: FaceCollection, record: FaceFrame, rng: np.random.Generator
    ) -> Item:
        """Makes one evaluation item; nothing in it is random.

        Raises:
          UnusableClip: the frame cannot be decoded, or its landmarks are no face.
        """
        face = source.face(*record)
        item = self._make(face, record.row, UNCHANGED)
        item["identity"] = np.array(face.identity, np.int32)
        return item

    def _rows(
        self, source: FaceCollection, index: int, rng: np.random.Generator
    ) -> Iterator[int]:
        """Rows to try for a training item."""
        if self.class_balanced:
            return balanced_rows(balanced_labels(source), rng)
        return rows_of_group(source, index, rng)

    def _draw(self, rng: np.random.Generator) -> LatentOferDraws:
        """The random choices that the mode leaves on."""
        if self.mode == "plain":
            return UNCHANGED
        return draw_latent_ofer(rng, self.augmentation, self.size)

    def _make(self, face: FacePicture, row: int, draws: LatentOferDraws) -> Item:
        try:
            item = latent_ofer_item(
                face.image,
                face.outline,
                face.clean_image,
                face.occluder_mask,
                draws,
                self.face_scale,
                self.size,
            )
        except ValueError as error:
            raise UnusableClip(face.name, str(error)) from error
        if self.mode == "train":
            item |= device_changes(self.augmentation, draws.colors, draws.erased)
        numbers = {"label": face.label, "occluder": face.occluder, "item_id": row}
        return item | {name: np.array(n, np.int32) for name, n in numbers.items()}
