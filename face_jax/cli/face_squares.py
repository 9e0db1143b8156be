"""The squares in which models of whole faces look for them, in pictures and clips."""

import dataclasses
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from data_pipelines.landmarks.face_points import load_points
from data_pipelines.landmarks.files import fill_gaps
from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.landmarks.schemas import NUM_LANDMARKS
from data_pipelines.transforms.face_boxes import moving_boxes
from data_pipelines.transforms.smirk_geometry import PICTURE_SCALE

Crop = Literal["auto", "face", "frame", "centre", "whole"]
"""What the model sees, by landmarks or the boxes of a finder: a square around the face,
which follows it smoothly in clips (``face``), or that of every frame by itself, as
published (``frame``); without: the middle square (``centre``), or a square around the
whole picture, black beyond it (``whole``). ``auto`` is ``face`` where there are landmarks
or boxes, else ``centre``."""

MadeBy = Literal["landmarks", "boxes", "fixed"]
"""What squares were made by; ``fixed`` ones look at no face."""

Corners = Literal["centres", "edges"]
"""What the corners of a square are. ``centres``: those of the crop's outermost pixels; a
face is as large as the mean of its width and height (SMIRK, arXiv 2404.04104).
``edges``: the crop's edges; a face is as large as the longer of them (Latent-OFER, arXiv
2307.11404)."""

FOLLOWING = 6.0
"""Frames, standard deviation of the average over which a crop follows a face."""


@dataclasses.dataclass(frozen=True)
class CropRule:
    """Where faces are looked for.

    Attributes:
      crop: which square.
      scale: its side over that of the face, where it is made by landmarks.
      box: (x, y, width, height) in pixels, a square around which is taken instead.
      corners: what a square is.
    """

    crop: Crop = "auto"
    scale: float = PICTURE_SCALE
    box: tuple[float, float, float, float] | None = None
    corners: Corners = "centres"

    def __post_init__(self) -> None:
        if self.crop not in get_args(Crop):
            raise ValueError(
                f"--crop: expected one of {get_args(Crop)}, got {self.crop!r}"
            )
        if not self.scale > 0:
            raise ValueError(f"--crop-scale: expected above 0, got {self.scale}")
        if self.box is not None and not min(self.box[2:]) > 1:
            size = "{:g} x {:g}".format(*self.box[2:])
            raise ValueError(f"--box: expected more than 1 x 1 pixels, got {size}")

    @property
    def looks_for_faces(self) -> bool:
        """Whether squares depend on where faces are."""
        return self.box is None and self.crop in ("auto", "face", "frame")


def read_points(
    path: Path, count: int, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Points of all frames of a clip or picture.

    Args:
      path: their file, see ``face_points``.
      count: T, frames; 1 of a picture.
      size: (width, height) of the frames.

    Returns:
      Float32 [T, 68 or 478, 2] pixels, small gaps filled; and bool [T], where they are
      known.

    Raises:
      ValueError: the file is unreadable, or that of another clip.
    """
    points = load_points(path, count, size)
    frames = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    return fill_gaps(points[frames], frames, count)


def find_squares(
    points: np.ndarray | None,
    known: np.ndarray,
    size: tuple[int, int],
    rule: CropRule,
    boxes: np.ndarray | None = None,
) -> tuple[np.ndarray, MadeBy]:
    """The squares of all frames.

    Args:
      points: [T, P, 2] pixels, or None.
      known: bool [T], where they, or the boxes, are.
      size: (width, height) of the frames.
      rule: which squares.
      boxes: [T, 4] left, top, right, bottom of the faces as pixel edges, which count
        where there are no points; or None.

    Returns:
      Float64 [T, 4] left, top, right, bottom in pixels, of centres from that of the first
      pixel, of edges from the picture's corner; and what made them.

    Raises:
      ValueError: landmarks are needed and there are none, or the box lies outside.
    """
    crop = rule.crop
    if rule.box is not None:
        return np.tile(_around_box(rule, size), (len(known), 1)), "fixed"
    if crop == "auto":
        crop = "centre" if points is None and boxes is None else "face"
    if crop in ("centre", "whole"):
        side = min(size) if crop == "centre" else max(size)
        middle = _square(np.array(size) / 2, side, rule.corners)
        return np.tile(middle, (len(known), 1)), "fixed"
    made_by: MadeBy = "boxes" if points is None else "landmarks"
    if points is not None:
        boxes = _boxes_of(points, known)
    if boxes is None:
        raise ValueError(
            f"--crop {crop} needs a landmark file or a --finder, and there is none"
        )
    track = _Faces(_squares_of(boxes, rule.corners), known)
    smoothing = FOLLOWING if crop == "face" else 0.0
    return moving_boxes(track, rule.scale, smoothing), made_by


@dataclasses.dataclass(frozen=True)
class _Faces:
    """A ``BoxTrack`` of squares."""

    boxes: np.ndarray
    valid: np.ndarray


def _boxes_of(points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Boxes [T, 4] of the outlines of faces, as pixel edges."""
    boxes = np.zeros((len(points), 4))
    for number in np.flatnonzero(known):
        outline = outline_of(points[number]) + 0.5
        boxes[number] = [*outline.min(axis=0), *outline.max(axis=0)]
    return boxes


def _squares_of(boxes: np.ndarray, corners: Corners) -> np.ndarray:
    """Squares [T, 4] as large as the faces in the boxes."""
    low, high = boxes[:, :2], boxes[:, 2:]
    extent, centre = high - low, (low + high) / 2
    half = extent.mean(axis=1) if corners == "centres" else extent.max(axis=1)
    half = half[:, None] / 2
    squares = np.concatenate([centre - half, centre + half], axis=1)
    return squares - 0.5 if corners == "centres" else squares


def _square(centre: np.ndarray, pixels: float, corners: Corners) -> np.ndarray:
    """A square of so many pixels.

    Args:
      centre: (x, y) in pixels from the corner of the picture.
      pixels: along each side.
      corners: what the corners of the square are.
    """
    middle, half = np.asarray(centre), pixels / 2
    if corners == "centres":
        middle, half = middle - 0.5, half - 0.5
    return np.concatenate([middle - half, middle + half])


def _around_box(rule: CropRule, size: tuple[int, int]) -> np.ndarray:
    assert rule.box is not None
    x, y, width, height = rule.box
    if not (-width < x < size[0] and -height < y < size[1]):
        raise ValueError(
            f"--box {x:g},{y:g},{width:g},{height:g}: lies outside of the picture of "
            f"{size[0]} x {size[1]} pixels"
        )
    centre = np.array([x + width / 2, y + height / 2])
    return _square(centre, max(width, height), rule.corners)


def outline_of(points: np.ndarray) -> np.ndarray:
    """Points [n, 2] around a face by its 68 or 478 landmarks."""
    return face_outline(points) if len(points) == NUM_LANDMARKS else points
