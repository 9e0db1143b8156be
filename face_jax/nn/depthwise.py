"""Depthwise 3x3 convolution: every channel has a kernel of its own.

On a CPU it is nine multiplications of shifted images, and so is its gradient; on an H100
too, where the search for cuDNN's best made MobileNetV3 compile for over 45 s, these for
16. Elsewhere it is XLA's convolution with one group per channel.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import flax.linen as nn
import jax
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


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve_depthwise(x: Array, kernel: Array, stride: int) -> Array:
    """Cross-correlates each channel with its kernel, in x's type.

    On a CPU, XLA's grouped convolution and above all its gradient take many times as
    long as nine multiplications of shifted images. Forward-mode differentiation is not
    defined.

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
    images = shifted_images(x.astype(jnp.float32), stride)
    taps = kernel.reshape(SIDE**2, -1)
    terms = (tap * image for tap, image in zip(taps, images, strict=True))
    return functools.reduce(jnp.add, terms).astype(x.dtype)


def shifted_images(x: Array, stride: int) -> Iterator[Array]:
    """What each tap of a kernel is multiplied with, row by row of the kernel.

    Args:
      x: [B, H, W, C].
      stride: step between outputs, along both axes.

    Yields:
      [B, ceil(H / stride), ceil(W / stride), C], nine times.
    """
    sides, strides = x.shape[1:3], (stride, stride)
    padding = lax.padtype_to_pads(sides, (SIDE, SIDE), strides, "SAME")
    padded = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    rows, columns = (stride * (math.ceil(side / stride) - 1) + 1 for side in sides)
    for i, j in itertools.product(range(SIDE), repeat=2):
        yield padded[:, i : i + rows : stride, j : j + columns : stride]


def _forward(x: Array, kernel: Array, stride: int) -> tuple[Array, tuple[Array, Array]]:
    return convolve_depthwise(x, kernel, stride), (x, kernel)


def _backward(
    stride: int, given: tuple[Array, Array], change: Array
) -> tuple[Array, Array]:
    x, kernel = given
    shifted, grouped = (
        functools.partial(_by_autodiff, form, stride=stride)
        for form in (sum_shifted, convolve_grouped)
    )
    on_cpu = functools.partial(_on_cpu, stride=stride)
    return lax.platform_dependent(
        x, kernel, change, cpu=on_cpu, cuda=shifted, default=grouped
    )


convolve_depthwise.defvjp(_forward, _backward)


def _by_autodiff(
    form: Callable[..., Array], x: Array, kernel: Array, change: Array, stride: int
) -> tuple[Array, Array]:
    of_both = functools.partial(form, stride=stride)
    return jax.vjp(of_both, x, kernel)[1](change)


def _on_cpu(x: Array, kernel: Array, change: Array, stride: int) -> tuple[Array, Array]:
    """Both gradients, from shifted images that are nowhere stored."""
    # What the layers before computed is not computed again for each tap.
    x, change = lax.optimization_barrier((x, change))
    if stride == 1:
        x_change = sum_shifted(change, kernel[::-1, ::-1], stride)
    else:
        of_x = functools.partial(sum_shifted, kernel=kernel, stride=stride)
        (x_change,) = jax.vjp(of_x, x)[1](change)
    return x_change, _kernel_change(x, change, stride).astype(kernel.dtype)


def _kernel_change(x: Array, change: Array, stride: int) -> Array:
    """The kernel's gradient float32 [3, 3, 1, C], all taps in one pass over images."""
    change = change.astype(jnp.float32)
    images = shifted_images(x.astype(jnp.float32), stride)
    products = tuple(image * change for image in images)
    nothing = (jnp.zeros(()),) * len(products)
    of_images = lax.reduce(products, nothing, _add_each, dimensions=(1, 2))
    return jnp.stack([taps.sum(axis=0) for taps in of_images]).reshape(
        SIDE, SIDE, 1, -1
    )


def _add_each(sums: tuple[Array, ...], values: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple(map(jnp.add, sums, values))
