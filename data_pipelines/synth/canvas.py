"""A canvas for drawn faces: anti-aliased curves, clipped painting and shaded surfaces."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np

SUBPIXEL_BITS = 4
LIGHT = np.array([-0.45, -0.6, 0.66])
"""Direction from the face to the light: from above left."""


class Canvas:
    """A picture under construction, painted larger than it will be.

    Points are given from 0 to 1 over the picture, from its top left corner; colours are
    RGB from 0 to 1.

    Attributes:
      image: uint8 RGB [side, side, 3], the enlarged picture.
    """

    def __init__(self, image: np.ndarray):
        """Starts from an enlarged background, which is not changed."""
        self.image = image.copy()

    def reduced(self, size: int) -> np.ndarray:
        """Returns the finished picture, uint8 [size, size, 3]."""
        return cv2.resize(self.image, (size, size), interpolation=cv2.INTER_AREA)

    def fill(self, points: np.ndarray, colour: Sequence[float] | np.ndarray) -> None:
        """Fills the polygon of points [n, >=2]."""
        cv2.fillPoly(
            self.image,
            [self._fixed(points)],
            _bytes(colour),
            cv2.LINE_AA,
            SUBPIXEL_BITS,
        )

    def line(
        self,
        points: np.ndarray,
        colour: Sequence[float] | np.ndarray,
        width: float,
        closed: bool = False,
    ) -> None:
        """Draws a line through points [n, >=2]; ``width`` is a share of the picture."""
        pixels = max(1, round(width * len(self.image)))
        fixed = [self._fixed(points)]
        cv2.polylines(
            self.image,
            fixed,
            closed,
            _bytes(colour),
            pixels,
            cv2.LINE_AA,
            SUBPIXEL_BITS,
        )

    @contextmanager
    def inside(self, outline: np.ndarray) -> Iterator[None]:
        """Keeps of what is painted within the context only what falls in the outline."""
        before = self.image.copy()
        yield
        left, top = np.floor(outline[:, :2].min(axis=0) * len(before)).astype(int) - 2
        right, bottom = (
            np.ceil(outline[:, :2].max(axis=0) * len(before)).astype(int) + 2
        )
        area = np.s_[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        cover = np.zeros(before.shape[:2], np.uint8)
        cv2.fillPoly(cover, [self._fixed(outline)], 255, cv2.LINE_AA, SUBPIXEL_BITS)
        weight = cover[area][..., None] / np.float32(255)
        mixed = before[area] * (1 - weight) + self.image[area] * weight
        before[area] = np.rint(mixed)
        self.image = before

    def surfaces(self, surfaces: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Paints shaded surfaces, far faces first.

        Args:
          surfaces: pairs of points [R, C, 3] (z towards the viewer, of any scale common
            to all) and colours [R - 1, C - 1, 3] of the quadrilaterals between them.
        """
        corners = np.concatenate([_corners(points) for points, _ in surfaces])
        colours = np.concatenate([colour.reshape(-1, 3) for _, colour in surfaces])
        normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
        visible = np.flatnonzero(normals[:, 2] > 0)
        order = visible[np.argsort(corners[visible, :, 2].mean(axis=1))]
        light = 0.7 + 0.45 * np.maximum(normals @ LIGHT, 0)
        shaded = np.rint(np.clip(colours * light[:, None], 0, 1) * 255)[order].tolist()
        fixed = self._fixed(corners[order])
        for polygon, colour in zip(fixed, shaded, strict=True):
            cv2.fillConvexPoly(self.image, polygon, colour, cv2.LINE_8, SUBPIXEL_BITS)

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        pixels = points[..., :2] * len(self.image) - 0.5
        return np.rint(pixels * (1 << SUBPIXEL_BITS)).astype(np.int32)


def curve(points: np.ndarray, steps: int = 6) -> np.ndarray:
    """Smooth curve through points [n, d] (Catmull-Rom), [(n - 1) * steps + 1, d]."""
    ends = [2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]
    p = np.concatenate(ends)
    t = np.arange(steps)[:, None, None] / steps
    before, start, end, after = p[:-3], p[1:-2], p[2:-1], p[3:]
    pieces = start + 0.5 * t * (
        end
        - before
        + t * (2 * before - 5 * start + 4 * end - after)
        + t * t * (3 * (start - end) + after - before)
    )
    inner = np.moveaxis(pieces, 0, 1).reshape(-1, points.shape[1])
    return np.concatenate([inner, points[-1:]])


def closed_curve(points: np.ndarray, corners: tuple[int, int]) -> np.ndarray:
    """Smooth closed curve through points [n, d] with two corners, by their numbers."""
    first, second = corners
    there = curve(points[first : second + 1])
    back = curve(np.concatenate([points[second:], points[: first + 1]]))
    return np.concatenate([there[:-1], back[:-1]])


def _corners(points: np.ndarray) -> np.ndarray:
    """The quadrilaterals [n, 4, 3] of a grid of points [R, C, 3], in order around."""
    around = [points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]]
    return np.stack(around, axis=2).reshape(-1, 4, 3)


def _bytes(colour: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    return tuple(float(c) for c in np.rint(np.clip(colour, 0, 1) * 255))
