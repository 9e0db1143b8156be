"""FSRT's items: source and driving frames of one clip (arXiv 2404.09736)."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from data_pipelines.items.base import ArraySpec, ElementSpec, Item
from data_pipelines.items.clip_points import (
    face_points,
    picture_landmarks,
    pixel_keypoints,
)
from data_pipelines.items.frames import (
    FrameSelection,
    evaluation_frames,
    select_frames,
    usable_frames,
)
from data_pipelines.landmarks.schemas import NUM_LANDMARKS, NUM_SEMANTIC_KEYPOINTS
from data_pipelines.sources.base import Clip, ClipCollection, UnusableClip
from data_pipelines.transforms.fsrt_item import (
    NUM_VIEWS,
    PLAIN,
    FsrtAugmentation,
    draw_fsrt,
    fsrt_item,
)

Mode = Literal["train", "validation", "plain"]

FRAME_DRAWS_PER_CLIP = 4
"""How often frames of a clip are drawn before it is given up as damaged."""


class FramePair(NamedTuple):
    """One evaluation item.

    Attributes:
      row: the clip.
      sources: numbers of the source frames.
      driving: number of the driving frame.
    """

    row: int
    sources: tuple[int, ...]
    driving: int


@dataclasses.dataclass(frozen=True)
class FsrtItems:
    """Recipe of an FSRT item: sources and driving frames of one clip.

    Training item ``i`` shows person ``i``: one of the person's clips is drawn, then
    ``num_sources + num_driving`` of its frames, independently, with replacement, among
    those with landmarks. Without landmarks every frame serves, crops assume the face
    at ``fsrt_geometry.NOMINAL_FACE``, and keypoints are zeros.

    Attributes:
      num_sources: source images ``S`` of an item; the paper uses 1 and 2.
      num_driving: driving frames ``D`` of a training item that share its sources;
        evaluation items have one.
      size: side of all pictures; other frames are squeezed to a square.
      mode: ``train``; ``validation`` (no flip, no colour changes, crops stay); or
        ``plain`` (whole frames as they are).
      frame_selection: part of each clip that frames are drawn from, see
        ``select_frames``. In evaluation the part that the driving frames are from.
      out_of_frame_probability: share of the items with the out-of-frame crop.
      flip_probability: share of the items that are flipped left to right.
      color_jitter: largest change of brightness, contrast, saturation and hue.
      expression_crop: whether the expression encoder's driving frame is cropped.
      evaluation_source_frames: numbers of the ``num_sources`` source frames of
        each clip in evaluation. None: evenly spread over the first 80 % of the clip,
        the first one its first usable frame.
      evaluation_frames_per_clip: driving frames of each clip in evaluation, evenly
        spread over ``frame_selection``. None: all of them.
    """

    num_sources: int = 1
    num_driving: int = 1
    size: int = 256
    mode: Mode = "train"
    frame_selection: FrameSelection = "all"
    out_of_frame_probability: float = 0.5
    flip_probability: float = 0.5
    color_jitter: tuple[float, ...] = (0.1, 0.1, 0.1, 0.1)
    expression_crop: bool = True
    evaluation_source_frames: tuple[int, ...] | None = None
    evaluation_frames_per_clip: int | None = None

    def __post_init__(self) -> None:
        """Refuses settings that no item can have."""
        if self.mode not in get_args(Mode):
            known = ", ".join(get_args(Mode))
            raise ValueError(f"mode: expected one of {known}, got {self.mode!r}")
        select_frames(1, self.frame_selection)
        for name in ("num_sources", "num_driving", "size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name}: expected at least 1, got {getattr(self, name)}"
                )
        if len(self.color_jitter) != 4:
            raise ValueError(
                "color_jitter: expected brightness, contrast, saturation and hue, "
                f"got {self.color_jitter!r}"
            )
        fixed = self.evaluation_source_frames
        if fixed is not None and len(fixed) != self.num_sources:
            raise ValueError(
                f"evaluation_source_frames: expected {self.num_sources} numbers "
                f"(num_sources), got {fixed!r}"
            )

    @property
    def augmentation(self) -> FsrtAugmentation:
        """The random changes that the mode leaves on."""
        full = FsrtAugmentation(
            self.out_of_frame_probability,
            self.flip_probability,
            tuple(self.color_jitter),
            self.expression_crop,
        )
        by_mode = {"train": full, "validation": full.for_validation(), "plain": PLAIN}
        return by_mode[self.mode]

    def element_spec(self, evaluation: bool = False) -> ElementSpec:
        """Shapes and types of an item."""
        num_driving = 1 if evaluation else self.num_driving
        picture = (self.size, self.size, 3)
        points = (NUM_SEMANTIC_KEYPOINTS, 2)
        uint8, float32, int32 = map(np.dtype, (np.uint8, np.float32, np.int32))
        spec = {
            "source_images": ArraySpec((self.num_sources, *picture), uint8),
            "source_images_uncropped": ArraySpec((self.num_sources, *picture), uint8),
            "driving_images": ArraySpec((num_driving, *picture), uint8),
            "driving_images_uncropped": ArraySpec((num_driving, *picture), uint8),
            "driving_expression_crops": ArraySpec((num_driving, *picture), uint8),
            "source_keypoints": ArraySpec((self.num_sources, *points), float32),
            "driving_keypoints": ArraySpec((num_driving, *points), float32),
            "keypoint_scale": ArraySpec((2,), float32),
            "keypoint_shift": ArraySpec((2,), float32),
            "expression_scale": ArraySpec((num_driving, 2), float32),
            "expression_shift": ArraySpec((num_driving, 2), float32),
            "color_factors": ArraySpec((NUM_VIEWS, 4), float32),
            "color_order": ArraySpec((NUM_VIEWS, 4), int32),
            "item_id": ArraySpec((), int32),
        }
        if evaluation:
            spec["driving_frame"] = ArraySpec((1,), int32)
            spec["driving_landmarks"] = ArraySpec((1, NUM_LANDMARKS, 2), float32)
        return spec

    def num_records(self, source: ClipCollection) -> int:
        """Items of one epoch: one of each person."""
        return len(source.identities)

    def sample(
        self, source: ClipCollection, index: int, rng: np.random.Generator
    ) -> Item:
        """Makes one training item.

        Clips that cannot be used are replaced by the person's other clips, then by
        those of the next person. Every such choice depends on ``rng`` and on the
        files alone, so that all processes make the same item.

        Raises:
          ValueError: no clip of the source can be used.
        """
        for row in self._candidates(source, index, rng):
            item = self._try_clip(source, row, rng)
            if item is not None:
                return item
        raise ValueError(f"no item can be made: {source.report.summary()}")

    def evaluation_records(self, source: ClipCollection) -> Sequence[FramePair]:
        """All pairs of fixed source frames and a driving frame, clip by clip.

        Raises:
          ValueError: the mode is ``train``, or no clip has such a pair.
        """
        if self.mode == "train":
            raise ValueError(
                "mode: expected validation or plain for evaluation, got 'train'"
            )
        pairs: list[FramePair] = []
        for row in range(len(source)):
            try:
                pairs += self._pairs_of_clip(source, row)
            except UnusableClip as error:
                source.report.add(error)
        if not pairs:
            raise ValueError(f"no evaluation item: {source.report.summary()}")
        return pairs

    def evaluation_item(
        self, source: ClipCollection, record: FramePair, rng: np.random.Generator
    ) -> Item:
        """Makes one evaluation item.

        Raises:
          UnusableClip: a frame cannot be decoded.
        """
        clip = source.clip(record.row)
        frames = np.array([*record.sources, record.driving])
        item = self._make(source, record.row, clip, frames, rng)
        item["driving_frame"] = frames[-1:].astype(np.int32)
        item["driving_landmarks"] = picture_landmarks(clip, frames[-1:], self.size)
        return item

    def _candidates(
        self, source: ClipCollection, index: int, rng: np.random.Generator
    ) -> Iterator[int]:
        """Rows to try: the person's clips in random order, then the next person's."""
        for shift in range(len(source.identities)):
            rows = source.identities[(index + shift) % len(source.identities)]
            yield from rng.permutation(rows).tolist()

    def _try_clip(
        self, source: ClipCollection, row: int, rng: np.random.Generator
    ) -> Item | None:
        try:
            clip = source.clip(row)
            usable = self._training_frames(clip)
        except UnusableClip as error:
            source.report.add(error)
            return None
        for _ in range(FRAME_DRAWS_PER_CLIP):
            drawn = rng.integers(len(usable), size=self.num_sources + self.num_driving)
            try:
                return self._make(source, row, clip, usable[drawn], rng)
            except UnusableClip as error:
                source.report.add(error)
        return None

    def _training_frames(self, clip: Clip) -> np.ndarray:
        if clip.num_frames < 2:
            raise UnusableClip(clip.name, "has one frame, training needs two or more")
        return usable_frames(clip, self.frame_selection)

    def _pairs_of_clip(self, source: ClipCollection, row: int) -> list[FramePair]:
        sources, driving = evaluation_frames(
            source.clip(row),
            self.frame_selection,
            self.evaluation_source_frames,
            self.num_sources,
            self.evaluation_frames_per_clip,
        )
        return [FramePair(row, sources, frame) for frame in driving]

    def _make(
        self,
        source: ClipCollection,
        row: int,
        clip: Clip,
        frames: np.ndarray,
        rng: np.random.Generator,
    ) -> Item:
        """Draws and applies the choices for given frames, sources first."""
        images = source.frames(row, frames.tolist())
        points = face_points(clip, frames)
        split = self.num_sources
        size = (clip.width, clip.height)
        draws = draw_fsrt(rng, points[:split], points[split:], size, self.augmentation)
        keypoints = pixel_keypoints(clip, frames, draws.flip)
        item = fsrt_item(
            images[:split],
            images[split:],
            keypoints[:split],
            keypoints[split:],
            draws,
            self.size,
        )
        item["item_id"] = np.array(row, np.int32)
        return item
