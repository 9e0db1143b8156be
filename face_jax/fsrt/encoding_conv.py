"""The encoder's first layer: a convolution of the image and all that is told about it.

Source: FSRT, arXiv 2404.09736.
"""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.encoding import (
    axis_encodings,
    pixel_grid,
    positional_encoding,
    split_axes,
)
from face_jax.nn.convolution import convolve
from face_jax.nn.layers import (
    Initializer,
    KernelLimit,
    balanced_uniform,
    fan_in_limit,
    symmetric_uniform,
)
from face_jax.types import Array, Form

RGB = 3


class EncodingConv(nn.Module):
    """3x3 convolution of [image, keypoint encoding, pixel encoding, expression].

    Only the image's three channels differ between images and between pixels. What is
    constant over an image contributes the sum of the kernel's taps that lie inside the
    image: one of nine values per channel, because the zero padding begins at the
    border. Each channel of the pixel encoding varies along one axis alone and is
    convolved along it. The fast form needs a hundredth of the definition's arithmetic
    and none of its 483 channels; both have the kernel of the definition. Float32, as
    the encodings need it.

    Attributes:
      features: number of output channels.
      pixel_octaves: octaves of the pixel encoding.
      pixel_start_octave: exponent of its lowest octave.
      kernel_limit: fan-in to the bound of the initial kernel.
      balanced: whether each of the four inputs has a fan-in of its own.
      form: ``plain`` concatenates and convolves.
    """

    features: int
    pixel_octaves: int = 16
    pixel_start_octave: int = -1
    kernel_limit: KernelLimit = fan_in_limit
    balanced: bool = False
    form: Form = "fast"

    @nn.compact
    def __call__(self, images: Array, keypoints: Array, expression: Array) -> Array:
        """Convolves.

        Args:
          images: [B, H, W, 3].
          keypoints: [B, P] encodings.
          expression: [B, E], E may be 0.

        Returns:
          [B, H, W, features] float32.
        """
        pixel_width = 4 * self.pixel_octaves
        widths = [RGB, keypoints.shape[-1], pixel_width, expression.shape[-1]]
        shape = (3, 3, sum(widths), self.features)
        kernel = self.param("kernel", self._initializer(widths), shape, jnp.float32)
        images = images.astype(jnp.float32)
        if self.form == "plain":
            return self._of_all(kernel, images, keypoints, expression)
        ends = np.cumsum(widths)[:-1].tolist()
        rgb, keypoint, pixel, expressive = jnp.split(kernel, ends, axis=2)
        taps = jnp.einsum("bc,ijcf->bijf", keypoints, keypoint)
        taps += jnp.einsum("bc,ijcf->bijf", expression, expressive)
        along_x, along_y = self._along_axes(pixel, *images.shape[1:3])
        told = sum_taps(taps, along_x, along_y)
        return convolve(images, rgb, 1, 1) + told

    def _initializer(self, widths: list[int]) -> Initializer:
        if self.balanced:
            return balanced_uniform(widths, self.kernel_limit, taps=9)
        return symmetric_uniform(self.kernel_limit(9 * sum(widths)))

    def _of_all(
        self, kernel: Array, images: Array, keypoints: Array, expression: Array
    ) -> Array:
        """The definition."""
        grid = pixel_grid(*images.shape[1:3])
        pixels = positional_encoding(grid, self.pixel_octaves, self.pixel_start_octave)

        def everywhere(x: Array) -> Array:
            return jnp.broadcast_to(x, (*images.shape[:3], x.shape[-1]))

        constant = [x[:, None, None] for x in (keypoints, expression)]
        parts = [images, everywhere(constant[0]), everywhere(pixels)]
        parts.append(everywhere(constant[1]))
        return convolve(jnp.concatenate(parts, axis=-1), kernel, 1, 1, self.form)

    def _along_axes(
        self, kernel: Array, height: int, width: int
    ) -> tuple[Array, Array]:
        """What each row of taps gives along x, [3, W, F], and each column along y."""
        octaves = (self.pixel_octaves, self.pixel_start_octave)
        x, y = axis_encodings(height, width, *octaves)
        kernel_x, kernel_y = split_axes(kernel)
        return (
            jnp.einsum("xjc,ijcf->ixf", _neighbours(x), kernel_x),
            jnp.einsum("yic,ijcf->jyf", _neighbours(y), kernel_y),
        )


def sum_taps(taps: Array, along_x: Array, along_y: Array) -> Array:
    """Sums, at every pixel, the taps of a 3x3 kernel that lie inside the image.

    Args:
      taps: [B, 3, 3, F], the same at every pixel.
      along_x: [3, W, F], what each row of taps gives at each column.
      along_y: [3, H, F], what each column of taps gives at each row.

    Returns:
      [B, H, W, F].
    """
    rows, columns = _taps_inside(along_y.shape[1]), _taps_inside(along_x.shape[1])
    by_column = jnp.einsum("xj,bijf->bixf", columns, taps) + along_x
    by_row = jnp.einsum("xj,jyf->yxf", columns, along_y)
    return jnp.einsum("yi,bixf->byxf", rows, by_column) + by_row


def _taps_inside(length: int) -> np.ndarray:
    """1 where tap i of the output at y reads inside the image, [length, 3]."""
    read = np.arange(length)[:, None] + np.array([-1, 0, 1])
    return ((read >= 0) & (read < length)).astype(np.float32)


def _neighbours(x: Array) -> Array:
    """[n, C] as [n, 3, C]: the one before, itself and the one after, zero outside."""
    padded = jnp.pad(x, ((1, 1), (0, 0)))
    return jnp.stack([padded[i : i + len(x)] for i in range(3)], axis=1)
