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
    factor, shift = _factor_and_shift(matrix, picture_size, size)
    scale = float(camera[0]) * factor
    moved = np.asarray(camera[1:], np.float64) + shift / scale
    return np.array([scale, *moved], np.float32)


def camera_in_picture(
    camera: np.ndarray, matrix: np.ndarray, picture_size: tuple[int, int], size: int
) -> np.ndarray:
    """Undoes ``camera_in_crop``: the camera of the picture from that of the crop.

    Args:
      camera: float [3] (s, tx, ty) of the crop.
      matrix: [3, 3], from the picture to the crop, as there.
      picture_size: (width, height) of the picture in pixels.
      size: pixels of the crop along each side.

    Returns:
      float32 [3] (s, tx, ty) of the picture.

    Raises:
      ValueError: the matrix turns, mirrors or squeezes.
    """
    factor, shift = _factor_and_shift(matrix, picture_size, size)
    moved = np.asarray(camera[1:], np.float64) - shift / float(camera[0])
    return np.array([float(camera[0]) / factor, *moved], np.float32)


def _factor_and_shift(
    matrix: np.ndarray, picture_size: tuple[int, int], size: int
) -> tuple[float, np.ndarray]:
    """How much larger the crop shows things, and where it shows the picture's middle.

    Returns:
      The factor, and float64 [2] along x and y of the model, in halves of the crop.
    """
    zoom = matrix[0, 0]
    if not (zoom > 0 and np.allclose(matrix[:2, :2], zoom * np.eye(2), atol=1e-9)):
        raise ValueError(
            f"matrix: expected an upright crop, got {matrix[:2, :2].tolist()}"
        )
    sides = np.asarray(picture_size, np.float64)
    middle = zoom * (sides - 1) / 2 + matrix[:2, 2]
    shift = (2 * middle - (size - 1)) / size
    return zoom * sides.min() / size, shift * [1, -1]
