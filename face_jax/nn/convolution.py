"""2-D convolution, with the forms of it that a CPU computes fastest.

Everywhere but on a CPU these are XLA's own convolution and its gradient.
"""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
from jax import lax

from face_jax.nn.split_rows import keep_rows_split
from face_jax.types import Array, Form

FEW_PIXELS = 256
LARGE_KERNEL = 9 * 128 * 256
"""Pixels of all images up to which, and entries of a kernel from which, reading the kernel
is most of the work of a convolution on a CPU."""


def convolve(
    x: Array, kernel: Array, stride: int, padding: int, form: Form = "fast"
) -> Array:
    """Cross-correlates with zeros around the image.

    On a CPU the gradient of the kernel, which XLA computes as a convolution with a
    kernel as large as the image, is a matrix product for each row of taps: two to four
    times as fast. Where kernels are larger than images, a product with neighbourhoods
    spares XLA's copy of the kernel. Forward-mode differentiation is not defined.

    Args:
      x: [B, H, W, C].
      kernel: [h, w, C, F].
      stride: step between outputs, along both axes.
      padding: rows and columns of zeros added on each side.
      form: ``plain`` leaves the gradient to JAX.

    Returns:
      [B, H', W', F] in x's type.
    """
    function = _convolve_as_is if form == "plain" else _convolve
    return keep_rows_split(function(x, kernel.astype(x.dtype), stride, padding))


def convolve_by_rows(x: Array, kernel: Array, padding: int) -> Array:
    """The same with stride 1, for large kernels with few features.

    On a CPU one product gives what every row of taps makes of every row of the image,
    and the rows are added where they meet. XLA's convolution would copy each
    neighbourhood, ``h * w`` times the image, for a handful of features.

    Args:
      x: [B, H, W, C].
      kernel: [h, w, C, F].
      padding: rows and columns of zeros added on each side.

    Returns:
      [B, H', W', F] in x's type.
    """
    given = (x, kernel.astype(x.dtype))
    found = lax.platform_dependent(
        *given,
        cpu=functools.partial(_add_rows, padding=padding),
        default=functools.partial(_convolve_as_is, stride=1, padding=padding),
    )
    return keep_rows_split(found)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve(x: Array, kernel: Array, stride: int, padding: int) -> Array:
    as_is = functools.partial(_convolve_as_is, stride=stride, padding=padding)
    if stride > 1 or not _is_mostly_kernel(x, kernel):
        return as_is(x, kernel)
    by_product = functools.partial(_multiply_neighbourhoods, padding=padding)
    return lax.platform_dependent(x, kernel, cpu=by_product, default=as_is)


def _is_mostly_kernel(x: Array, kernel: Array) -> bool:
    # Sizes that an export leaves open cannot be compared.
    sizes = x.shape[:3]
    known = all(isinstance(size, int) for size in sizes)
    return known and math.prod(sizes) <= FEW_PIXELS and kernel.size >= LARGE_KERNEL


def _multiply_neighbourhoods(x: Array, kernel: Array, padding: int) -> Array:
    """As a product of the neighbourhoods of all pixels [pixels, h * w * C]."""
    height, width, channels, features = kernel.shape
    padded = _pad(x, padding)
    rows, columns = padded.shape[1] - height + 1, padded.shape[2] - width + 1
    taps = itertools.product(range(height), range(width))
    seen = [padded[:, i : i + rows, j : j + columns] for i, j in taps]
    beside = jnp.concatenate(seen, axis=-1)
    return beside @ kernel.reshape(height * width * channels, features)


def _convolve_as_is(x: Array, kernel: Array, stride: int, padding: int) -> Array:
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=(stride, stride),
        padding=((padding, padding), (padding, padding)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def _forward(x: Array, kernel: Array, stride: int, padding: int):
    return _convolve(x, kernel, stride, padding), (x, kernel)


def _backward(stride: int, padding: int, given: tuple[Array, Array], change: Array):
    x, kernel = given

    def of_x(x: Array) -> Array:
        return _convolve_as_is(x, kernel, stride, padding)

    def kernel_change(x: Array, change: Array) -> Array:
        def of_kernel(kernel: Array) -> Array:
            return _convolve_as_is(x, kernel, stride, padding)

        return jax.vjp(of_kernel, kernel)[1](change)[0]

    height, width = kernel.shape[:2]
    by_products = functools.partial(
        _kernel_change, side=(height, width), stride=stride, padding=padding
    )
    (x_change,) = jax.vjp(of_x, x)[1](change)
    found = lax.platform_dependent(x, change, cpu=by_products, default=kernel_change)
    return x_change, found


_convolve.defvjp(_forward, _backward)


def _kernel_change(
    x: Array, change: Array, side: tuple[int, int], stride: int, padding: int
) -> Array:
    """Gradient of the kernel [h, w, C, F] from that of the result [B, H', W', F]."""
    rows, columns, features = change.shape[1:]
    changes = change.reshape(-1, features).T
    padded = _pad(x, padding)

    def row_of_taps(i: int) -> Array:
        seen = padded[:, i : i + stride * (rows - 1) + 1 : stride]
        taps = [
            seen[:, :, j : j + stride * (columns - 1) + 1 : stride]
            for j in range(side[1])
        ]
        beside = jnp.concatenate(taps, axis=-1).reshape(changes.shape[1], -1)
        product = jnp.matmul(changes, beside, preferred_element_type=jnp.float32)
        return product.reshape(features, side[1], -1)

    found = jnp.stack([row_of_taps(i) for i in range(side[0])])
    return found.transpose(0, 2, 3, 1).astype(x.dtype)


def _add_rows(x: Array, kernel: Array, padding: int) -> Array:
    height, width, channels, features = kernel.shape
    padded = _pad(x, padding)
    rows, columns = (
        length - side + 1
        for length, side in zip(padded.shape[1:3], (height, width), strict=True)
    )
    seen = [padded[:, :, j : j + columns] for j in range(width)]
    beside = jnp.concatenate(seen, axis=-1)
    taps = kernel.reshape(height, width * channels, features)
    products = beside @ jnp.concatenate(list(taps), axis=-1)
    parts = jnp.split(products, height, axis=-1)
    return sum(
        (part[:, i : i + rows] for i, part in enumerate(parts[1:], start=1)),
        start=parts[0][:, :rows],
    )


def _pad(x: Array, padding: int) -> Array:
    return jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
