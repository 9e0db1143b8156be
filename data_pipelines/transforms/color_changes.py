"""Changes of the colours of one picture: pure functions on uint8 RGB arrays.

Each takes uint8 [H, W, 3] and returns a new array of the same shape and type; levels are
rounded once and limited to 0..255.
"""

import cv2
import numpy as np

GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of red, green and blue in the brightness of a pixel (ITU-R BT.601)."""

_LEVELS = np.arange(256, dtype=np.float64)


def scale_and_shift_levels(
    image: np.ndarray, factor: float, shift: float
) -> np.ndarray:
    """Contrast about black and brightness: factor * level + shift * 255.

    Args:
      image: uint8 [H, W, 3].
      factor: 0 or more; 1 changes nothing.
      shift: share of the largest level; 0 changes nothing.
    """
    return _look_up(image, factor * _LEVELS + shift * 255)


def change_gamma(image: np.ndarray, exponent: float) -> np.ndarray:
    """Levels as shares of the largest one, to the power of ``exponent``.

    Args:
      image: uint8 [H, W, 3].
      exponent: above 0; below 1 brightens, 1 changes nothing.
    """
    return _look_up(image, 255 * (_LEVELS / 255) ** exponent)


def shift_channels(image: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Adds a number of levels to each channel.

    Args:
      image: uint8 [H, W, 3].
      shifts: [3] levels of red, green and blue.
    """
    return _look_up(image, _LEVELS[:, None] + np.asarray(shifts, np.float64))


def jitter_colors(
    image: np.ndarray, factors: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Brightness, contrast, saturation and hue, one after the other.

    Args:
      image: uint8 [H, W, 3].
      factors: [4] brightness, contrast and saturation, 0 or more (1 changes nothing),
        and the hue's shift as a share of a turn.
      order: [4] numbers of the factors, in the order in which they are applied.
    """
    levels = image.astype(np.float32)
    for number in order:
        change = (_brightness, _contrast, _saturation, _hue)[number]
        levels = np.clip(change(levels, float(factors[number])), 0, 255)
    return _round(levels)


def equalize_locally(image: np.ndarray, limit: float, tiles: int) -> np.ndarray:
    """Contrast-limited adaptive histogram equalization of the lightness (CLAHE).

    Args:
      image: uint8 [H, W, 3].
      limit: how many times its even share a level may get in a tile's histogram, above
        0; larger limits let the contrast grow further.
      tiles: along each side, 1 or more.
    """
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(limit, (tiles, tiles)).apply(lab[..., 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def blur_box(image: np.ndarray, side: int) -> np.ndarray:
    """Means over squares of pixels; the picture is mirrored at its borders.

    Args:
      image: uint8 [H, W, 3].
      side: pixels of a square along each side, odd; 1 changes nothing.
    """
    return cv2.blur(image, (side, side))


def add_noise(image: np.ndarray, deviation: float, seed: int) -> np.ndarray:
    """Adds independent Gaussian noise to every channel of every pixel.

    Args:
      image: uint8 [H, W, 3].
      deviation: standard deviation in levels, 0 or more.
      seed: what the noise is drawn from.
    """
    random = np.random.default_rng(seed)
    noise = random.standard_normal(image.shape, np.float32)
    return _round(image + np.float32(deviation) * noise)


def _brightness(levels: np.ndarray, factor: float) -> np.ndarray:
    return levels * factor


def _contrast(levels: np.ndarray, factor: float) -> np.ndarray:
    """Away from or towards the mean brightness of the picture."""
    mean = float((levels @ GREY_WEIGHTS).mean())
    return factor * levels + (1 - factor) * mean


def _saturation(levels: np.ndarray, factor: float) -> np.ndarray:
    """Away from or towards each pixel's own grey."""
    grey = (levels @ GREY_WEIGHTS)[..., None]
    return factor * levels + (1 - factor) * grey


def _hue(levels: np.ndarray, turn: float) -> np.ndarray:
    hsv = cv2.cvtColor(levels / 255, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255


def _look_up(image: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Replaces every level by the one at its place in [256] or [256, 3] levels."""
    table = _round(np.broadcast_to(levels.reshape(256, -1), (256, 3)))
    return cv2.LUT(image, table.reshape(256, 1, 3))


def _round(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
