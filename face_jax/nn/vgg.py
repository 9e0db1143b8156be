"""VGG-16 and VGG-19 as feature extractors for perceptual losses."""

from collections.abc import Sequence
from typing import Any, Literal

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from face_jax.nn.layers import Conv
from face_jax.types import Array

Variant = Literal["vgg16", "vgg19"]

BLOCK_DEPTHS: dict[str, tuple[int, ...]] = {
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}
"""Convolutions in each of the five blocks; max-pooling lies between the blocks."""

BLOCK_CHANNELS = (64, 128, 256, 512, 512)
FIRST_OF_EACH_BLOCK = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)


class VggFeatures(nn.Module):
    """ReLU maps of a VGG network; layers behind the last wanted one do not exist.

    Attributes:
      layers: wanted maps, ``relu<block>_<convolution>``, in ascending order.
      variant: ``vgg16`` or ``vgg19``.
      dtype: type of the computation.
    """

    layers: Sequence[str] = FIRST_OF_EACH_BLOCK
    variant: Variant = "vgg19"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Array) -> tuple[Array, ...]:
        """Extracts features.

        Args:
          images: [B, H, W, 3] float RGB in [0, 1]; other values are not clamped.

        Returns:
          One map [B, h, w, C] for every name in ``layers``.
        """
        x = (images.astype(jnp.float32) - IMAGENET_MEAN) / IMAGENET_STD
        found = []
        for block, index, channels in convolutions(self.variant, self.layers):
            if block > 1 and index == 1:
                x = nn.max_pool(x, (2, 2), strides=(2, 2))
            name = f"conv{block}_{index}"
            x = nn.relu(Conv(channels, dtype=self.dtype, name=name)(x))
            if f"relu{block}_{index}" in self.layers:
                found.append(x)
        return tuple(found)


def convolutions(
    variant: Variant, layers: Sequence[str] = FIRST_OF_EACH_BLOCK
) -> list[tuple[int, int, int]]:
    """The convolutions up to the last wanted layer.

    Args:
      variant: ``vgg16`` or ``vgg19``.
      layers: wanted maps, in ascending order.

    Returns:
      (block, number within the block, output channels), blocks counted from 1.

    Raises:
      ValueError: the variant or a layer does not exist, or the order is another one.
    """
    if variant not in BLOCK_DEPTHS:
        raise ValueError(
            f"variant: expected one of {list(BLOCK_DEPTHS)}, got {variant}"
        )
    every = [
        (block, index, channels)
        for block, (depth, channels) in enumerate(
            zip(BLOCK_DEPTHS[variant], BLOCK_CHANNELS, strict=True), start=1
        )
        for index in range(1, depth + 1)
    ]
    names = [f"relu{block}_{index}" for block, index, _ in every]
    if not layers or list(layers) != [name for name in names if name in layers]:
        raise ValueError(f"layers: expected some of {names} in order, got {layers}")
    return every[: names.index(layers[-1]) + 1]


def torchvision_index(variant: Variant, block: int, index: int) -> int:
    """Position of a convolution in torchvision's ``features`` list."""
    before = BLOCK_DEPTHS[variant][: block - 1]
    return sum(2 * depth + 1 for depth in before) + 2 * (index - 1)
