"""How close two batches of images are: L1, PSNR, SSIM and MS-SSIM, whole or in a region.

Every function takes images in [0, 1], returns one number for each image, and
averages over pixels and channels of that image only; averages over frames and clips
are left to the caller. A region is a weight for every pixel, ``[B, H, W]`` in [0, 1]:
0 leaves a pixel out. ``box_weights`` makes one from boxes.
"""

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of MS-SSIM from the finest scale to the coarsest; they add up to one."""

WINDOW = 11
"""Taps of the Gaussian of SSIM."""

SMALLEST_MS_SSIM_SIDE = WINDOW << (len(SCALE_WEIGHTS) - 1)
"""Pixels a side of the smallest pictures that have an MS-SSIM."""

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
    window: int = WINDOW,
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
    luminance, structure = _similarity_maps(prediction, target, window, sigma)
    if weights is not None:
        margin = window // 2
        weights = weights[:, margin : height - margin, margin : width - margin]
    return _regional_mean(luminance * structure, weights)


def ms_ssim(
    prediction: Array, target: Array, *, window: int = WINDOW, sigma: float = 1.5
) -> Array:
    """Structural similarity at five scales, the product over them, mean over R, G and B.

    Wang, Simoncelli, Bovik, 2003: structure at every scale and luminance at the coarsest,
    each to the power of ``SCALE_WEIGHTS``. From scale to scale 2 x 2 pixels become their
    mean; a last odd row or column is left out. Means that are negative, of pictures that
    are each other's negatives, count as 0.

    Args:
      prediction: [B, H, W, C] in [0, 1].
      target: [B, H, W, C] in [0, 1].
      window: taps of the Gaussian, odd, pixels.
      sigma: standard deviation of the Gaussian, pixels.

    Returns:
      [B] float32 in [0, 1].

    Raises:
      ValueError: the coarsest scale would be smaller than the window: an image side of
        less than 176 pixels with the default one.
    """
    halvings = len(SCALE_WEIGHTS) - 1
    least = window << halvings
    if min(prediction.shape[1:3]) < least:
        height, width = prediction.shape[1:3]
        raise ValueError(
            f"MS-SSIM needs images of at least {least} pixels a side, got {height}x{width}"
        )
    product = jnp.ones(())
    for scale, weight in enumerate(SCALE_WEIGHTS):
        luminance, structure = _similarity_maps(prediction, target, window, sigma)
        counted = luminance * structure if scale == halvings else structure
        means = jnp.maximum(counted.mean(axis=(1, 2)), 0.0)
        product = product * means**weight
        prediction, target = _halved(prediction), _halved(target)
    return product.mean(axis=-1)


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


def _similarity_maps(
    prediction: Array, target: Array, window: int, sigma: float
) -> tuple[Array, Array]:
    """Luminance and structure of every window, [B, H - window + 1, W - window + 1, C]."""
    _difference(prediction, target)  # for its check of shapes
    rows, columns = (
        _blur_matrix(side, window, sigma) for side in prediction.shape[1:3]
    )

    def blur(images: Array) -> Array:
        return jnp.einsum(
            "ih,jw,bhwc->bijc", rows, columns, images, precision="highest"
        )

    # About the middle of the range squares are small, and so is what they lose.
    middle = 0.5
    x, y = (jnp.asarray(i, jnp.float32) - middle for i in (prediction, target))
    mean_x, mean_y = blur(x), blur(y)
    variance_x = blur(x * x) - mean_x**2
    variance_y = blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    mean_x, mean_y = mean_x + middle, mean_y + middle
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return luminance, structure


def _halved(images: Array) -> Array:
    """Means of 2 x 2 pixels, [B, H // 2, W // 2, C]."""
    rows, height, width, channels = images.shape
    even = images[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(rows, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))


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
