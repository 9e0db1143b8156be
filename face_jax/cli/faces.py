"""Where the face lies in sources and drivers, and what the model gets to see of it."""

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from data_pipelines.landmarks.detectors import LandmarkFileDetector, detect_faces
from data_pipelines.landmarks.files import load_landmarks
from data_pipelines.landmarks.finders import FaceFinder
from data_pipelines.landmarks.following import FaceTrack, follow_face
from data_pipelines.landmarks.schemas import semantic_keypoints
from data_pipelines.transforms.crops import (
    CROP_SCALE,
    clip_box,
    crop_resize,
    moving_boxes,
)
from face_jax.cli.searching import search

Crop = Literal["auto", "face", "moving", "centre", "whole"]
"""What is cut out of the frames.

``face``: one square around the face in all frames, by its landmarks or a finder.
``moving``: a square that follows the face smoothly. ``centre``: the largest square in the
middle. ``whole``: the whole frame, squeezed to a square. ``auto``: ``face`` where there
are landmarks or a finder, else ``centre``.
"""


@dataclasses.dataclass(frozen=True)
class FaceCrops:
    """The crops of one clip; a picture is a clip of one frame.

    Attributes:
      boxes: float64 [T, 4] left, top, right, bottom in pixel edges of the frames.
      landmarks: float32 [T, 68, 2] in pixels of the frames, interpolated where the face
        was not found; None where there are none at all.
      valid: bool [T], where the face was found.
    """

    boxes: np.ndarray
    landmarks: np.ndarray | None
    valid: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)

    def cut(self, frame: np.ndarray, number: int, size: int) -> np.ndarray:
        """The crop of one frame, uint8 [size, size, 3].

        A box of the whole frame leaves the frame as it is: the model then squeezes it
        by the published rule.
        """
        box = self.boxes[number]
        if np.array_equal(box, [0, 0, frame.shape[1], frame.shape[0]]):
            return frame
        return crop_resize(frame, box, size)

    def keypoints(self, frames: slice) -> np.ndarray | None:
        """The ten semantic points of some frames in pixel coordinates of their crops.

        Returns:
          float32 [n, 10, 2], ±1 the crop's edges; None where there are no landmarks.
        """
        if self.landmarks is None:
            return None
        points = semantic_keypoints(self.landmarks[frames]) + 0.5
        low, high = np.split(self.boxes[frames][:, None], 2, axis=-1)
        return (2 * (points - low) / (high - low) - 1).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class CropRule:
    """How crops are chosen.

    Attributes:
      crop: what is cut out.
      scale: side of a face crop over that of the face.
    """

    crop: Crop = "auto"
    scale: float = CROP_SCALE

    def __post_init__(self) -> None:
        if self.crop not in get_args(Crop):
            raise ValueError(
                f"crop: one of {get_args(Crop)} expected, got {self.crop!r}"
            )
        if not self.scale > 0:
            raise ValueError(f"crop scale: a number > 0 expected, got {self.scale}")


DEFAULT_RULE = CropRule()


def find_crops(
    path: Path,
    landmark_file: Path | None,
    num_frames: int,
    frame_size: tuple[int, int],
    rule: CropRule,
    finder: FaceFinder | None = None,
    still: np.ndarray | None = None,
) -> FaceCrops:
    """Finds the crops of a clip or picture.

    Args:
      path: the file.
      landmark_file: its landmarks; None looks for a file of the same name beside it,
        unless there is a finder.
      num_frames: frames of the clip, 1 for a picture.
      frame_size: (width, height) of the frames.
      rule: what to cut out.
      finder: looks at the pixels where no landmark file is given.
      still: the picture itself, uint8 [H, W, 3]; None of a clip.

    Returns:
      The crops.

    Raises:
      FileNotFoundError: the landmark file does not exist.
      ValueError: it is not one of this clip, the rule needs landmarks and there are
        none, or no frame has a face.
    """
    if finder is None or landmark_file is not None:
        track = track_from_file(path, landmark_file, num_frames, frame_size)
    else:
        track = search(path, num_frames, frame_size, finder, still)
    try:
        return crop_faces(track, num_frames, frame_size, rule)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def crop_faces(
    track: FaceTrack | None,
    num_frames: int,
    frame_size: tuple[int, int],
    rule: CropRule,
) -> FaceCrops:
    """Crops of a face that was followed through a clip; see ``find_crops``.

    Args:
      track: the face; None where nothing is known about it.
      num_frames: frames of the clip.
      frame_size: (width, height) of its frames.
      rule: what to cut out.
    """
    crop = rule.crop
    if crop == "auto":
        crop = "centre" if track is None else "face"
    if track is None:
        if crop in ("face", "moving"):
            raise ValueError(
                f"crop {crop!r} needs a landmark file or a finder, and there is none"
            )
        boxes = _fixed_boxes(crop, num_frames, frame_size)
        return FaceCrops(boxes, None, np.ones(num_frames, bool))
    if crop == "face":
        boxes = np.tile(clip_box(track, rule.scale), (num_frames, 1))
    elif crop == "moving":
        boxes = moving_boxes(track, rule.scale)
    else:
        boxes = _fixed_boxes(crop, num_frames, frame_size)
    return FaceCrops(boxes, _without_gaps(track), track.valid)


def track_from_file(
    path: Path, given: Path | None, num_frames: int, frame_size: tuple[int, int]
) -> FaceTrack | None:
    """Follows a face through a clip or picture by its landmark file.

    Args:
      path: the clip or picture.
      given: its landmark file; None looks for one of the same name beside it.
      num_frames: frames of the clip.
      frame_size: (width, height) of the frames.

    Returns:
      The track; None where no file is given and none lies beside the clip.

    Raises:
      FileNotFoundError: the given file does not exist.
      ValueError: it is no landmark file, or that of another clip.
    """
    beside = [path.with_suffix(suffix) for suffix in (".npz", ".npy")]
    candidates = [given] if given else [file for file in beside if file.exists()]
    if not candidates:
        return None
    detector = LandmarkFileDetector(
        [load_landmarks(candidates[0], num_frames, frame_size)]
    )
    # The detector looks up numbers of frames: nothing needs to be decoded for it.
    no_pixels = itertools.repeat(np.zeros((1, 1, 3), np.uint8), num_frames)
    return follow_face(detect_faces(detector, no_pixels), "largest", frame_size)


def evenly(numbers: Sequence[int], most: int) -> list[int]:
    """At most ``most`` of some numbers, evenly spread, the first one among them."""
    step = max(len(numbers) / most, 1.0)
    return [numbers[int(i * step)] for i in range(min(len(numbers), most))]


def _fixed_boxes(crop: Crop, count: int, frame_size: Sequence[int]) -> np.ndarray:
    extent = np.asarray(frame_size, np.float64)
    side = extent if crop == "whole" else np.full(2, extent.min())
    corner = (extent - side) / 2
    return np.tile(np.concatenate([corner, corner + side]), (count, 1))


def _without_gaps(track: FaceTrack) -> np.ndarray | None:
    """Landmarks [T, 68, 2] with missing frames interpolated between their neighbours."""
    known = track.valid & np.isfinite(track.points).all(axis=(1, 2))
    if not known.any():
        return None
    frames, detected = np.arange(len(track)), np.flatnonzero(known)
    columns = track.points[known].reshape(len(detected), -1).T
    filled = np.stack([np.interp(frames, detected, column) for column in columns], -1)
    return filled.reshape(track.points.shape).astype(np.float32)
