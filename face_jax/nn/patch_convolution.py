"""Convolution whose steps are about as long as its kernel: patches of a picture to cells.

On a CPU it is one matrix product. XLA's own convolution of three channels takes twice as
long, and copies pictures into another order for the kernel's gradient.
"""

import functools
import itertools
import math
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import lax

from face_jax.nn.vit import patchify
from face_jax.types import Array


class PatchConv(nn.Module):
    """A convolution of few steps, padded as TensorFlow's SAME.

    Attributes:
      features: number F of output channels.
      side: rows and columns of the kernel, pixels.
      stride: step between outputs, along both axes.
      dtype: type of the computation.
      use_bias: whether there is a bias.
    """

    features: int
    side: int
    stride: int
    dtype: Any = jnp.float32
    use_bias: bool = False

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), features]."""
        init = nn.initializers.lecun_normal()
        shape = (self.side, self.side, x.shape[-1], self.features)
        kernel = self.param("kernel", init, shape, jnp.float32)
        y = convolve_patches(x.astype(self.dtype), kernel, self.stride)
        if not self.use_bias:
            return y
        zeros = nn.initializers.zeros
        bias = self.param("bias", zeros, (self.features,), jnp.float32)
        return y + bias.astype(self.dtype)


def convolve_patches(x: Array, kernel: Array, stride: int) -> Array:
    """Cross-correlates, in x's type.

    Args:
      x: [B, H, W, C].
      kernel: [side, side, C, F].
      stride: step between outputs, along both axes.

    Returns:
      [B, ceil(H / stride), ceil(W / stride), F].
    """
    product = functools.partial(multiply_patches, stride=stride)
    as_is = functools.partial(_convolve_as_is, stride=stride)
    return lax.platform_dependent(x, kernel.astype(x.dtype), cpu=product, default=as_is)


def multiply_patches(x: Array, kernel: Array, stride: int) -> Array:
    """The same as a product of patches [B * H' * W', n * n * stride * stride * C].

    A patch is n x n neighbouring cells of stride x stride pixels, with n as small as
    the kernel allows; where a patch is larger than the kernel, this gets zeros.
    """
    side, features = kernel.shape[0], kernel.shape[-1]
    reach = math.ceil(side / stride)
    cells = _cells(x, side, stride)
    rows, columns = (math.ceil(length / stride) for length in x.shape[1:3])
    shifts = itertools.product(range(reach), repeat=2)
    seen = [cells[:, i : i + rows, j : j + columns] for i, j in shifts]
    patches = jnp.concatenate(seen, axis=-1).reshape(-1, reach**2 * cells.shape[-1])
    missing = (0, reach * stride - side)
    padded = jnp.pad(kernel, (missing, missing, (0, 0), (0, 0)))
    by_cells = padded.reshape(reach, stride, reach, stride, -1, features)
    matrix = by_cells.transpose(0, 2, 1, 3, 4, 5).reshape(-1, features)
    return (patches @ matrix).reshape(-1, rows, columns, features)


def _cells(x: Array, side: int, stride: int) -> Array:
    """All that patches see [B, h, w, stride * stride * C], zeros around the image."""
    batch, *sides, _ = x.shape
    padding = lax.padtype_to_pads(sides, (side, side), (stride, stride), "SAME")
    reach = math.ceil(side / stride)
    counts = [math.ceil(length / stride) + reach - 1 for length in sides]
    edges = [
        (before, stride * count - length - before)
        for (before, _), count, length in zip(padding, counts, sides, strict=True)
    ]
    padded = jnp.pad(x, ((0, 0), *edges, (0, 0)))
    return patchify(padded, stride).reshape(batch, *counts, -1)


def _convolve_as_is(x: Array, kernel: Array, stride: int) -> Array:
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=(stride, stride),
        padding="SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
