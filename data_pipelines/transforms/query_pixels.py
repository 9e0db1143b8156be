"""Which pixels of an image FSRT renders with gradient, and which without.

Arrays here are static tables: they depend on sizes and offsets only, so they are
made once per program and not per item. Pixels are numbered row by row.
"""

import numpy as np


def lattice_split(
    height: int, width: int, x0: int, y0: int, stride: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Splits the pixels of an image into one strided lattice and the rest.

    FSRT (arXiv 2404.09736) trains whole images from a quarter of their pixels:
    every second pixel of every second row carries gradient.

    Args:
      height: rows of the image.
      width: columns of the image.
      x0: first column of the sampled lattice, below ``stride``.
      y0: first row of the sampled lattice, below ``stride``.
      stride: distance of two lattice pixels, published 2.

    Returns:
      The sampled pixels ``[y0::stride, x0::stride]`` and the remaining ones, int32:
      the other lattices one after the other, column offset outer, row offset
      inner, each row by row.

    Raises:
      ValueError: an offset is not in ``[0, stride)``, or a side is below ``stride``.
    """
    _check(height, width, x0, y0, stride)
    pixels = np.arange(height * width, dtype=np.int32).reshape(height, width)
    corners = [(x, y) for x in range(stride) for y in range(stride)]
    others = [
        pixels[y::stride, x::stride].ravel() for x, y in corners if (x, y) != (x0, y0)
    ]
    empty = pixels[:0].ravel()
    return pixels[y0::stride, x0::stride].ravel(), np.concatenate([empty, *others])


def _check(height: int, width: int, x0: int, y0: int, stride: int) -> None:
    if not (0 <= x0 < stride and 0 <= y0 < stride):
        raise ValueError(
            f"lattice offset (x0, y0): expected both in [0, {stride}), got {(x0, y0)}"
        )
    if min(height, width) < stride:
        raise ValueError(
            f"image side: expected at least the stride {stride}, "
            f"got {height} rows and {width} columns"
        )
