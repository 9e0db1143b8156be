"""Contrast-limited adaptive histogram equalization (CLAHE), on the device.

Every tile of a picture has a table of levels, its equalized histogram, in which no level
may grow without limit; a pixel lies between the tables of the four nearest tiles. Source:
Zuiderveld, Graphics Gems IV, 1994, with the rules of OpenCV for what is cut off. All
arithmetic is on whole numbers or single float32 products: the same on every device.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.nn.color_planes import join, look_up_each, split
from face_jax.nn.lab import lab_to_rgb, rgb_to_lab
from face_jax.types import Array

LEVELS = 256


def equalize_lightness(images: Array, limit: Array, tiles: int) -> Array:
    """CLAHE of the lightness of pictures; their colours stay.

    Args:
      images: uint8 RGB [B, H, W, 3].
      limit: float [B], how many times its even share a level may get in a tile's
        histogram; 0 leaves a picture as it is, larger limits let the contrast grow.
      tiles: along each side, 1 or more.

    Returns:
      uint8 [B, H, W, 3].
    """
    lightness, a, b = rgb_to_lab(split(images))
    changed = join(lab_to_rgb((equalize(lightness, limit, tiles), a, b)))
    chosen = (limit > 0)[:, None, None, None]
    return jnp.where(chosen, changed.astype(images.dtype), images)


def equalize(levels: Array, limit: Array, tiles: int) -> Array:
    """CLAHE of one plane.

    Args:
      levels: int32 [B, H, W], 0..255.
      limit: float [B], above 0.
      tiles: along each side, 1 or more.

    Returns:
      int32 [B, H, W], 0..255.
    """
    rows, height, width = levels.shape
    cut = _in_tiles(levels, tiles)
    side = tuple(_padded(n, levels.shape[1:], tiles) // tiles for n in (height, width))
    tables = tile_tables(cut, limit).reshape(rows, -1)
    down, right = (
        _nearest(n, each, tiles) for n, each in zip((height, width), side, strict=True)
    )
    mixed = jnp.int32(0)
    for row, row_share in down:
        for column, column_share in right:
            tile = row[:, None] * tiles + column
            seen = look_up_each(tables, tile * LEVELS + levels)
            mixed += row_share[:, None] * column_share * seen
    whole = 4 * side[0] * side[1]
    return (mixed + whole // 2) // whole


def tile_tables(tiles: Array, limit: Array) -> Array:
    """Level by level of every tile: its histogram, cut off and summed up.

    Args:
      tiles: int32 [B, T, P], the levels 0..255 of P pixels.
      limit: float [B], see ``equalize``.

    Returns:
      int32 [B, T, 256], 0..255.
    """
    pixels = tiles.shape[-1]
    counts = histograms(tiles)
    most = jnp.maximum((limit * (pixels / LEVELS)).astype(jnp.int32), 1)[:, None, None]
    excess = jnp.maximum(counts - most, 0).sum(axis=-1, keepdims=True)
    each, rest = excess // LEVELS, excess % LEVELS
    # What does not go round is strewn evenly, from the darkest level on.
    step = LEVELS // jnp.maximum(rest, 1)
    level = np.arange(LEVELS)
    strewn = (level % step == 0) & (level // step < rest)
    summed = jnp.cumsum(jnp.minimum(counts, most) + each + strewn, axis=-1)
    share = summed.astype(jnp.float32) * np.float32((LEVELS - 1) / pixels)
    return jnp.clip(jnp.rint(share), 0, LEVELS - 1).astype(jnp.int32)


def histograms(tiles: Array) -> Array:
    """How often each level is there: int32 [B, T, 256] of int32 [B, T, P], 0..255."""

    def count(levels: Array) -> Array:
        empty = jnp.zeros(LEVELS, jnp.int32)
        return empty.at[levels].add(1, mode="promise_in_bounds")

    return jax.vmap(jax.vmap(count))(tiles)


def _in_tiles(levels: Array, tiles: int) -> Array:
    """int32 [B, T * T, P] of planes [B, H, W], mirrored beyond the right and the bottom."""
    rows, *sides = levels.shape
    height, width = (_padded(n, sides, tiles) for n in sides)
    padding = ((0, 0), (0, height - sides[0]), (0, width - sides[1]))
    wide = jnp.pad(levels, padding, mode="reflect")
    cut = wide.reshape(rows, tiles, height // tiles, tiles, width // tiles)
    return cut.swapaxes(2, 3).reshape(rows, tiles * tiles, -1)


def _padded(size: int, sides: Sequence[int], tiles: int) -> int:
    """A side of which ``tiles`` are made: both grow as soon as one does not divide."""
    if all(side % tiles == 0 for side in sides):
        return size
    return size + tiles - size % tiles


def _nearest(size: int, side: int, tiles: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The tiles before and after each pixel, and its shares of them in halves of pixels.

    Returns:
      Twice: int [size], number of the tile along the axis; int [size], of 2 * ``side``.
    """
    place = 2 * np.arange(size) - side
    first, share = place // (2 * side), place % (2 * side)
    return [
        (np.clip(first, 0, tiles - 1), 2 * side - share),
        (np.clip(first + 1, 0, tiles - 1), share),
    ]
