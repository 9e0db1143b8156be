"""Smooth random pictures and soft shapes on the unrolled head."""

from collections.abc import Sequence

import cv2
import numpy as np

from data_pipelines.synth.unrolled import SIDE

_SUBPIXEL_BITS = 4


def smooth_noise(random: np.random.Generator, cell: float) -> np.ndarray:
    """Random hills of about one cell's size, closed across the seam behind the head.

    Args:
      random: source of the numbers.
      cell: pixels from hill to hill.

    Returns:
      [SIDE, SIDE] float32 of mean 0 and standard deviation about 1.
    """
    count = max(3, round(SIDE / cell))
    grid = random.standard_normal((count, count)).astype(np.float32)
    # A cubic reaches two hills beyond the seam, on either side.
    wrapped = np.concatenate([grid[:, -2:], grid, grid[:, :2]], axis=1)
    scale = SIDE / count
    first_row, first_column = 0.5 * scale - 0.5, (0.5 - 2) * scale - 0.5
    enlarge = np.array([[scale, 0, first_column], [0, scale, first_row]])
    enlarged = cv2.warpAffine(
        wrapped,
        enlarge,
        (SIDE, SIDE),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return 1.5 * enlarged


def fractal_noise(
    random: np.random.Generator, cells: Sequence[float], falloff: float = 0.6
) -> np.ndarray:
    """Sum of smooth noises, each next weaker by ``falloff``; deviation about 1."""
    weights = falloff ** np.arange(len(cells), dtype=np.float32)
    weights /= np.sqrt(np.sum(weights**2))
    layers = [w * smooth_noise(random, c) for w, c in zip(weights, cells, strict=True)]
    return np.asarray(np.sum(layers, axis=0, dtype=np.float32))


def blob(centre: np.ndarray, width: float, height: float) -> np.ndarray:
    """A Gaussian hill of height 1, [SIDE, SIDE] float32.

    Args:
      centre: [2] pixels.
      width: standard deviation across in pixels.
      height: standard deviation downwards in pixels.
    """
    steps = np.arange(SIDE, dtype=np.float32) + 0.5
    across = np.exp(-0.5 * ((steps - centre[0]) / width) ** 2)
    down = np.exp(-0.5 * ((steps - centre[1]) / height) ** 2)
    return down[:, None] * across[None, :]


def blur(picture: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur with a standard deviation in pixels."""
    return cv2.GaussianBlur(picture, (0, 0), radius, borderType=cv2.BORDER_REPLICATE)


def area(points: np.ndarray, softness: float) -> np.ndarray:
    """Inside of a closed curve with soft edges, [SIDE, SIDE] float32 in [0, 1].

    Args:
      points: [n, 2] pixels.
      softness: standard deviation of the edge in pixels.
    """
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [fixed(points)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return blur(mask.astype(np.float32) / 255.0, softness)


def line(points: np.ndarray, width: float, softness: float) -> np.ndarray:
    """A soft line through points [n, 2], [SIDE, SIDE] float32 in about [0, 1]."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    thickness = max(1, round(width))
    cv2.polylines(
        mask, [fixed(points)], False, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS
    )
    return blur(mask.astype(np.float32) * (width / thickness / 255.0), softness)


def strokes(starts: np.ndarray, ends: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Thin hairs from starts [n, 2] to ends [n, 2], darkest where hairs cross.

    Args:
      starts: pixels.
      ends: pixels.
      alphas: [n] cover of each hair in [0, 1].

    Returns:
      [SIDE, SIDE] float32 cover in [0, 1].
    """
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for start, end, alpha in zip(fixed(starts), fixed(ends), alphas, strict=True):
        level = int(255 * alpha)
        cv2.line(
            mask, start.tolist(), end.tolist(), level, 1, cv2.LINE_AA, _SUBPIXEL_BITS
        )
    return mask.astype(np.float32) / 255.0


def curve(points: np.ndarray, count: int, closed: bool = False) -> np.ndarray:
    """Smooth curve through points (Catmull-Rom), evenly in the points' order.

    Args:
      points: [n, d].
      count: points of the curve.
      closed: go back from the last point to the first.

    Returns:
      [count, d] float32.
    """
    points = np.asarray(points, np.float32)
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        first, last = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
        padded = np.concatenate([first[None], points, last[None]])
    segments = len(padded) - 3
    along = np.linspace(0.0, segments, count, endpoint=not closed, dtype=np.float32)
    segment = np.minimum(along.astype(int), segments - 1)
    t = (along - segment)[:, None]
    a, b, c, d = (padded[segment + k] for k in range(4))
    bend = 2 * a - 5 * b + 4 * c - d + (3 * (b - c) + d - a) * t
    return b + 0.5 * t * (c - a + t * bend)


def fixed(points: np.ndarray) -> np.ndarray:
    """Points in the fixed-point pixels that OpenCV's drawing takes."""
    return np.round((np.asarray(points) - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
