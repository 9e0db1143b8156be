"""Depthwise 3x3 convolution: every channel has a kernel of its own."""

import functools
import itertools
import math
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import lax

from face_jax.types import Array

SIDE = 3
"""Rows and columns of the kernels."""


class DepthwiseConv(nn.Module):
    """A depthwise 3x3 convolution, padded as TensorFlow's SAME.

    Attributes:
      stride: step between outputs, along both axes.
      dtype: type of the computation.
      use_bias: whether there is a bias.
    """

    stride: int = 1
    dtype: Any = jnp.float32
    use_bias: bool = False

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), C]."""
        # MobileNet's initialisation: N(0, sqrt(2 / fan out)), here 9 outputs per input.
        init = nn.initializers.normal(math.sqrt(2.0 / SIDE**2))
        kernel = self.param("kernel", init, (SIDE, SIDE, 1, x.shape[-1]), jnp.float32)
        y = convolve_depthwise(x.astype(self.dtype), kernel, self.stride)
        if not self.use_bias:
            return y
        zeros = nn.initializers.zeros
        bias = self.param("bias", zeros, (x.shape[-1],), jnp.float32)
        return y + bias.astype(self.dtype)


def convolve_depthwise(x: Array, kernel: Array, stride: int) -> Array:
    """Cross-correlates each channel with its kernel, in x's type.

    On a CPU, XLA's grouped convolution and above all its gradient take many times as
    long as nine multiplications of shifted images. On an H100 the search for cuDNN's
    best made MobileNetV3 compile for over 45 s, these for 16.

    Args:
      x: [B, H, W, C].
      kernel: [3, 3, 1, C].
      stride: step between outputs, along both axes.

    Returns:
      [B, ceil(H / stride), ceil(W / stride), C].
    """
    shifted = functools.partial(sum_shifted, stride=stride)
    grouped = functools.partial(convolve_grouped, stride=stride)
    return lax.platform_dependent(x, kernel, cpu=shifted, cuda=shifted, default=grouped)


def convolve_grouped(x: Array, kernel: Array, stride: int) -> Array:
    """XLA's convolution with one group per channel; shapes as above."""
    return lax.conv_general_dilated(
        x,
        kernel.astype(x.dtype),
        window_strides=(stride, stride),
        padding="SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=x.shape[-1],
    )


def sum_shifted(x: Array, kernel: Array, stride: int) -> Array:
    """One multiplication for each tap of the kernel; shapes as above."""
    sides, strides = x.shape[1:3], (stride, stride)
    padding = lax.padtype_to_pads(sides, (SIDE, SIDE), strides, "SAME")
    padded = jnp.pad(x.astype(jnp.float32), ((0, 0), *padding, (0, 0)))
    rows, columns = (stride * (math.ceil(side / stride) - 1) + 1 for side in sides)
    terms = (
        kernel[i, j] * padded[:, i : i + rows : stride, j : j + columns : stride]
        for i, j in itertools.product(range(SIDE), repeat=2)
    )
    return functools.reduce(jnp.add, terms).astype(x.dtype)
