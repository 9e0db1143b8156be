"""Marks on photographs: tinted patches of a square, the square itself, and labels.

Everything here is numpy and OpenCV on uint8 RGB arrays ``[H, W, 3]``. Boxes are (left,
top, right, bottom), edges in pixels: column 0 covers 0 to 1. Lines and letters grow with
the picture.
"""

import cv2
import numpy as np

from face_jax.viz import INK, Color

ORANGE: Color = (255, 130, 20)

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LINE = 1 / 300
"""Width of a line over the shorter side of the picture."""
_LETTERS = 1 / 600
"""Size of letters, in units of the font's own, likewise."""
_SMALLEST_LETTERS = 0.4


def patch_pixels(
    mask: np.ndarray, box: np.ndarray, height: int, width: int
) -> np.ndarray:
    """The pixels of a picture that belong to marked patches.

    Args:
      mask: bool [g, h], patches of the box in rows and columns.
      box: [4], where they lie; it may reach outside of the picture.
      height: height of the picture, pixels.
      width: width of the picture, pixels.

    Returns:
      bool [height, width], true where the centre of a pixel lies in a marked patch.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    rows = _patch_numbers(height, top, bottom, mask.shape[0])
    columns = _patch_numbers(width, left, right, mask.shape[1])
    # Around the patches lies a rim of unmarked ones, for all that is outside.
    return np.pad(mask, 1)[np.ix_(rows, columns)]


def tint(
    image: np.ndarray, pixels: np.ndarray, color: Color = ORANGE, opacity: float = 0.45
) -> np.ndarray:
    """A copy of a picture with some pixels coloured.

    Args:
      image: uint8 [H, W, 3].
      pixels: bool [H, W], which ones.
      color: the colour.
      opacity: of the colour, 0 to 1.

    Returns:
      uint8 [H, W, 3].
    """
    result = image.copy()
    mixed = (1 - opacity) * image[pixels] + opacity * np.array(color, np.float64)
    result[pixels] = np.rint(mixed)
    return result


def draw_box(image: np.ndarray, box: np.ndarray, color: Color = ORANGE) -> np.ndarray:
    """A copy of a picture with the outline of a box [4]."""
    canvas = np.ascontiguousarray(image).copy()
    left, top, right, bottom = (round(float(edge)) for edge in box)
    line = max(1, round(_LINE * min(image.shape[:2])))
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), color, line)
    return canvas


def draw_label(
    image: np.ndarray, text: str, corner: tuple[float, float], color: Color = ORANGE
) -> np.ndarray:
    """A copy of a picture with a line of text on a coloured strip.

    Args:
      image: uint8 [H, W, 3].
      text: ASCII.
      corner: (x, y) in pixels of the strip's lower left corner; it is moved into the
        picture where it would be outside.
      color: of the strip.

    Returns:
      uint8 [H, W, 3].
    """
    canvas = np.ascontiguousarray(image).copy()
    height, width = image.shape[:2]
    size = max(_SMALLEST_LETTERS, _LETTERS * min(height, width))
    line = max(1, round(1.5 * size))
    (wide, tall), below = cv2.getTextSize(text, _FONT, size, line)
    margin = round(6 * size)
    wide, tall = wide + 2 * margin, tall + below + 2 * margin
    left = round(max(0, min(corner[0], width - wide)))
    bottom = round(min(height, max(corner[1], tall)))
    cv2.rectangle(
        canvas, (left, bottom - tall), (left + wide - 1, bottom - 1), color, cv2.FILLED
    )
    place = (left + margin, bottom - below - margin)
    cv2.putText(canvas, text, place, _FONT, size, INK, line, cv2.LINE_AA)
    return canvas


def _patch_numbers(count: int, low: float, high: float, patches: int) -> np.ndarray:
    """Which patch each of ``count`` pixels lies in, from 1 on; 0 and last outside."""
    place = (np.arange(count) + 0.5 - low) / (high - low) * patches
    return np.clip(np.floor(place).astype(int) + 1, 0, patches + 1)
