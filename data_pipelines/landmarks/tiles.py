"""Squares of a picture in which its small faces are large."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from data_pipelines.landmarks.boxes import centre, overlap
from data_pipelines.landmarks.detectors import Face

SMALLEST = 128
"""Side of the smallest squares, pixels."""
SAME_FACE = 0.3
"""Two faces that overlap more are one that two squares show."""


def tilings(width: int, height: int) -> Iterator[list[tuple[int, int, int]]]:
    """Coverings of a picture, one after the other with smaller squares.

    Neighbours overlap by half a side at least, so that every face that is smaller than
    that lies wholly in one of them.

    Args:
      width: of the picture, pixels.
      height: likewise.

    Yields:
      Squares (left, top, side): as large as the picture allows, and half as large.
      Without a covering by the whole picture, and by squares below ``SMALLEST``.
    """
    whole = min(width, height)
    for side in (whole, whole // 2):
        if side >= SMALLEST and max(width, height) > side:
            rows, columns = _starts(height, side), _starts(width, side)
            yield [(left, top, side) for top, left in itertools.product(rows, columns)]


def distinct(faces: Sequence[tuple[Face, np.ndarray]]) -> list[Face]:
    """Faces of overlapping squares, each once: from the square that shows it best.

    Args:
      faces: each with the box [4] of its square, in pixels of the picture.

    Returns:
      Those that are nearest to the middle of their square.
    """

    def off_centre(pair: tuple[Face, np.ndarray]) -> float:
        face, square = pair
        return float(np.abs(centre(face.box) - centre(square)).max())

    kept: list[Face] = []
    for face, _ in sorted(faces, key=off_centre):
        if all(overlap(face.box, other.box) <= SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _starts(extent: int, side: int) -> list[int]:
    """First pixels of overlapping squares along a side of the picture."""
    count = math.ceil((extent - side) / (side / 2)) + 1
    return np.linspace(0, extent - side, count).astype(int).tolist()
