"""Drawn faces laid over the pictures that they were seen in (arXiv 2404.04104)."""

import math

import cv2
import numpy as np


def lay_over(
    picture: np.ndarray,
    drawn: np.ndarray,
    covered: np.ndarray,
    matrix: np.ndarray,
    opacity: float = 1.0,
) -> np.ndarray:
    """Blends what was drawn for a crop into the whole picture.

    Args:
      picture: uint8 [H, W, 3].
      drawn: uint8 [S, S, 3], black where nothing is drawn.
      covered: bool [S, S], where something is.
      matrix: [3, 3], from the picture to the crop, both in pixels.
      opacity: of what is drawn, 0 to 1.

    Returns:
      uint8 [H, W, 3], a new picture.
    """
    result = picture.copy()
    low, high = _window(matrix, drawn.shape[0], picture.shape[:2])
    if not (high > low).all():
        return result
    place = np.s_[low[1] : high[1], low[0] : high[0]]
    back = np.linalg.inv(matrix)[:2] - [[0, 0, low[0]], [0, 0, low[1]]]
    alpha = np.repeat(255 * covered[..., None].astype(np.uint8), 3, axis=-1)
    # Both are black outside of the face, so that its border has no dark rim.
    face, share = (
        cv2.warpAffine(layer.astype(np.float32), back, tuple(map(int, high - low)))
        for layer in (drawn, alpha)
    )
    below = picture[place] * (1 - opacity * share / 255)
    result[place] = np.rint(np.clip(below + opacity * face, 0, 255))
    return result


def _window(
    matrix: np.ndarray, size: int, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """First pixel of the crop in the picture, and the one after the last, (x, y)."""
    corners = np.array([[-1, -1, 1], [size, size, 1]]) @ np.linalg.inv(matrix)[:2].T
    limit = np.array(shape[1::-1])
    low = np.floor(corners.min(axis=0)).astype(int)
    high = np.array([math.ceil(edge) + 1 for edge in corners.max(axis=0)])
    return np.clip(low, 0, limit), np.clip(high, 0, limit)
