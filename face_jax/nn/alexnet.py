"""AlexNet of torchvision (arXiv 1404.5997) as a feature extractor."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.checks import check_images
from face_jax.nn.layers import Conv
from face_jax.nn.vgg import IMAGENET_MEAN, IMAGENET_STD
from face_jax.types import Array


class Convolution(NamedTuple):
    """One of the five convolutions.

    Attributes:
      channels: of its output.
      side: of its square kernel.
      stride: step between outputs.
      padding: rows and columns of zeros on each side.
      pooled: whether the largest of 3 x 3, every second, go into it.
      number: its place in torchvision's list ``features``.
    """

    channels: int
    side: int
    stride: int
    padding: int
    pooled: bool
    number: int


CONVOLUTIONS = (
    Convolution(64, 11, 4, 2, False, 0),
    Convolution(192, 5, 1, 2, True, 3),
    Convolution(384, 3, 1, 1, True, 6),
    Convolution(256, 3, 1, 1, False, 8),
    Convolution(256, 3, 1, 1, False, 10),
)
SMALLEST_SIDE = 31
"""Pixels below which nothing is left for the third convolution."""


class AlexNetFeatures(nn.Module):
    """ReLU maps of AlexNet's five convolutions.

    Attributes:
      dtype: type of the computation.
    """

    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Array) -> tuple[Array, ...]:
        """Extracts features.

        Args:
          images: [B, H, W, 3] float RGB in [0, 1], sides of at least 31 pixels.

        Returns:
          Five maps [B, h, w, C].

        Raises:
          ValueError: the images have another shape.
        """
        check_images(images, "AlexNet input", minimum=SMALLEST_SIDE)
        x = (images.astype(jnp.float32) - IMAGENET_MEAN) / IMAGENET_STD
        found = []
        for index, layer in enumerate(CONVOLUTIONS, start=1):
            if layer.pooled:
                x = nn.max_pool(x, (3, 3), strides=(2, 2))
            channels, side, stride, padding, *_ = layer
            name = f"conv{index}"
            conv = Conv(channels, side, stride, padding, dtype=self.dtype, name=name)
            x = nn.relu(conv(x))
            found.append(x)
        return tuple(found)
