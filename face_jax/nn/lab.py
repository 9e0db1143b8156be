"""8-bit CIE Lab, as image libraries have it: L of 0..100 is 0..255, a and b add 128.

To Lab all arithmetic is on whole numbers and tables, hence the same on every device; L is
that of OpenCV, a and b now and then one off. Back from Lab it is the formula in float32,
rounded once.
"""

import functools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from face_jax.nn.color_planes import Planes, look_up
from face_jax.types import Array

LINEAR_LEVELS = 255 * 8
"""Steps of a linear intensity."""

ROOT_SHIFT = 15
"""Bits behind the point of a cube root."""

WEIGHT_SHIFT = 12
"""Bits behind the point of a share of red, green or blue."""

RGB_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
"""ITU-R BT.709 primaries, white D65."""

WHITE = np.array([0.950456, 1.0, 1.088754])
"""X, Y and Z of white."""

THRESHOLD, SLOPE, OFFSET = 0.008856, 7.787, 16 / 116
"""Below the threshold the cube root is a line, in the definition of Lab."""


def rgb_to_lab(planes: Planes) -> Planes:
    """L, a and b 0..255 of red, green and blue 0..255."""
    linear = [look_up(_linear_table(), plane) for plane in planes]
    x, y, z = (
        look_up(_root_table(), _rounded_shift(mixed, WEIGHT_SHIFT))
        for mixed in _mixtures(_whole_shares(), linear)
    )
    one = 1 << ROOT_SHIFT
    # L is 116 y - 16 of 0..100; the scale to 0..255 is rounded to a whole number.
    lightness = (116 * 255 + 50) // 100 * y - (16 * 255 * one + 50) // 100
    coordinates = lightness, 500 * (x - y) + 128 * one, 200 * (y - z) + 128 * one
    first, second, third = (
        jnp.clip(_rounded_shift(value, ROOT_SHIFT), 0, 255) for value in coordinates
    )
    return first, second, third


def lab_to_rgb(planes: Planes) -> Planes:
    """Red, green and blue 0..255 of L, a and b 0..255; others are cut to what is seen."""
    lightness, a, b = (plane.astype(jnp.float32) for plane in planes)
    y = (lightness * (100 / 255) + 16) / 116
    x, z = y + (a - 128) / 500, y - (b - 128) / 200
    xyz = [_cubed(root) * float(w) for root, w in zip((x, y, z), WHITE, strict=True)]
    red, green, blue = map(_to_level, _mixtures(np.linalg.inv(RGB_TO_XYZ), xyz))
    return red, green, blue


def _mixtures(matrix: np.ndarray, planes: Sequence[Array]) -> list[Array]:
    """Planes times a matrix [3, 3], which keeps to the planes' type."""
    first, second, third = planes
    return [a * first + b * second + c * third for a, b, c in matrix.tolist()]


def _rounded_shift(values: Array, bits: int) -> Array:
    return (values + (1 << (bits - 1))) >> bits


def _cubed(root: Array) -> Array:
    line = (root - OFFSET) / SLOPE
    return jnp.where(line <= THRESHOLD, line, root * root * root)


def _to_level(linear: Array) -> Array:
    """Level 0..255 of a linear intensity, with the curve of sRGB."""
    linear = jnp.clip(linear, 0.0, 1.0)
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    level = 255 * jnp.where(linear > 0.0031308, curved, 12.92 * linear)
    return jnp.rint(level).astype(jnp.int32)


@functools.cache
def _linear_table() -> np.ndarray:
    """Linear intensity by level of sRGB."""
    share = np.arange(256) / 255
    curved = ((share + 0.055) / 1.055) ** 2.4
    linear = np.where(share > 0.04045, curved, share / 12.92)
    return np.rint(LINEAR_LEVELS * linear).astype(np.int32)


@functools.cache
def _root_table() -> np.ndarray:
    """Cube root by linear intensity."""
    share = np.arange(LINEAR_LEVELS + 1) / LINEAR_LEVELS
    root = np.where(share < THRESHOLD, SLOPE * share + OFFSET, np.cbrt(share))
    return np.rint((1 << ROOT_SHIFT) * root).astype(np.int32)


@functools.cache
def _whole_shares() -> np.ndarray:
    """Red's, green's and blue's shares of X, Y and Z over those of white, int [3, 3]."""
    return np.rint((1 << WEIGHT_SHIFT) * RGB_TO_XYZ / WHITE[:, None]).astype(int)
