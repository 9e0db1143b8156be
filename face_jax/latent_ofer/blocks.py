"""Layers that the reconstruction network and its discriminators are made of.

Kernels begin as N(0, 0.02), biases as zeros. Source: Latent-OFER, arXiv 2307.11404.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.layers import NORM_EPSILON
from face_jax.types import Array

LEAKY_SLOPE = 0.2
KERNEL_DEVIATION = 0.02
"""Standard deviation of the first kernels."""

_INITIAL_KERNEL = nn.initializers.normal(KERNEL_DEVIATION)


def convolution(
    features: int,
    name: str,
    side: int = 3,
    stride: int = 1,
    dilation: int = 1,
    padding: int = 1,
    dtype: Any = jnp.float32,
) -> nn.Conv:
    """A convolution with a bias, zeros on all four sides.

    Args:
      features: number of output channels.
      name: of the module.
      side: of the square kernel.
      stride: step between outputs.
      dilation: step between the inputs of one output.
      padding: rows and columns of zeros on each side.
      dtype: type of the computation.

    Returns:
      The module.
    """
    return nn.Conv(
        features,
        (side, side),
        strides=stride,
        padding=padding,
        kernel_dilation=dilation,
        kernel_init=_INITIAL_KERNEL,
        dtype=dtype,
        name=name,
    )


def transposed_convolution(
    features: int, name: str, side: int, stride: int, dtype: Any = jnp.float32
) -> nn.ConvTranspose:
    """What takes a convolution with padding 1 back: [B, H, W, C] to stride H, stride W.

    Args:
      features: number of output channels.
      name: of the module.
      side: of the square kernel, 3 with stride 1 or 4 with stride 2.
      stride: outputs for every input along both axes.
      dtype: type of the computation.

    Returns:
      The module; its kernel [h, w, features, C] is that of the convolution.
    """
    return nn.ConvTranspose(
        features,
        (side, side),
        strides=(stride, stride),
        padding=((side - 2, side - 2), (side - 2, side - 2)),
        transpose_kernel=True,
        kernel_init=_INITIAL_KERNEL,
        dtype=dtype,
        name=name,
    )


def instance_norm(
    name: str, affine: bool = True, dtype: Any = jnp.float32
) -> nn.InstanceNorm:
    """Instance norm of [B, H, W, C]; statistics in float32.

    Args:
      name: of the module.
      affine: whether there are a scale and a bias.
      dtype: type of the result.

    Returns:
      The module.
    """
    return nn.InstanceNorm(
        epsilon=NORM_EPSILON,
        use_bias=affine,
        use_scale=affine,
        use_fast_variance=False,
        dtype=dtype,
        name=name,
    )


def leaky_relu(x: Array) -> Array:
    """max(x, 0.2 x)."""
    return nn.leaky_relu(x, LEAKY_SLOPE)
