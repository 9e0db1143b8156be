"""Where to crop a face: one box for a still, fixed or moving boxes for a clip.

A box is four numbers left, top, right, bottom: edges in pixels, not pixel numbers. Pixel
0 covers 0 to 1, so the box of a whole picture is (0, 0, width, height), and a landmark
at pixel centre x lies at x + 1/2. Boxes need not be whole numbers and may reach outside
the picture.
"""

import math
from typing import Protocol

import numpy as np

from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.following import FaceTrack
from data_pipelines.landmarks.schemas import face_box

CROP_SCALE = 1.25
"""Side of a crop over that of the face box."""


class BoxTrack(Protocol):
    """Boxes of one face through a clip, such as ``LandmarkTrack`` and ``FaceTrack``."""

    @property
    def boxes(self) -> np.ndarray:
        """Float [T, 4]."""

    @property
    def valid(self) -> np.ndarray:
        """Bool [T], whether the face was found in a frame."""


def square(box: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Square about the centre of a box.

    Args:
      box: [..., 4].
      scale: side of the square over the longer side of the box.

    Returns:
      float64 [..., 4].
    """
    low, high = (
        np.asarray(box, np.float64)[..., :2],
        np.asarray(box, np.float64)[..., 2:],
    )
    half = scale / 2 * (high - low).max(axis=-1, keepdims=True)
    centre = (low + high) / 2
    return np.concatenate([centre - half, centre + half], axis=-1)


def square_box(landmarks: np.ndarray, scale: float = CROP_SCALE) -> np.ndarray:
    """Square crop of a still.

    Args:
      landmarks: [..., 68, 2] in pixels.
      scale: side of the crop over the longer side of the face box.

    Returns:
      float64 [..., 4].
    """
    return square(face_box(landmarks), scale)


def clip_box(track: BoxTrack, scale: float = CROP_SCALE) -> np.ndarray:
    """One square for a whole clip: around the face of all frames.

    Args:
      track: boxes of the face.
      scale: side of the crop over the longer side of the union of all face boxes.

    Returns:
      float64 [4].

    Raises:
      ValueError: no frame has a face.
    """
    boxes = _found(track)
    union = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    return square(union, scale)


def moving_boxes(
    track: BoxTrack, scale: float = CROP_SCALE, smoothing: float = 6.0
) -> np.ndarray:
    """Squares that follow the face smoothly, one per frame.

    Args:
      track: boxes of the face.
      scale: side of the crop over the longer side of the face box.
      smoothing: standard deviation in frames of the Gaussian over which centre and side
        are averaged; 0 follows each frame, large values tend to a fixed crop.

    Returns:
      float64 [T, 4]. Frames without a face lie between their neighbours with one.

    Raises:
      ValueError: no frame has a face.
    """
    squares = square(_found(track), scale)
    known, frames = np.flatnonzero(track.valid), np.arange(len(track.valid))
    filled = [np.interp(frames, known, values) for values in squares.T]
    return np.stack([_smooth(values, smoothing) for values in filled], axis=1)


def still_crop(face: Face, scale: float = CROP_SCALE) -> np.ndarray:
    """Where to crop a detected face in a picture.

    Args:
      face: the face.
      scale: side of the crop over the longer side of the face box.

    Returns:
      float64 [4], a square; the face's own box where that is a finished crop.
    """
    return face.box.astype(np.float64) if face.is_crop else square(face.box, scale)


def clip_crops(
    track: FaceTrack, scale: float = CROP_SCALE, smoothing: float | None = None
) -> np.ndarray:
    """Where to crop a detected face in each frame of a clip.

    Args:
      track: the face.
      scale: side of the crop over that of the face, as in ``clip_box`` and
        ``moving_boxes``.
      smoothing: None for one fixed square; otherwise the crop follows the face, see
        ``moving_boxes``.

    Returns:
      float64 [T, 4], squares; the boxes of the track where they are finished crops.

    Raises:
      ValueError: no frame has a face.
    """
    if track.is_crop:
        return track.boxes
    if smoothing is None:
        return np.tile(clip_box(track, scale), (len(track), 1))
    return moving_boxes(track, scale, smoothing)


def _found(track: BoxTrack) -> np.ndarray:
    if not track.valid.any():
        raise ValueError(f"no face was found in any of {len(track.valid)} frames")
    return track.boxes[track.valid]


def _smooth(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian average of [T] values, the first and last continued outwards."""
    if sigma <= 0:
        return values
    radius = math.ceil(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(values, radius, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
