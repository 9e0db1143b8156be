"""Crops of FSRT's training pairs: how far they may reach, and their pixels.

Source and driving frames are cropped alike so that the driving face may leave the
picture ("out-of-frame motion", arXiv 2404.09736); the driving frame seen by the
expression encoder has a crop of its own, so that expression cannot carry position.

Crops are drawn on the *reference scale*: pixels of the frame squeezed to 256x256,
0..255. Landmarks enter on that scale too. A crop is four margins, the whole pixels
that it takes off each side of the frame.
"""

from typing import NamedTuple

import numpy as np

from data_pipelines.transforms.resize import resize_bilinear

REFERENCE_SIDE = 256
"""Side of the square scale on which landmarks are stored and crops are drawn."""

NOMINAL_FACE = np.array([[78.0, 92.0], [177.0, 196.0]], np.float32)
"""Opposite corners of the face assumed where a frame has no landmarks.

On the reference scale: the middle 39 % of the width, 36 % to 77 % of the height,
about where landmarks lie in a frame cropped to a head.
"""


class Margins(NamedTuple):
    """Whole pixels taken off each side of a frame."""

    left: int
    right: int
    top: int
    bottom: int

    def scaled(self, width: int, height: int) -> "Margins":
        """Margins of the reference scale as pixels of a frame."""
        x, y = width / REFERENCE_SIDE, height / REFERENCE_SIDE
        return Margins(
            *(int(np.rint(margin * x)) for margin in (self.left, self.right)),
            *(int(np.rint(margin * y)) for margin in (self.top, self.bottom)),
        )

    def unless_empty(self, width: int, height: int) -> "Margins":
        """These margins of a frame, or none where they would leave nothing of it."""
        left_over = width - self.left - self.right, height - self.top - self.bottom
        return self if min(left_over) > 0 else NO_MARGINS


NO_MARGINS = Margins(0, 0, 0, 0)


def mirror_points(points: np.ndarray) -> np.ndarray:
    """Points ``[..., 2]`` of the reference scale after a flip, in the same order."""
    last = np.float32(REFERENCE_SIDE - 1)
    return np.stack([last - points[..., 0], points[..., 1]], axis=-1)


def out_of_frame_limits(points: np.ndarray) -> Margins:
    """How many margins the out-of-frame crop may choose from on each side.

    The crop never cuts the face of a source frame: its box is the extent of the
    landmarks of all source frames together, 20 % wider on both sides, 50 % higher
    at the top and 15 % at the bottom.

    Args:
      points: ``[..., 2]`` landmarks of the source frames, reference scale.

    Returns:
      Number of choices for each side: a margin is below it, 0 leaves only 0.
    """
    (x_min, y_min), (x_max, y_max) = _extent(points)
    width, height = x_max - x_min, y_max - y_min
    left = _whole(x_min - np.rint(0.2 * width))
    right = _whole(x_max + np.rint(0.2 * width))
    top = _whole(y_min - np.rint(0.5 * height))
    bottom = _whole(y_max + np.rint(0.15 * height))
    last = REFERENCE_SIDE - 1
    return Margins(left, last - right, top, last - bottom)


def expression_crop_limits(points: np.ndarray) -> Margins:
    """How many margins the expression crop may choose from on each side.

    Args:
      points: ``[P, 2]`` landmarks of one driving frame, reference scale.

    Returns:
      Number of choices for each side: a margin is below it, 0 leaves only 0.
    """
    (x_min, y_min), (x_max, y_max) = _extent(points)
    height = y_max - y_min
    last = REFERENCE_SIDE - 1
    top = max(y_min - np.rint(0.25 * height), 0)
    bottom = min(y_max + np.rint(0.05 * height), last)
    left, right = max(x_min, 0), min(x_max, last)
    return Margins(
        int(left),
        REFERENCE_SIDE - int(right),
        int(top),
        REFERENCE_SIDE - int(bottom),
    )


def draw_margins(rng: np.random.Generator, limits: Margins) -> Margins:
    """Uniform margins below the limits."""
    return Margins(*rng.integers(0, np.maximum(limits, 1)).tolist())


def draw_out_of_frame_margins(
    rng: np.random.Generator,
    limits: Margins,
    width: int,
    height: int,
    max_redraws: int = 1000,
) -> Margins:
    """Margins that keep every cropped coordinate within [-2, 2].

    Args:
      rng: the item's generator.
      limits: result of ``out_of_frame_limits``.
      width: columns of the frame.
      height: rows of the frame.
      max_redraws: end of the search. Each draw is accepted with a probability
        of at least 0.1, so it ends only where a frame is a few pixels small.

    Returns:
      Margins on the reference scale, none where the search ended.
    """
    for _ in range(max_redraws):
        margins = draw_margins(rng, limits)
        left, right, top, bottom = margins.scaled(width, height)
        if _within_two(left, right, width) and _within_two(top, bottom, height):
            return margins
    return NO_MARGINS


def keypoint_transform(
    margins: Margins, width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where keypoints move when the frame is cropped: ``(kp + shift) * scale``.

    Args:
      margins: pixels of the frame; where nothing would be left, none are cut.
      width: columns of the frame.
      height: rows of the frame.

    Returns:
      Scale and shift, float32 ``[2]`` each, (x, y), for ±1 at the frame's edges.
    """
    size = np.array([width, height], np.float32)
    left, right, top, bottom = margins.unless_empty(width, height)
    before = np.array([left, top], np.float32)
    after = np.array([right, bottom], np.float32)
    return size / (size - before - after), (after - before) / size


def crop_and_resize(
    image: np.ndarray, margins: Margins, size: int, out: np.ndarray | None = None
) -> np.ndarray:
    """Cuts margins off a frame and resizes the rest to a square.

    Args:
      image: uint8 ``[H, W, 3]``.
      margins: pixels of the frame; where nothing would be left, none are cut.
      size: side of the result. The aspect ratio is not kept.
      out: float32 ``[size, size, 3]`` to write to.

    Returns:
      float32 ``[size, size, 3]``, 0..255, not rounded.
    """
    height, width = image.shape[:2]
    left, right, top, bottom = margins.unless_empty(width, height)
    region = image[top : height - bottom, left : width - right]
    return resize_bilinear(region, size, out)


def _extent(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flat = points.reshape(-1, 2)
    return flat.min(axis=0), flat.max(axis=0)


def _whole(coordinate: float) -> int:
    return int(np.rint(np.clip(coordinate, 0, REFERENCE_SIDE - 1)))


def _within_two(before: int, after: int, length: int) -> bool:
    # (-1 + shift) * scale >= -2 and (1 + shift) * scale <= 2, multiplied out
    return 3 * before + after <= length and before + 3 * after <= length
