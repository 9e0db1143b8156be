"""Layers that the reconstruction network and its discriminators are made of.

Kernels begin as N(0, 0.02), biases as zeros. Source: Latent-OFER, arXiv 2307.11404.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from face_jax.nn.layers import NORM_EPSILON, convolve
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


class Doubling(nn.Module):
    """A transposed 4x4 convolution of stride 2 as one 2x2 convolution.

    An output pixel sees 2x2 inputs: which weights they have depends on whether its row
    and its column are even. The four cases are channels here, so that nothing is
    multiplied by the zeros that a transposed convolution puts between its inputs.

    Attributes:
      features: number of output channels.
      dtype: type of the computation.
    """

    features: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, 2 H, 2 W, features]."""
        shape = (2, 2, x.shape[-1], 4 * self.features)
        kernel = self.param("kernel", _INITIAL_KERNEL, shape, jnp.float32)
        zeros = nn.initializers.zeros
        bias = self.param("bias", zeros, (self.features,), jnp.float32)
        batch, height, width, _ = x.shape
        x = convolve(x.astype(self.dtype), kernel, stride=1, padding=1)
        x = x.reshape(batch, height + 1, width + 1, 2, 2, self.features)
        # Pixels of odd rows see the window of inputs that begins one row below.
        rows = [x[:, row : row + height, :, row] for row in (0, 1)]
        x = jnp.stack(rows, axis=2).reshape(batch, 2 * height, width + 1, 2, -1)
        columns = [x[:, :, column : column + width, column] for column in (0, 1)]
        x = jnp.stack(columns, axis=3).reshape(batch, 2 * height, 2 * width, -1)
        return x + bias.astype(self.dtype)


def doubling_kernel(kernel: np.ndarray) -> np.ndarray:
    """A transposed convolution's kernel [4, 4, F, C] as ``Doubling``'s [2, 2, C, 4 F]."""
    features, channels = kernel.shape[2:]
    # Output 2 p + q has input i by the weight 3 - (2 t + q), t = i - p + 1 - q.
    taps = kernel[::-1, ::-1].reshape(2, 2, 2, 2, features, channels)
    return taps.transpose(0, 2, 5, 1, 3, 4).reshape(2, 2, channels, 4 * features)


def plain_kernel(kernel: np.ndarray) -> np.ndarray:
    """A transposed convolution's kernel [h, w, F, C] of stride 1 as a plain one's."""
    return np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))


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
