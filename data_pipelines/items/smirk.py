"""SMIRK's items: one picture of a face with its landmarks (arXiv 2404.04104)."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from data_pipelines.items.base import ArraySpec, ElementSpec, Item
from data_pipelines.items.device_changes import spec_of
from data_pipelines.items.faces import (
    FaceFrame,
    face_frames,
    first_usable,
    rows_of_group,
)
from data_pipelines.items.synthetic_truth import (
    check_lengths,
    passed_truth,
    truth_spec,
)
from data_pipelines.landmarks.outlines import NUM_MEDIAPIPE_105
from data_pipelines.landmarks.schemas import NUM_LANDMARKS
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.faces import FaceCollection, FacePicture
from data_pipelines.transforms.smirk_colors import (
    ColorChanges,
    color_arrays,
    draw_color_changes,
)
from data_pipelines.transforms.smirk_geometry import (
    EVALUATION_SCALE,
    RECOGNITION_SIDE,
    SIDE,
    TRAINING_SCALES,
)
from data_pipelines.transforms.smirk_item import SmirkCrop, draw_crop, smirk_item

Mode = Literal["train", "plain"]


@dataclasses.dataclass(frozen=True)
class SmirkItems:
    """Recipe of items: ``size`` pixels square, cut out around the face.

    An epoch has one item of each group of a source, and a random frame of a clip. Items
    without MediaPipe's landmarks, or without the 68, have zeros in their place and a flag
    that is false; crop and outline then follow what is known.

    Attributes:
      size: pixels of a crop along each side.
      mode: ``train``: crops are scaled, turned, zoomed and shifted at random, as
        published; ``plain``: upright crops with the face in their middle.
      train_scales: least and largest side of a ``train`` crop over that of the face,
        above 0; as published where nothing else is said. Closer crops show more of a
        face in as many pixels.
      plain_scale: side of a plain crop over that of the face, above 0; 1.6 in the
        published evaluation, 1.4 for users' pictures.
      color_changes: whether ``train`` also changes colours at random: items then have
        what was drawn for them, see ``color_arrays``, and the device changes them.
      recognition_image: whether items have the aligned face that recognition takes.
      truth: names and lengths of vectors that synthetic pictures were made from, such
        as ``shape_params``; items of other sources have zeros. ``camera`` becomes that
        of the crop.
      evaluation_frames_per_clip: frames of each clip in evaluation, evenly spread. None:
        all of them.
    """

    size: int = SIDE
    mode: Mode = "train"
    train_scales: tuple[float, float] = TRAINING_SCALES
    plain_scale: float = EVALUATION_SCALE
    color_changes: bool = True
    recognition_image: bool = False
    truth: Mapping[str, int] = dataclasses.field(default_factory=dict)
    evaluation_frames_per_clip: int | None = None

    def __post_init__(self) -> None:
        """Refuses settings that no item can have."""
        if self.mode not in get_args(Mode):
            known = ", ".join(get_args(Mode))
            raise ValueError(f"mode: expected one of {known}, got {self.mode!r}")
        for name in ("size", "evaluation_frames_per_clip"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ValueError(f"{name}: expected at least 1, got {number}")
        if not self.plain_scale > 0:
            raise ValueError(f"plain_scale: expected above 0, got {self.plain_scale}")
        scales = tuple(self.train_scales)
        if len(scales) != 2 or not 0 < scales[0] <= scales[1]:
            raise ValueError(
                "train_scales: expected two numbers above 0, the least first, got "
                f"{self.train_scales}"
            )
        check_lengths(self.truth, upright=self.mode == "plain")

    def element_spec(self, evaluation: bool = False) -> ElementSpec:
        """Shapes and types of an item."""
        picture = (self.size, self.size)
        uint8, float32, int32 = map(np.dtype, (np.uint8, np.float32, np.int32))
        flag = ArraySpec((), np.dtype(bool))
        spec = {
            "image": ArraySpec((*picture, 3), uint8),
            "hull_mask": ArraySpec(picture, uint8),
            "landmarks_mediapipe": ArraySpec((NUM_MEDIAPIPE_105, 2), float32),
            "has_landmarks_mediapipe": flag,
            "landmarks_68": ArraySpec((NUM_LANDMARKS, 2), float32),
            "has_landmarks_68": flag,
            "item_id": ArraySpec((), int32),
        }
        if self.recognition_image:
            side = RECOGNITION_SIDE
            spec["recognition_image"] = ArraySpec((side, side, 3), uint8)
        if self._colored:
            spec |= spec_of(color_arrays(ColorChanges(), self.size))
        spec |= truth_spec(self.truth)
        if evaluation:
            spec |= dict.fromkeys(("frame", "label", "identity"), ArraySpec((), int32))
        return spec

    def num_records(self, source: FaceCollection) -> int:
        """Items of one epoch: one of each group."""
        return len(source.groups)

    def sample(
        self, source: FaceCollection, index: int, rng: np.random.Generator
    ) -> Item:
        """Makes one training item.

        Pictures and clips that cannot be used are replaced by others of their group,
        then by those of the next group. Every such choice depends on ``rng`` and on the
        files alone, so that all processes make the same item.

        Raises:
          ValueError: no picture of the source can be used, or it lacks the truth that
            is asked for.
        """

        def make(face: FacePicture, row: int) -> Item:
            return self._make(face, row, *self._draw(rng))

        return first_usable(source, rows_of_group(source, index, rng), rng, make)

    def evaluation_records(self, source: FaceCollection) -> Sequence[FaceFrame]:
        """All pictures, and the frames of all clips, in the order of the source.

        Raises:
          ValueError: the mode is ``train``, or nothing can be used.
        """
        if self.mode == "train":
            raise ValueError("mode: expected plain for evaluation, got 'train'")
        return face_frames(source, self.evaluation_frames_per_clip)

    def evaluation_item(
        self, source: FaceCollection, record: FaceFrame, rng: np.random.Generator
    ) -> Item:
        """Makes one evaluation item; nothing in it is random.

        Raises:
          UnusableClip: the frame cannot be decoded, or its landmarks are no face.
        """
        face = source.face(*record)
        item = self._make(face, record.row, SmirkCrop(self.plain_scale), ColorChanges())
        for name in ("label", "identity"):
            item[name] = np.array(getattr(face, name), np.int32)
        item["frame"] = np.array(record.frame, np.int32)
        return item

    @property
    def _colored(self) -> bool:
        return self.mode == "train" and self.color_changes

    def _draw(self, rng: np.random.Generator) -> tuple[SmirkCrop, ColorChanges]:
        """The random choices that the settings leave on."""
        if self.mode == "plain":
            return SmirkCrop(self.plain_scale), ColorChanges()
        crop = draw_crop(rng, self.train_scales)
        return crop, draw_color_changes(rng) if self._colored else ColorChanges()

    def _make(
        self, face: FacePicture, row: int, crop: SmirkCrop, colors: ColorChanges
    ) -> Item:
        inner = face.landmarks_105
        # The known landmarks come first, so that they are found again in the crop.
        points = [face.outline] if inner is None else [inner, face.outline]
        matrix, item = self._cropped(face, np.concatenate(points), crop)
        moved = item["landmarks_mediapipe"][:NUM_MEDIAPIPE_105]
        unknown = np.zeros((NUM_MEDIAPIPE_105, 2), np.float32)
        item["landmarks_mediapipe"] = unknown if inner is None else moved
        item["has_landmarks_mediapipe"] = np.array(inner is not None)
        if self._colored:
            item |= color_arrays(colors, self.size)
        item["item_id"] = np.array(row, np.int32)
        return item | passed_truth(face, self.truth, matrix, self.size)

    def _cropped(
        self, face: FacePicture, points: np.ndarray, crop: SmirkCrop
    ) -> tuple[np.ndarray, Item]:
        """The matrix of a crop and what is in it; ``points`` make crop and outline."""
        size, with_face = self.size, self.recognition_image
        try:
            matrix = crop.matrix(points, size)
            given = (face.image, points, face.landmarks_68, crop, size, with_face)
            return matrix, smirk_item(*given)
        except ValueError as error:
            raise UnusableClip(face.name, str(error)) from error
