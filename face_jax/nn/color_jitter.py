"""Colour jitter on the device, equal bit for bit to 8-bit image libraries.

The published augmentation worked on 8-bit images: every operation truncates, so a
jitter in floating point is a slightly different augmentation. All arithmetic here
is on whole numbers (or on single float32 products), hence the same on every device.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.nn.color_planes import Planes, join, look_up, split
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
    views = [split(x) for x in (images, reference) if x is not None]
    factors = jnp.asarray(factors, jnp.float32)
    order = jnp.broadcast_to(order, factors.shape)
    # The hue costs more than the others together, so it is applied in one place, and
    # blends that an image does not have on this side of it do nothing.
    turn = jnp.argmax(order == HUE, axis=-1)
    for position in (0, 1, 2):
        views = _blend_all(views, factors, order[..., position], position < turn)
    views = [shift_hue(view, factors[..., HUE]) for view in views]
    for position in (1, 2, 3):
        views = _blend_all(views, factors, order[..., position], position > turn)
    return join(views[0]).astype(images.dtype)


def _blend_all(
    views: list[Planes], factors: Array, operation: Array, active: Array
) -> list[Planes]:
    """One blend per image, the contrast's mean measured on the last of the views."""
    mean = mean_grey(views[-1])
    amount = jnp.take_along_axis(factors, operation[..., None], axis=-1)[..., 0]
    amount = jnp.where(active, amount, 1.0)
    return [_blend_towards_base(view, operation, amount, mean) for view in views]


def _blend_towards_base(
    planes: Planes, operation: Array, amount: Array, mean: Array
) -> Planes:
    """Brightness, contrast or saturation, which differ in what they blend towards."""
    operation, amount, mean = (x[..., None, None] for x in (operation, amount, mean))
    base = jnp.where(operation == CONTRAST, mean, 0)
    base = jnp.where(operation == SATURATION, grey(planes), base)
    red, green, blue = (blend(base, plane, amount) for plane in planes)
    return red, green, blue


def grey(planes: Planes) -> Array:
    """Luma 0..255 of 8-bit RGB, ITU-R 601 weights in 16-bit fixed point."""
    red, green, blue = planes
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16


def mean_grey(planes: Planes) -> Array:
    """Mean luma of each image, rounded half up, int32 [...]."""
    total = grey(planes).sum(axis=(-2, -1)).astype(jnp.uint32)
    count = planes[0].shape[-1] * planes[0].shape[-2]
    return ((2 * total + count) // (2 * count)).astype(jnp.int32)


def blend(base: Array, values: Array, factor: Array) -> Array:
    """base + factor * (values - base), clipped to 0..255 and truncated.

    Product and sum are rounded to float32 one after the other. The limits are far
    beyond any value: they only keep a compiler from fusing the two into one
    multiply-add, which rounds once and moves some pixels across a whole number.
    """
    product = factor * (values - base).astype(jnp.float32)
    product = jnp.clip(product, -FLOAT_LIMIT, FLOAT_LIMIT)
    mixed = base.astype(jnp.float32) + product
    return jnp.clip(mixed, 0.0, 255.0).astype(jnp.int32)


def shift_hue(planes: Planes, shift: Array) -> Planes:
    """Turns the hue, through 8-bit HSV and back.

    Args:
      planes: red, green and blue.
      shift: [...] fraction of a turn. Exactly 0 leaves the image as it is; the
        8-bit HSV of any other shift loses a little.

    Returns:
      Red, green and blue.
    """
    shift = shift[..., None, None]
    hue, saturation, value = rgb_to_hsv(planes)
    hue = (hue + jnp.trunc(shift * 255.0).astype(jnp.int32)) & 255
    turned = hsv_to_rgb((hue, saturation, value))
    red, green, blue = (
        jnp.where(shift == 0, old, new) for old, new in zip(planes, turned, strict=True)
    )
    return red, green, blue


def rgb_to_hsv(planes: Planes) -> Planes:
    """8-bit hue, saturation and value."""
    red, green, blue = planes
    high = jnp.maximum(red, jnp.maximum(green, blue))
    low = jnp.minimum(red, jnp.minimum(green, blue))
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
    hue = look_up(_hue_table(), (sector * 256 + spread) * 256 + below)
    return hue, look_up(_saturation_table(), high * 256 + spread), high


def hsv_to_rgb(planes: Planes) -> Planes:
    """8-bit red, green and blue; no rounding here is ever a tie, so it is exact."""
    # Unsigned division is several times cheaper than one that must floor.
    hue, saturation, v = (plane.astype(jnp.uint32) for plane in planes)
    sector, remainder = 6 * hue // 255, 6 * hue % 255
    p = _rounded_share(v, 255 - saturation, 255)
    q = _rounded_share(v, 255**2 - saturation * remainder, 255**2)
    t = _rounded_share(v, 255**2 - saturation * (255 - remainder), 255**2)
    last = (v, t, p)  # hue 255 is a whole turn, sector 6
    rows = [(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q), last]
    red, green, blue = (
        jax.lax.select_n(sector.astype(jnp.int32), *column).astype(jnp.int32)
        for column in zip(*rows, strict=True)
    )
    return red, green, blue


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
