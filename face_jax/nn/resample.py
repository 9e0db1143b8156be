"""Image resizing with the alignment and filter rules that published models expect.

All functions are separable: one small matrix per axis, so they run as two matrix
products on any accelerator and differentiate without a scatter.
"""

import math

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array


def gaussian_kernel(scale: float) -> np.ndarray:
    """1-D band-limiting kernel for keeping every (1/scale)-th pixel.

    Sigma is (1/scale - 1)/2 and the kernel reaches round(4 sigma) to either side.

    Args:
      scale: output side over input side, below 1.

    Returns:
      [2 * round(4 sigma) + 1] float32, sums to 1.
    """
    sigma = (1.0 / scale - 1.0) / 2.0
    radius = round(4.0 * sigma)
    offsets = np.arange(-radius, radius + 1, dtype=np.float64)
    weights = np.exp(-(offsets**2) / (2.0 * sigma**2))
    return (weights / weights.sum()).astype(np.float32)


def antialias_downsample(images: Array, scale: float) -> Array:
    """Gaussian blur with zero padding, then every (1/scale)-th pixel from index 0.

    Args:
      images: [B, H, W, C].
      scale: 1 or the reciprocal of an integer; 1 returns the images.

    Returns:
      [B, ceil(H * scale), ceil(W * scale), C].

    Raises:
      ValueError: 1/scale is not a whole number.
    """
    step = round(1.0 / scale)
    if not math.isclose(step * scale, 1.0):
        raise ValueError(f"scale: expected 1/n for a whole number n, got {scale}")
    if step == 1:
        return images
    kernel = gaussian_kernel(scale)
    rows = _strided_filter(images.shape[1], step, kernel)
    columns = _strided_filter(images.shape[2], step, kernel)
    return _apply(images, rows, columns)


def resize_bilinear(
    images: Array, size: tuple[int, int], align_corners: bool = False
) -> Array:
    """Bilinear resize without a low-pass filter; beyond the edge pixels repeat.

    Args:
      images: [B, H, W, C].
      size: output height and width.
      align_corners: map the first and last pixel centres onto each other;
        otherwise pixel centres are at half-integers of both grids.

    Returns:
      [B, height, width, C].
    """
    if images.shape[1:3] == tuple(size):
        return images
    rows = _bilinear(images.shape[1], size[0], align_corners)
    columns = _bilinear(images.shape[2], size[1], align_corners)
    return _apply(images, rows, columns)


def resize_antialiased(images: Array, size: tuple[int, int]) -> Array:
    """scikit-image's ``resize`` of order 1 with anti-aliasing.

    Each axis that shrinks by a factor f is first blurred with a Gaussian of sigma
    (f - 1)/2, cut at radius floor(4 sigma + 0.5); then bilinear resize with
    half-pixel centres. Both mirror the image about the centre of its edge pixels.

    Args:
      images: [B, H, W, C].
      size: output height and width.

    Returns:
      [B, height, width, C].
    """
    rows = _antialiased(images.shape[1], size[0])
    columns = _antialiased(images.shape[2], size[1])
    return _apply(images, rows, columns)


def _apply(images: Array, rows: np.ndarray, columns: np.ndarray) -> Array:
    """Applies one matrix [out, in] per spatial axis in float32."""
    x = jnp.asarray(images, jnp.float32)
    x = jnp.einsum("yh,bhwc->bywc", rows.astype(np.float32), x)
    return jnp.einsum("xw,bywc->byxc", columns.astype(np.float32), x)


def _strided_filter(length: int, step: int, kernel: np.ndarray) -> np.ndarray:
    radius = len(kernel) // 2
    outputs = math.ceil(length / step)
    matrix = np.zeros((outputs, length + 2 * radius), np.float32)
    for row in range(outputs):
        matrix[row, row * step : row * step + len(kernel)] = kernel
    return matrix[:, radius : radius + length]


def _bilinear(length: int, outputs: int, align_corners: bool) -> np.ndarray:
    return _interpolation(length, _centres(length, outputs, align_corners), "edge")


def _centres(length: int, outputs: int, align_corners: bool = False) -> np.ndarray:
    """Positions of the output pixels on the input's index axis."""
    if align_corners:
        return np.linspace(0.0, length - 1.0, outputs)
    return (np.arange(outputs) + 0.5) * (length / outputs) - 0.5


def _antialiased(length: int, outputs: int) -> np.ndarray:
    resize = _interpolation(length, _centres(length, outputs), "mirror")
    sigma = (length / outputs - 1.0) / 2.0
    if sigma <= 0:
        return resize
    return resize @ _mirrored_blur(length, sigma)


def _mirrored_blur(length: int, sigma: float) -> np.ndarray:
    radius = int(4.0 * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights /= weights.sum()
    matrix = np.zeros((length, length))
    rows = np.arange(length)
    for offset, weight in zip(offsets, weights, strict=True):
        np.add.at(matrix, (rows, _mirror(rows + offset, length)), weight)
    return matrix


def _interpolation(length: int, centres: np.ndarray, border: str) -> np.ndarray:
    """Linear interpolation at positions, as a matrix [positions, length]."""
    if border == "edge":
        centres = np.clip(centres, 0.0, length - 1.0)
    below = np.floor(centres).astype(int)
    share = centres - below
    matrix = np.zeros((len(centres), length))
    rows = np.arange(len(centres))
    np.add.at(matrix, (rows, _mirror(below, length)), 1.0 - share)
    np.add.at(matrix, (rows, _mirror(below + 1, length)), share)
    return matrix


def _mirror(index: np.ndarray, length: int) -> np.ndarray:
    """Reflects indices about the first and last index: -1 becomes 1."""
    if length == 1:
        return np.zeros_like(index)
    period = 2 * (length - 1)
    index = np.mod(index, period)
    return np.where(index < length, index, period - index)
