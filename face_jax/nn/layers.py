"""Dense and convolution layers with the conventions of published face models.

Flax's own layers differ from PyTorch's in three places that matter to imported
weights and to training from scratch: the default initialisation, the padding of
strided convolutions and the epsilon of norms. They are decided here, once.
Parameters are float32 always; ``dtype`` is the type of the computation.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.nn.convolution import convolve, convolve_by_rows
from face_jax.nn.doubled_convolution import convolve_doubled
from face_jax.nn.matrix_product import multiply
from face_jax.nn.split_rows import keep_rows_split
from face_jax.types import Array, Form

NORM_EPSILON = 1e-5
"""Added to the variance in every layer, batch, group and instance norm."""

Initializer = Callable[[Array, Sequence[int], Any], Array]
KernelLimit = Callable[[int], float]
"""Fan-in to the bound of a uniform initialisation."""


def symmetric_uniform(limit: float, offset: float = 0.0) -> Initializer:
    """Initialiser that draws from [offset - limit, offset + limit)."""

    def init(key: Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
        return offset + jax.random.uniform(key, shape, dtype, -limit, limit)

    return init


def fan_in_limit(fan_in: int) -> float:
    """PyTorch's default bound of weights and biases, 1 / sqrt(fan_in)."""
    return 1.0 / math.sqrt(fan_in)


def he_limit(fan_in: int) -> float:
    """Bound of He's uniform initialisation for ReLU layers, sqrt(6 / fan_in)."""
    return math.sqrt(6.0 / fan_in)


def unit_limit(fan_in: int) -> float:
    """Bound that keeps the variance of independent inputs, sqrt(3 / fan_in)."""
    return math.sqrt(3.0 / fan_in)


def balanced_uniform(
    widths: Sequence[int], limit: KernelLimit, taps: int = 1
) -> Initializer:
    """Kernels of concatenated inputs in which each input has a fan-in of its own.

    Few channels then weigh as much as many.

    Args:
      widths: channels of each input; those without any are left out.
      limit: fan-in to bound.
      taps: positions that the kernel covers.

    Returns:
      An initialiser of kernels [..., sum(widths), F].
    """
    given = [width for width in widths if width]
    limits = [limit(taps * width * len(given)) for width in given]
    scale = jnp.asarray(np.repeat(np.asarray(limits, np.float32), given))[:, None]

    def init(key: Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
        return scale * symmetric_uniform(1.0)(key, shape, dtype)

    return init


class Dense(nn.Module):
    """A dense layer over the last axis.

    Attributes:
      features: width of the output.
      use_bias: whether there is a bias.
      bias_offset: mean of the initial bias.
      kernel_limit: fan-in to the bound of the initial kernel.
      dtype: type of the computation and of the result.
      form: ``plain`` leaves the gradient to JAX.
    """

    features: int
    use_bias: bool = True
    bias_offset: float = 0.0
    kernel_limit: KernelLimit = fan_in_limit
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [..., C] to [..., features]."""
        fan_in = x.shape[-1]
        init = symmetric_uniform(self.kernel_limit(fan_in))
        kernel = self.param("kernel", init, (fan_in, self.features), jnp.float32)
        product = jnp.matmul if self.form == "plain" else multiply
        y = product(x.astype(self.dtype), kernel.astype(self.dtype))
        # Vectors [B, C] may be smaller than the matrix: the compiler decides.
        y = keep_rows_split(y) if y.ndim > 2 else y
        if not self.use_bias:
            return y
        init = symmetric_uniform(fan_in_limit(fan_in), self.bias_offset)
        bias = self.param("bias", init, (self.features,), jnp.float32)
        return y + bias.astype(self.dtype)


class ConcatDense(nn.Module):
    """A dense layer over the concatenation of inputs.

    The inputs' leading axes only need to broadcast. The fast form does not concatenate:
    what is constant along an axis is multiplied once, not once per position. Exact up
    to rounding.

    Attributes:
      features: width of the output.
      kernel_limit: fan-in to the bound of the initial kernel.
      balanced: whether each input has a fan-in of its own.
      dtype: type of the computation and of the result.
      form: ``plain`` concatenates.
    """

    features: int
    kernel_limit: KernelLimit = fan_in_limit
    balanced: bool = False
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, inputs: Sequence[Array]) -> Array:
        """Maps arrays [..., C_i], in the order of the kernel's rows."""
        widths = [x.shape[-1] for x in inputs]
        fan_in = sum(widths)
        init = (
            balanced_uniform(widths, self.kernel_limit)
            if self.balanced
            else symmetric_uniform(self.kernel_limit(fan_in))
        )
        shape = (fan_in, self.features)
        kernel = self.param("kernel", init, shape, jnp.float32).astype(self.dtype)
        init = symmetric_uniform(fan_in_limit(fan_in))
        bias = self.param("bias", init, (self.features,), jnp.float32)
        inputs = [x.astype(self.dtype) for x in inputs]
        multiply = _concatenate_first if self.form == "plain" else _multiply_first
        y = multiply(inputs, kernel, bias.astype(self.dtype))
        return keep_rows_split(y) if y.ndim > 2 else y


def _concatenate_first(inputs: Sequence[Array], kernel: Array, bias: Array) -> Array:
    leading = jnp.broadcast_shapes(*(x.shape[:-1] for x in inputs))
    spread = [jnp.broadcast_to(x, (*leading, x.shape[-1])) for x in inputs]
    return jnp.concatenate(spread, axis=-1) @ kernel + bias


def _multiply_first(inputs: Sequence[Array], kernel: Array, bias: Array) -> Array:
    ends = np.cumsum([x.shape[-1] for x in inputs])[:-1].tolist()
    terms = [x @ rows for x, rows in zip(inputs, jnp.split(kernel, ends), strict=True)]
    return sum(_of_one_shape(terms), start=bias)


def _of_one_shape(terms: Sequence[Array]) -> list[Array]:
    """Sums of the terms of equal shapes, those first that broadcast along most axes.

    The largest array is then written only once.
    """
    sums: dict[tuple, Array] = {}
    for term in terms:
        sums[term.shape] = sums[term.shape] + term if term.shape in sums else term
    return sorted(sums.values(), key=lambda x: x.shape.count(1), reverse=True)


class Conv(nn.Module):
    """A 2-D convolution with the same zero padding on all four sides.

    Attributes:
      features: number of output channels.
      kernel_size: side of the square kernel.
      stride: step between outputs, along both axes.
      padding: rows and columns of zeros added on each side.
      use_bias: whether there is a bias.
      kernel_limit: fan-in to the bound of the initial kernel.
      dtype: type of the computation and of the result.
      by_rows: whether it is computed row of taps by row, see ``convolve_by_rows``.
      doubled: whether the image is enlarged twice first, see ``convolve_doubled``, which
        has kernels of side 3, a stride and a padding of 1.
      form: ``plain`` leaves the gradient to JAX, does not go by rows and enlarges.
    """

    features: int
    kernel_size: int = 3
    stride: int = 1
    padding: int = 1
    use_bias: bool = True
    kernel_limit: KernelLimit = fan_in_limit
    dtype: Any = jnp.float32
    by_rows: bool = False
    doubled: bool = False
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, H', W', features]."""
        side = self.kernel_size
        fan_in = side * side * x.shape[-1]
        init = symmetric_uniform(self.kernel_limit(fan_in))
        shape = (side, side, x.shape[-1], self.features)
        kernel = self.param("kernel", init, shape, jnp.float32)
        x = x.astype(self.dtype)
        if self.by_rows and self.form == "fast":
            y = convolve_by_rows(x, kernel, self.padding)
        elif self.doubled:
            y = convolve_doubled(x, kernel, self.form)
        else:
            y = convolve(x, kernel, self.stride, self.padding, self.form)
        if not self.use_bias:
            return y
        init = symmetric_uniform(fan_in_limit(fan_in))
        bias = self.param("bias", init, (self.features,), jnp.float32)
        return y + bias.astype(self.dtype)


class Mlp(nn.Module):
    """Dense layers with ReLU between them and none after the last.

    Attributes:
      features: widths of the layers.
      output_bias: mean of the last layer's initial bias.
      dtype: type of the computation of all layers but the last, which is float32.
      form: of the layers.
    """

    features: Sequence[int]
    output_bias: float = 0.0
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [..., C] to [..., features[-1]], float32."""
        *hidden, last = self.features
        for index, features in enumerate(hidden):
            fields = {"dtype": self.dtype, "form": self.form}
            x = nn.relu(Dense(features, **fields, name=f"dense_{index}")(x))
        name = f"dense_{len(hidden)}"
        return Dense(last, bias_offset=self.output_bias, form=self.form, name=name)(x)


def layer_norm(dtype: Any, name: str | None = None) -> nn.LayerNorm:
    """Layer norm over the last axis; statistics in float32, two-pass variance."""
    return nn.LayerNorm(
        epsilon=NORM_EPSILON, use_fast_variance=False, dtype=dtype, name=name
    )


def average_pool(x: Array) -> Array:
    """2x2 average pooling of [B, H, W, C]; an odd last row or column is dropped."""
    return nn.avg_pool(x, (2, 2), strides=(2, 2), padding="VALID")
