"""Colour jitter on the device, equal bit for bit to 8-bit image libraries.

The published augmentation worked on 8-bit images: every operation truncates, so a
jitter in floating point is a slightly different augmentation. All arithmetic here
is on whole numbers (or on single float32 products), hence the same on every device.
"""

import functools

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
"""Columns of the factors, and the numbers that an order consists of."""

FLOAT_LIMIT = 2.0**20


def color_jitter(
    images: Array, factors: Array, order: Array, reference: Array | None = None
) -> Array:
    """Applies brightness, contrast, saturation and hue in a given order.

    Args:
      images: [..., H, W, 3] whole numbers 0..255, any dtype.
      factors: [..., 4] float: brightness, contrast and saturation factors (1 leaves
        the image as it is) and the hue shift as a fraction of a turn (0 likewise).
        Leading axes broadcast against those of the images.
      order: [..., 4] int: the four columns in the order in which they are applied.
      reference: [..., H', W', 3] images on which the mean of the contrast operation
        is measured, after the same preceding operations; the images themselves by
        default. For crops of a frame, the frame.

    Returns:
      [..., H, W, 3] whole numbers 0..255 in the images' dtype.
    """
    factors = jnp.asarray(factors, jnp.float32)
    current = images.astype(jnp.int32)
    measured = None if reference is None else reference.astype(jnp.int32)
    for position in range(4):
        operation = order[..., position]
        mean = mean_grey(current if measured is None else measured)
        current = _apply(current, operation, factors, mean)
        if measured is not None and position < 3:
            measured = _apply(measured, operation, factors, mean)
    return current.astype(images.dtype)


def _apply(images: Array, operation: Array, factors: Array, mean: Array) -> Array:
    """One operation per image; three of the four are blends towards some base."""
    operation = operation[..., None, None, None]
    is_contrast, is_saturation = operation == CONTRAST, operation == SATURATION
    flat = jnp.where(is_contrast, mean[..., None, None, None], 0)
    base = jnp.where(is_saturation, grey(images)[..., None], flat)
    amount = jnp.where(
        is_contrast,
        _column(factors, CONTRAST),
        jnp.where(
            is_saturation, _column(factors, SATURATION), _column(factors, BRIGHTNESS)
        ),
    )
    turned = shift_hue(images, factors[..., HUE])
    return jnp.where(operation == HUE, turned, blend(base, images, amount))


def _column(factors: Array, index: int) -> Array:
    return factors[..., index, None, None, None]


def grey(images: Array) -> Array:
    """Luma 0..255 of 8-bit RGB, ITU-R 601 weights in 16-bit fixed point."""
    red, green, blue = jnp.moveaxis(images, -1, 0)
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16


def mean_grey(images: Array) -> Array:
    """Mean luma of each image, rounded half up, int32 [...]."""
    total = grey(images).sum(axis=(-2, -1)).astype(jnp.uint32)
    count = images.shape[-2] * images.shape[-3]
    return ((2 * total + count) // (2 * count)).astype(jnp.int32)


def blend(base: Array, images: Array, factor: Array) -> Array:
    """base + factor * (images - base), clipped to 0..255 and truncated.

    Product and sum are rounded to float32 one after the other. The limits are far
    beyond any value: they only keep a compiler from fusing the two into one
    multiply-add, which rounds once and moves some pixels across a whole number.
    """
    product = factor * (images - base).astype(jnp.float32)
    product = jnp.clip(product, -FLOAT_LIMIT, FLOAT_LIMIT)
    mixed = base.astype(jnp.float32) + product
    return jnp.clip(mixed, 0.0, 255.0).astype(jnp.int32)


def shift_hue(images: Array, shift: Array) -> Array:
    """Turns the hue, through 8-bit HSV and back.

    Args:
      images: int32 [..., H, W, 3], 0..255.
      shift: [...] fraction of a turn. Exactly 0 leaves the image as it is; the
        8-bit HSV of any other shift loses a little.

    Returns:
      int32 [..., H, W, 3].
    """
    hue, saturation, value = rgb_to_hsv(images)
    steps = jnp.trunc(shift * 255.0).astype(jnp.int32)[..., None, None]
    turned = hsv_to_rgb((hue + steps) % 256, saturation, value)
    return jnp.where((shift == 0)[..., None, None, None], images, turned)


def rgb_to_hsv(images: Array) -> tuple[Array, Array, Array]:
    """8-bit hue, saturation and value, int32 [..., H, W] each."""
    red, green, blue = jnp.moveaxis(images, -1, 0)
    high, low = images.max(axis=-1), images.min(axis=-1)
    spread = high - low
    below = 2 * high - (red + green + blue - low)  # from the highest to the middle
    sector = jnp.where(
        red == high,
        jnp.where(blue == low, 0, 1),
        jnp.where(
            green == high,
            jnp.where(blue == low, 2, 3),
            jnp.where(red == low, 4, 5),
        ),
    )
    hues, saturations = _hue_table().reshape(-1), _saturation_table().reshape(-1)
    hue = jnp.take(hues, (sector * 256 + spread) * 256 + below).astype(jnp.int32)
    saturation = jnp.take(saturations, high * 256 + spread).astype(jnp.int32)
    return hue, saturation, high


def hsv_to_rgb(hue: Array, saturation: Array, value: Array) -> Array:
    """8-bit RGB [..., H, W, 3]; no rounding here is ever a tie, so it is exact."""
    sector, remainder = 6 * hue // 255, 6 * hue % 255
    low = _rounded_share(value, 255 - saturation, 255)
    falling = _rounded_share(value, 255**2 - saturation * remainder, 255**2)
    rising = _rounded_share(value, 255**2 - saturation * (255 - remainder), 255**2)
    v, p, q, t = value, low, falling, rising
    rows = [(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q)]
    sector = sector % 6
    channels = [
        jnp.choose(sector, [row[c] for row in rows], mode="clip") for c in range(3)
    ]
    return jnp.stack(channels, axis=-1)


def _rounded_share(value: Array, numerator: Array, denominator: int) -> Array:
    return (2 * value * numerator + denominator) // (2 * denominator)


@functools.cache
def _hue_table() -> np.ndarray:
    """8-bit hue by sector, spread of the channels and distance of the middle one.

    Image libraries mix float32 and float64 and truncate, so the last bit of a hue
    cannot be had from float32 alone. There are few enough cases to list them:
    sectors name the highest and lowest channel, in the order of ``rgb_to_hsv``.
    """
    spread = np.arange(256)[:, None]
    below = np.minimum(np.arange(256)[None], spread)
    middle = below.astype(np.float32) / np.maximum(spread, 1).astype(np.float32)
    exact = middle.astype(np.float64)
    hues = np.stack(
        [1 - exact, exact - 1, 2 + exact - 1, 2 + (1 - exact), 4 + exact - 1, 5 - exact]
    )
    turns = np.fmod(hues.astype(np.float32).astype(np.float64) / 6 + 1, 1)
    table = np.trunc(turns.astype(np.float32).astype(np.float64) * 255)
    return np.where(spread == 0, 0, table).astype(np.uint8)


@functools.cache
def _saturation_table() -> np.ndarray:
    """8-bit saturation by highest channel and spread, float32 ratio truncated."""
    high = np.maximum(np.arange(256), 1)[:, None].astype(np.float32)
    ratio = np.minimum(np.arange(256)[None].astype(np.float32) / high, 1)
    return np.trunc(ratio.astype(np.float64) * 255).astype(np.uint8)
