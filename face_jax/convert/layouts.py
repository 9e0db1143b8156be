"""Axis orders of one parameter in PyTorch and in Flax, in both directions."""

import dataclasses
from collections.abc import Callable

import numpy as np

Transform = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Layout:
    """How an array is stored on either side.

    Attributes:
      name: what error messages call it, axes of the published array included.
      rank: number of axes of the published array.
      to_flax: published array to Flax.
      to_published: its inverse.
    """

    name: str
    rank: int
    to_flax: Transform
    to_published: Transform


VECTOR = Layout("vector [C]", 1, lambda x: x, lambda x: x)
"""Biases, and the scales and statistics of norms."""

DENSE = Layout("dense [out, in]", 2, np.transpose, np.transpose)
"""Kernel of a dense layer, [in, out] in Flax."""

CONV = Layout(
    "convolution [out, in, h, w]",
    4,
    lambda x: x.transpose(2, 3, 1, 0),
    lambda x: x.transpose(3, 2, 0, 1),
)
"""Kernel of a 2-D convolution, [h, w, in, out] in Flax; grouped ones alike."""

POINTWISE = Layout(
    "1x1 convolution [out, in, 1, 1]",
    4,
    lambda x: x[:, :, 0, 0].T,
    lambda x: x.T[:, :, None, None],
)
"""A 1x1 convolution that is a dense layer in Flax, [in, out]."""

CHANNEL_WEIGHTS = Layout(
    "weights of channels [1, C, 1, 1]",
    4,
    lambda x: x[0, :, 0, 0],
    lambda x: x[None, :, None, None],
)
"""A 1x1 convolution to one number that is a sum of weighed channels in Flax, [C]."""

TRANSPOSED_CONV = Layout(
    "transposed convolution [in, out, h, w]",
    4,
    lambda x: x.transpose(2, 3, 0, 1),
    lambda x: x.transpose(2, 3, 0, 1),
)
"""Kernel of a transposed 2-D convolution, [h, w, in, out] in Flax."""

TOKENS = Layout("tokens [1, N, C]", 3, lambda x: x[0], lambda x: x[None])
"""Learned tokens and tables of positions, [N, C] in Flax."""


def flattened_map(channels: int, height: int, width: int) -> Layout:
    """A dense layer over all entries of a feature map, flattened before it.

    Args:
      channels: of the map.
      height: of the map.
      width: of the map.

    Returns:
      The layout: published rows count channels slowest, [out, C * H * W]; in Flax
      channels are counted fastest, [H * W * C, out].
    """
    size = channels * height * width

    def to_flax(x: np.ndarray) -> np.ndarray:
        if x.shape[1] != size:
            return x.T  # the engine reports the shape
        x = x.reshape(-1, channels, height, width)
        return x.transpose(2, 3, 1, 0).reshape(size, -1)

    def to_published(x: np.ndarray) -> np.ndarray:
        x = x.reshape(height, width, channels, -1)
        return x.transpose(3, 2, 0, 1).reshape(-1, size)

    name = f"dense after flattening [out, {channels} * {height} * {width}]"
    return Layout(name, 2, to_flax, to_published)


def patch_embedding(channels: int, side: int) -> Layout:
    """A convolution of patches that do not overlap: a dense layer in Flax.

    Args:
      channels: of the pictures.
      side: of a patch, pixels.

    Returns:
      The layout: a kernel [out, C, side, side] as published; in Flax rows, columns and
      channels of a patch are one axis, [side * side * C, out].
    """

    def to_flax(x: np.ndarray) -> np.ndarray:
        return x.transpose(2, 3, 1, 0).reshape(-1, x.shape[0])

    def to_published(x: np.ndarray) -> np.ndarray:
        return x.reshape(side, side, channels, -1).transpose(3, 2, 0, 1)

    name = f"convolution of patches [out, {channels}, {side}, {side}]"
    return Layout(name, 4, to_flax, to_published)
