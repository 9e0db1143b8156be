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
