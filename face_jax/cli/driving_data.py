"""Clips that evaluations of reenactment drive faces by: files, lists of them, and data sets."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from data_pipelines.landmarks.finders import FaceFinder
from data_pipelines.sources.base import Clip as StoredClip
from data_pipelines.sources.face_listing import is_clip
from data_pipelines.sources.prepared import PreparedClips
from data_pipelines.sources.split_index import index_path
from data_pipelines.transforms.resize import resize_bilinear, to_uint8
from data_pipelines.video import VideoReader
from face_jax.cli.driver import open_driver
from face_jax.cli.driving_lists import is_list, read_clips
from face_jax.cli.faces import CropRule, evenly
from face_jax.cli.footage import find_inputs
from face_jax.cli.subjects import describe_clip
from face_jax.fsrt.scores import Clip


class DrivingClip(Protocol):
    """A clip that can be read when its turn comes."""

    @property
    def name(self) -> str:
        """What it is called."""

    def read(self, size: int, most: int | None) -> tuple[Clip, np.ndarray]:
        """Reads the frames that show a face.

        Args:
          size: side of the model's pictures, pixels.
          most: frames, evenly spread, of which the first is one; None for all.

        Returns:
          The clip in pixels of the crops, and int [T], numbers of its frames.

        Raises:
          ValueError: it cannot be read, or fewer than two frames show a face.
        """


@dataclasses.dataclass(frozen=True)
class Look:
    """How faces are looked for in files.

    Attributes:
      rule: what is cut out of frames.
      finder: finds faces where there is no landmark file; None: nobody does.
    """

    rule: CropRule
    finder: FaceFinder | None = None


@dataclasses.dataclass(frozen=True)
class FileClip:
    """A video file, cropped once by all faces of the clip."""

    name: str
    path: Path
    landmarks: Path | None
    look: Look

    def read(self, size: int, most: int | None) -> tuple[Clip, np.ndarray]:
        """See ``DrivingClip``."""
        given = (self.path, self.landmarks, self.look.rule)
        driver = open_driver(*given, finder=self.look.finder)
        crops = driver.crops
        numbers = _chosen(self.name, np.flatnonzero(crops.valid), most)
        with VideoReader(self.path) as reader:
            frames = [
                crops.cut(frame, number, size)
                for number, frame in zip(numbers, _read(reader, numbers), strict=True)
            ]
        points = None if crops.landmarks is None else crops.landmarks[numbers]
        boxes, pictures = crops.boxes[numbers], np.stack(frames)
        return describe_crops(self.name, pictures, points, boxes, size), numbers


@dataclasses.dataclass(frozen=True)
class PreparedClip:
    """A clip of a prepared data set, whose frames are crops already."""

    name: str
    collection: PreparedClips
    row: int

    def read(self, size: int, most: int | None) -> tuple[Clip, np.ndarray]:
        """See ``DrivingClip``."""
        stored = self.collection.clip(self.row)
        numbers = _chosen(self.name, np.flatnonzero(stored.detected), most)
        frames = self.collection.frames(self.row, numbers.tolist())
        landmarks = None if stored.landmarks is None else stored.landmarks[numbers]
        kept = dataclasses.replace(
            stored,
            num_frames=len(numbers),
            landmarks=landmarks,
            detected=np.ones(len(numbers), bool),
        )
        return describe_clip(kept, np.stack([_fit(f, size) for f in frames])), numbers


def find_clips(
    data: Sequence[Path],
    landmarks: Sequence[Path],
    look: Look,
    split: str = "test",
) -> list[DrivingClip]:
    """All clips that were asked for.

    Args:
      data: video files and folders of them; or one folder of ``face-jax prepare``, or
        one list, see ``driving_lists``.
      landmarks: see ``find_inputs`` and ``read_clips``.
      look: how faces are looked for in files.
      split: of a prepared data set.

    Raises:
      FileNotFoundError: something does not exist.
      ValueError: there is no clip, or a list is malformed.
    """
    if len(data) == 1 and index_path(data[0], split).parent.is_dir():
        return list(_prepared(data[0], split))
    if is_list(data):
        inputs = read_clips(data[0], landmarks)
    else:
        inputs = find_inputs(data, landmarks)
    given = [one for one in inputs if is_clip(one.path)]
    if not given:
        raise ValueError(f"{data[0]}: expected clips, there is none")
    return [FileClip(one.name, one.path, one.landmarks, look) for one in given]


def describe_crops(
    name: str,
    crops: np.ndarray,
    landmarks: np.ndarray | None,
    boxes: np.ndarray,
    size: int,
) -> Clip:
    """Adds keypoints, landmarks and regions to crops of frames.

    Args:
      name: of the clip.
      crops: uint8 [T, H, W, 3], squeezed to the size where they have another.
      landmarks: [T, 68, 2] in pixels of the frames, or None.
      boxes: [T, 4], edges of the crops in pixels of the frames.
      size: side of the model's pictures, pixels.
    """
    points = None if landmarks is None else _in_crops(landmarks, boxes, size)
    stored = StoredClip(name, len(crops), size, size, points, np.ones(len(crops), bool))
    return describe_clip(stored, np.stack([_fit(crop, size) for crop in crops]))


def _prepared(folder: Path, split: str) -> list[PreparedClip]:
    collection = PreparedClips(folder, split, cache_bytes=0)
    names = [collection.clip(row).name for row in range(len(collection))]
    return [PreparedClip(name, collection, row) for row, name in enumerate(names)]


def _chosen(name: str, known: np.ndarray, most: int | None) -> np.ndarray:
    if len(known) < 2:
        raise ValueError(
            f"{name}: expected a face in 2 frames or more, got {len(known)}"
        )
    return known if most is None else np.array(evenly(known.tolist(), most))


def _read(reader: VideoReader, numbers: np.ndarray):
    """Frames by number, one at a time."""
    wanted = set(numbers.tolist())
    frames = reader.iterate(0, int(numbers[-1]) + 1)
    return (frame for number, frame in enumerate(frames) if number in wanted)


def _in_crops(points: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """Landmarks [T, 68, 2] in pixels of crops with boxes [T, 4]."""
    low, high = np.split(boxes[:, None], 2, axis=-1)
    return ((points + 0.5 - low) * size / (high - low) - 0.5).astype(np.float32)


def _fit(frame: np.ndarray, size: int) -> np.ndarray:
    if frame.shape[:2] == (size, size):
        return frame
    return to_uint8(resize_bilinear(frame, size))
