"""Random changes of colour on the device: given draws, applied in a fixed order.

The host draws and the device changes: batches hold uint8 pictures and, item by item, the
few numbers that were drawn, so that a batch looks the same whatever makes it, whatever
mesh it lies on, and in every update that sees it. The order is that of SMIRK's training
pictures (arXiv 2404.04104); levels are rounded after every change, as 8-bit image
libraries round them.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.nn.color_jitter import color_jitter
from face_jax.nn.color_planes import look_up_each
from face_jax.nn.local_equalization import equalize_lightness
from face_jax.types import Array, Batch

TILE, TILES = 28, 8
"""Pixels of a tile of local equalization along each side, and the most tiles: smaller
pictures have fewer tiles, as in smaller ones a histogram is noise."""

LARGEST_BOX = 7
"""Pixels that a box of a blur has at most along each side."""


def follow_curve(images: Array, curve: Array) -> Array:
    """Replaces every level by the one at its place in the curve of its picture.

    Args:
      images: uint8 [B, H, W, 3].
      curve: uint8 [B, 256]; 0, 1, 2 to 255 change nothing.
    """
    return look_up_each(curve, images.astype(jnp.int32))


def equalize_locally(images: Array, limit: Array) -> Array:
    """``equalize_lightness`` with as many tiles as the size of the pictures has.

    Args:
      images: uint8 [B, H, W, 3].
      limit: float [B]; 0 changes nothing.
    """
    tiles = min(max(max(images.shape[1:3]) // TILE, 1), TILES)
    return equalize_lightness(images, limit, tiles)


def shift_channels(images: Array, shifts: Array) -> Array:
    """Adds a number of levels to each channel.

    Args:
      images: uint8 [B, H, W, 3].
      shifts: float [B, 3], levels of red, green and blue; 0 changes nothing.
    """
    return _rounded(images.astype(jnp.float32) + shifts[:, None, None])


def blur_box(images: Array, side: Array) -> Array:
    """Means over squares of pixels; pictures are mirrored at their borders.

    Args:
      images: uint8 [B, H, W, 3].
      side: int [B], pixels of a square along each side, odd, ``LARGEST_BOX`` at most; 1
        changes nothing.
    """
    side = side.reshape(-1, 1, 1, 1)
    sums = images.astype(jnp.int32)
    for axis in (1, 2):
        sums = _box_sums(sums, side // 2, axis)
    # No sum of an odd number of levels lies between two means.
    count = side * side
    means = (2 * sums + count).astype(jnp.uint32) // (2 * count).astype(jnp.uint32)
    return means.astype(images.dtype)


def add_noise(images: Array, deviation: Array, seed: Array) -> Array:
    """Adds independent Gaussian noise to every channel of every pixel.

    Args:
      images: uint8 [B, H, W, 3].
      deviation: float [B], standard deviation in levels; 0 changes nothing.
      seed: uint32 [B], what the noise of each picture is drawn from.
    """

    def draw(seed: Array) -> Array:
        return jax.random.normal(jax.random.key(seed, impl="threefry2x32"), shape)

    shape = images.shape[1:]
    # The limits keep a compiler from fusing product and sum, which rounds otherwise.
    noise = deviation[:, None, None, None] * jax.vmap(draw)(seed)
    return _rounded(images.astype(jnp.float32) + jnp.clip(noise, -255.0, 255.0))


class Change(NamedTuple):
    """One kind of change.

    Attributes:
      apply: takes pictures uint8 [B, H, W, 3] and the draws; returns such pictures.
      draws: names of the arrays [B, ...] of a batch that hold what was drawn.
      neutral: value of the first of them that changes nothing.
    """

    apply: Callable[..., Array]
    draws: tuple[str, ...]
    neutral: np.ndarray


CHANGES = (
    Change(follow_curve, ("color_curve",), np.arange(256, dtype=np.uint8)),
    Change(color_jitter, ("color_factors", "color_order"), np.array([1, 1, 1, 0])),
    Change(equalize_locally, ("color_equalization",), np.array(0)),
    Change(shift_channels, ("color_shifts",), np.array(0)),
    Change(blur_box, ("color_blur",), np.array(1)),
    Change(add_noise, ("color_noise", "color_noise_seed"), np.array(0)),
)
"""All changes in the order in which they are applied."""

DRAWS = frozenset(name for change in CHANGES for name in change.draws)
"""All arrays of a batch that say how its colours are changed."""


def change_colors(images: Array, batch: Batch) -> Array:
    """Changes the colours of pictures as was drawn for them.

    Args:
      images: uint8 RGB [B, H, W, 3].
      batch: holds the draws of some of ``CHANGES``, [B, ...] each; a change without draws
        is left out, so that pictures of a batch without any stay as they are.

    Returns:
      uint8 [B, H, W, 3].
    """
    for change in CHANGES:
        if all(name in batch for name in change.draws):
            draws = [batch[name] for name in change.draws]
            # A branch: what no picture of the batch drew costs nothing, and a compiler
            # that fuses one change into the next computes pixels again and again.
            drawn = jnp.any(draws[0] != change.neutral)
            images = jax.lax.cond(drawn, change.apply, _unchanged, images, *draws)
    return images


def _unchanged(images: Array, *draws: Array) -> Array:
    del draws
    return images


def _box_sums(values: Array, radius: Array, axis: int) -> Array:
    """Sums over 2 * radius + 1 places along an axis; ``radius`` [B, 1, 1, 1]."""
    size = values.shape[axis]
    largest = min(LARGEST_BOX // 2, size - 1)
    padding = [(0, 0)] * 4
    padding[axis] = (largest, largest)
    padded = jnp.pad(values, padding, mode="reflect")
    total = jnp.zeros_like(values)
    for offset in range(-largest, largest + 1):
        start = offset + largest
        part = jax.lax.slice_in_dim(padded, start, start + size, axis=axis)
        total += jnp.where(np.abs(offset) <= radius, part, 0)
    return total


def _rounded(levels: Array) -> Array:
    return jnp.clip(jnp.rint(levels), 0, 255).astype(jnp.uint8)
