"""Cameras of pictures as cameras of their crops (weak perspective, arXiv 2404.04104)."""

import numpy as np


def camera_in_crop(
    camera: np.ndarray, matrix: np.ndarray, picture_size: tuple[int, int], size: int
) -> np.ndarray:
    """The camera that draws into a crop what a given one draws into the picture.

    A model's point (X, Y) is drawn at x = s (X + tx), y = -s (Y + ty), where the picture's
    shorter side, and the crop, reach from -1 to 1.

    Args:
      camera: float [3] (s, tx, ty) of the picture; s per metre, tx and ty in metres.
      matrix: [3, 3], from the picture to the crop, both in pixels; it neither turns nor
        mirrors nor squeezes.
      picture_size: (width, height) of the picture in pixels.
      size: pixels of the crop along each side.

    Returns:
      float32 [3] (s, tx, ty) of the crop.

    Raises:
      ValueError: the matrix turns, mirrors or squeezes.
    """
    zoom = matrix[0, 0]
    if not (zoom > 0 and np.allclose(matrix[:2, :2], zoom * np.eye(2), atol=1e-9)):
        raise ValueError(
            f"matrix: expected an upright crop, got {matrix[:2, :2].tolist()}"
        )
    sides = np.asarray(picture_size, np.float64)
    scale = float(camera[0]) * zoom * sides.min() / size
    # Where the middle of the picture lies in the crop, whose sides are at -1 and 1.
    middle = zoom * (sides - 1) / 2 + matrix[:2, 2]
    shift = (2 * middle - (size - 1)) / size
    moved = np.asarray(camera[1:], np.float64) + shift * [1, -1] / scale
    return np.array([scale, *moved], np.float32)
