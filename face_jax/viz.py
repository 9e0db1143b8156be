"""Pictures to look at: grids with captions, overlays, heat maps.

Everything here is numpy and OpenCV on uint8 RGB arrays ``[H, W, 3]``; nothing touches
a device. Pixel positions are (x right, y down) with the centre of column 0 at 0.0.
"""

import itertools
from collections.abc import Sequence

import cv2
import numpy as np

Color = tuple[int, int, int]
WHITE: Color = (255, 255, 255)
INK: Color = (40, 40, 40)
GREEN: Color = (60, 220, 120)
RED: Color = (235, 70, 60)

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.42
_TEXT_HEIGHT = 18


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Float images in [0, 1], clipped and rounded to uint8; uint8 passes through."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    return np.rint(np.clip(images, 0.0, 1.0) * 255.0).astype(np.uint8)


def enlarge(image: np.ndarray, factor: int) -> np.ndarray:
    """Image enlarged by a whole factor, cubic interpolation."""
    height, width = image.shape[:2]
    size = (width * factor, height * factor)
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)


def side_by_side(*clips: np.ndarray, gap: int = 0) -> np.ndarray:
    """Joins images or clips of equal height from left to right.

    Args:
      *clips: uint8 [..., H, W, 3], equal but for the width.
      gap: white columns between two of them, pixels.

    Returns:
      uint8 [..., H, sum of widths and gaps, 3].
    """
    spacer = np.full((*clips[0].shape[:-2], gap, 3), WHITE, np.uint8)
    parts = [part for clip in clips for part in (spacer, clip)]
    return np.concatenate(parts[1:], axis=-2)


def grid(
    rows: Sequence[Sequence[np.ndarray]],
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    gap: int = 4,
) -> np.ndarray:
    """Lays out images in rows, with a title for each row and column.

    Args:
      rows: uint8 images [H, W, 3]; images of a row may differ from those of another
        row in size; shorter rows end in empty cells.
      row_titles: one for each row, written to its left; empty for none.
      column_titles: one for each column, written above it and cut to its width;
        empty for none.
      gap: white pixels around every cell.

    Returns:
      uint8 [H', W', 3] on white.
    """
    left = max((_text_width(title) for title in row_titles), default=0) + gap
    top = (_TEXT_HEIGHT if column_titles else 0) + gap
    columns = itertools.zip_longest(*rows, fillvalue=np.empty((0, 0, 3)))
    xs = _edges(
        [max(cell.shape[1] for cell in column) for column in columns], left, gap
    )
    ys = _edges([max(cell.shape[0] for cell in row) for row in rows], top, gap)
    canvas = np.full((ys[-1], xs[-1], 3), WHITE, np.uint8)
    for row, y in zip(rows, ys, strict=False):
        for image, x in zip(row, xs, strict=False):
            canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
    for title, x, end in zip(column_titles, xs, xs[1:], strict=False):
        write_text(canvas[:, : end - gap], title, (x, _TEXT_HEIGHT - 4))
    for title, y, below in zip(row_titles, ys, ys[1:], strict=False):
        write_text(canvas, title, (gap, (y + below - gap) // 2 + 4))
    return canvas


def _edges(sizes: Sequence[int], first: int, gap: int) -> list[int]:
    """Where each cell of a row or column begins, and where the last one's gap ends."""
    return list(itertools.accumulate((size + gap for size in sizes), initial=first))


def write_text(
    image: np.ndarray, text: str, position: tuple[int, int], color: Color = INK
) -> None:
    """Writes ASCII text into a uint8 image, in place; position is its lower left."""
    cv2.putText(image, text, position, _FONT, _FONT_SCALE, color, 1, cv2.LINE_AA)


def captioned(image: np.ndarray, text: str) -> np.ndarray:
    """A uint8 image [H, W, 3] with ASCII text on white below it, cut to its width."""
    strip = np.full((_TEXT_HEIGHT, image.shape[1], 3), WHITE, np.uint8)
    write_text(strip, text, (2, _TEXT_HEIGHT - 5))
    return np.concatenate([image, strip])


def _text_width(text: str) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)
    return width + 6


def heat_map(values: np.ndarray, largest: float | None = None) -> np.ndarray:
    """Colours non-negative numbers from black over red to white.

    Args:
      values: [H, W] or [H, W, C]; channels are averaged.
      largest: the number drawn white; None takes the largest one present.

    Returns:
      uint8 [H, W, 3].
    """
    values = np.asarray(values, np.float32)
    if values.ndim == 3:
        values = values.mean(axis=-1)
    top = float(values.max()) if largest is None else largest
    levels = to_uint8(values / max(top, 1e-12))
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_HOT), cv2.COLOR_BGR2RGB)


def error_map(
    result: np.ndarray, target: np.ndarray, largest: float = 0.3
) -> np.ndarray:
    """Heat map of the absolute difference of two uint8 images, [H, W, 3].

    Args:
      result: uint8 [H, W, 3].
      target: uint8 [H, W, 3].
      largest: the difference drawn white, in units of the full range.
    """
    difference = np.abs(result.astype(np.float32) - target.astype(np.float32)) / 255.0
    return heat_map(difference, largest)


def draw_points(
    image: np.ndarray,
    points: np.ndarray,
    color: Color = GREEN,
    radius: int = 1,
) -> np.ndarray:
    """A copy of the image with dots at [P, 2] pixel positions (x, y)."""
    canvas = np.ascontiguousarray(image).copy()
    subpixel_bits = 4
    for point in np.asarray(points, np.float64)[np.isfinite(points).all(-1)]:
        x, y = (round(coordinate * 2**subpixel_bits) for coordinate in point)
        cv2.circle(
            canvas,
            (x, y),
            radius << subpixel_bits,
            color,
            cv2.FILLED,
            cv2.LINE_AA,
            subpixel_bits,
        )
    return canvas


def keypoints_to_pixels(keypoints: np.ndarray, height: int, width: int) -> np.ndarray:
    """Keypoints [..., 2] with ±1 at the image edges, as pixel positions (x, y)."""
    return (np.asarray(keypoints) + 1.0) * (np.array([width, height]) / 2.0) - 0.5


def crop(image: np.ndarray, box: np.ndarray, height: int, width: int) -> np.ndarray:
    """The inside of a box, enlarged or shrunk to a given size.

    Args:
      image: uint8 [H, W, 3].
      box: [4] as (left, top, right, bottom), edges in pixels (column 0 covers 0 to
        1); what lies outside the image repeats its edge.
      height: height of the result, pixels.
      width: width of the result, pixels.

    Returns:
      uint8 [height, width, 3]; white when the box is NaN or empty.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    if not (right > left and bottom > top):
        return np.full((height, width, 3), WHITE, np.uint8)
    scale_x, scale_y = (right - left) / width, (bottom - top) / height
    matrix = np.array(
        [
            [scale_x, 0.0, left + 0.5 * scale_x - 0.5],
            [0.0, scale_y, top + 0.5 * scale_y - 0.5],
        ]
    )
    return cv2.warpAffine(
        image,
        matrix,
        (width, height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
