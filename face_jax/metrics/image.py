"""How close two batches of images are: PSNR, SSIM and L1, whole or inside a region.

Every function takes images in [0, 1], returns one number for each image, and
averages over pixels and channels of that image only; averages over frames and clips
are left to the caller. A region is a weight for every pixel, ``[B, H, W]`` in [0, 1]:
0 leaves a pixel out. ``box_weights`` makes one from boxes.
"""

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array

SMALLEST_ERROR = 1e-10
"""Floor of the mean squared error in ``psnr``: equal images get 100 dB, not infinity."""


def l1(prediction: Array, target: Array, weights: Array | None = None) -> Array:
    """Mean absolute error.

    Args:
      prediction: [B, H, W, C] in [0, 1].
      target: [B, H, W, C] in [0, 1].
      weights: [B, H, W] in [0, 1], the region to look at; None takes every pixel.

    Returns:
      [B] float32; NaN where the region is empty.
    """
    return _regional_mean(jnp.abs(_difference(prediction, target)), weights)


def mean_squared_error(
    prediction: Array, target: Array, weights: Array | None = None
) -> Array:
    """Mean squared error, arguments and result as in ``l1``."""
    return _regional_mean(jnp.square(_difference(prediction, target)), weights)


def psnr(prediction: Array, target: Array, weights: Array | None = None) -> Array:
    """Peak signal-to-noise ratio for a peak of 1: ``-10 log10(mean squared error)``.

    Args:
      prediction: [B, H, W, C] in [0, 1].
      target: [B, H, W, C] in [0, 1].
      weights: [B, H, W] in [0, 1], the region to look at; None takes every pixel.

    Returns:
      [B] float32, dB, at most 100; NaN where the region is empty.
    """
    error = mean_squared_error(prediction, target, weights)
    return -10.0 * jnp.log10(jnp.maximum(error, SMALLEST_ERROR))


def ssim(
    prediction: Array,
    target: Array,
    weights: Array | None = None,
    *,
    window: int = 11,
    sigma: float = 1.5,
) -> Array:
    """Structural similarity with a Gaussian window, mean over R, G and B.

    Wang, Bovik, Sheikh, Simoncelli, 2004, with K1 = 0.01, K2 = 0.03 and data range 1.
    Only windows that lie inside the image count, so the map is smaller than the image
    by ``window - 1``; a region weighs each window by its centre pixel.

    Args:
      prediction: [B, H, W, C] in [0, 1].
      target: [B, H, W, C] in [0, 1].
      weights: [B, H, W] in [0, 1], the region to look at; None takes every window.
      window: taps of the Gaussian, odd, pixels.
      sigma: standard deviation of the Gaussian, pixels.

    Returns:
      [B] float32, at most 1; NaN where the region holds no window's centre.

    Raises:
      ValueError: an image side is shorter than the window.
    """
    _, height, width, _ = prediction.shape
    if min(height, width) < window:
        raise ValueError(
            f"SSIM needs images of at least {window} pixels a side, got {height}x{width}"
        )
    similarity = _ssim_map(prediction, target, window, sigma)
    if weights is not None:
        margin = window // 2
        weights = weights[:, margin : height - margin, margin : width - margin]
    return _regional_mean(similarity, weights)


def box_weights(boxes: Array, height: int, width: int) -> Array:
    """The region inside one box per image.

    Args:
      boxes: [B, 4] as (left, top, right, bottom), edges in pixels: column 0 covers
        0 to 1. A pixel is inside when its centre is. NaN boxes are empty.
      height: image height, pixels.
      width: image width, pixels.

    Returns:
      [B, H, W] float32 of zeros and ones.
    """
    left, top, right, bottom = (edge[:, None] for edge in jnp.asarray(boxes).T)
    rows, columns = jnp.arange(height) + 0.5, jnp.arange(width) + 0.5
    inside_rows = (rows >= top) & (rows < bottom)
    inside_columns = (columns >= left) & (columns < right)
    inside = inside_rows[:, :, None] & inside_columns[:, None, :]
    return inside.astype(jnp.float32)


def _difference(prediction: Array, target: Array) -> Array:
    """Float32 difference, refusing shapes that would broadcast."""
    if prediction.shape != target.shape:
        raise ValueError(
            f"images of equal shape expected, got {prediction.shape} and {target.shape}"
        )
    return jnp.asarray(prediction, jnp.float32) - jnp.asarray(target, jnp.float32)


def _regional_mean(values: Array, weights: Array | None) -> Array:
    """Mean of [B, H, W, C] values over channels and weighted pixels."""
    per_pixel = values.mean(axis=-1)
    if weights is None:
        return per_pixel.mean(axis=(1, 2))
    return (per_pixel * weights).sum((1, 2)) / weights.sum((1, 2))


def _ssim_map(prediction: Array, target: Array, window: int, sigma: float) -> Array:
    """Similarity of every window, [B, H - window + 1, W - window + 1, C]."""
    _difference(prediction, target)  # for its check of shapes
    rows, columns = (
        _blur_matrix(side, window, sigma) for side in prediction.shape[1:3]
    )

    def blur(images: Array) -> Array:
        return jnp.einsum(
            "ih,jw,bhwc->bijc", rows, columns, images, precision="highest"
        )

    x, y = jnp.asarray(prediction, jnp.float32), jnp.asarray(target, jnp.float32)
    mean_x, mean_y = blur(x), blur(y)
    variance_x = blur(x * x) - mean_x**2
    variance_y = blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return luminance * structure


def _blur_matrix(side: int, window: int, sigma: float) -> np.ndarray:
    """Valid Gaussian filtering of one axis as a matrix [side - window + 1, side]."""
    offsets = np.arange(window) - window // 2
    taps = np.exp(-(offsets**2) / (2 * sigma**2))
    taps /= taps.sum()
    rows = side - window + 1
    matrix = np.zeros((rows, side), np.float32)
    for tap, weight in enumerate(taps):
        matrix[np.arange(rows), np.arange(rows) + tap] = weight
    return matrix
