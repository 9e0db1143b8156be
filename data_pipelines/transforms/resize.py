"""Bilinear resizing of 8-bit images without rounding on the way."""

import cv2
import numpy as np


def resize_bilinear(
    image: np.ndarray, size: int, out: np.ndarray | None = None
) -> np.ndarray:
    """Resizes to a square: bilinear, half-pixel centres, no antialias filter.

    Computed in float32: OpenCV's 8-bit path rounds its weights to 11 bits.

    Args:
      image: uint8 ``[H, W, 3]``, neither side empty.
      size: side of the result.
      out: float32 ``[size, size, 3]`` to write to.

    Returns:
      float32 ``[size, size, 3]`` on the scale of the input.
    """
    return cv2.resize(
        image.astype(np.float32),
        (size, size),
        dst=out,
        interpolation=cv2.INTER_LINEAR,
    )


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Rounds float32 images ``[..., H, W, C]`` of scale 0..255 to 8 bits."""
    rows = images.reshape(-1, images.shape[-2] * images.shape[-1])
    return cv2.convertScaleAbs(rows).reshape(images.shape)
