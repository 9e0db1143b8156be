"""Which part of a clip's stored frames is used, and at which resolution."""

import dataclasses
from typing import Literal, get_args

import numpy as np

from data_pipelines.landmarks.files import LandmarkTrack
from data_pipelines.transforms.crops import crop_resize, landmarks_in_crop
from data_pipelines.transforms.face_boxes import clip_box

Crop = Literal["none", "clip"]


@dataclasses.dataclass(frozen=True)
class Framing:
    """From the stored frames of one clip to the frames that are used.

    Attributes:
      box: ``[4]`` left, top, right, bottom edges in pixels of the stored frames.
      width: columns of the frames that are used.
      height: rows of these frames.
      unchanged: whether they are the stored frames.
    """

    box: np.ndarray
    width: int
    height: int
    unchanged: bool = False

    def frame(self, image: np.ndarray) -> np.ndarray:
        """A stored frame, uint8 ``[H, W, 3]``, as it is used."""
        if self.unchanged:
            return image
        return crop_resize(image, self.box, (self.width, self.height))

    def landmarks(self, points: np.ndarray) -> np.ndarray:
        """Landmarks ``[..., 2]`` of stored frames in pixels of those that are used."""
        if self.unchanged:
            return points
        return landmarks_in_crop(points, self.box, (self.width, self.height))


def whole_frames(width: int, height: int, size: int | None) -> Framing:
    """Whole frames: as stored, or resized to a square without keeping their shape."""
    box = np.array([0.0, 0.0, width, height])
    if size is None or width == height == size:
        return Framing(box, width, height, unchanged=True)
    return Framing(box, size, size)


def clip_crop(
    track: LandmarkTrack | None,
    width: int,
    height: int,
    size: int | None,
    scale: float,
) -> Framing:
    """One square for a whole clip.

    Args:
      track: landmarks of the stored frames; the square lies around the face in all
        of them. Without landmarks it is the largest central one.
      width: columns of the stored frames.
      height: rows of the stored frames.
      size: side of the frames that are used; None keeps the resolution.
      scale: side of the square over that of the face.

    Raises:
      ValueError: no frame has landmarks of a face.
    """
    if track is not None:
        box = clip_box(track, scale)
    else:
        side = min(width, height)
        corner = np.array([width - side, height - side]) / 2
        box = np.concatenate([corner, corner + side])
    size = size or max(round(float(box[2] - box[0])), 1)
    return Framing(box, size, size)


def check_framing(crop: str, crop_scale: float, frame_size: int | None) -> None:
    """Refuses settings that no framing can have.

    Raises:
      ValueError: names the setting.
    """
    if crop not in get_args(Crop):
        raise ValueError(f"crop: expected none or clip, got {crop!r}")
    if not crop_scale > 0:
        raise ValueError(f"crop_scale: expected more than 0, got {crop_scale}")
    if frame_size is not None and frame_size < 1:
        raise ValueError(f"frame_size: expected at least 1, got {frame_size}")
