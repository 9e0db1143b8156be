"""Patch discriminator that sees the image and the keypoints it should show.

The discriminator of the first-order motion model, as FSRT uses it
(arXiv 2404.09736).
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.geometry.keypoints import corner_aligned_grid, gaussian_heatmaps
from face_jax.nn.layers import NORM_EPSILON, Conv, average_pool
from face_jax.nn.resample import antialias_downsample, resize_bilinear
from face_jax.types import Array

LEAKY_SLOPE = 0.2

Judgement = tuple[tuple[Array, ...], Array]
"""Features of the blocks, and the prediction map [B, h, w, 1]."""


class Discriminator(nn.Module):
    """One patch discriminator per scale of the image.

    Attributes:
      scales: of the image, 1/n each.
      block_expansion: half the channels of the first block.
      num_blocks: convolution blocks.
      max_features: limit of channels.
      num_keypoints: number of keypoints; 0 for an unconditional discriminator.
      keypoint_variance: of the keypoints' Gaussians, heatmap corners being ±1.
      image_size: side to which images are resized first.
      dtype: type of the computation; heatmaps and prediction maps are float32.
    """

    scales: Sequence[float] = (1,)
    block_expansion: int = 64
    num_blocks: int = 4
    max_features: int = 512
    num_keypoints: int = 10
    keypoint_variance: float = 0.01
    image_size: int = 256
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Array, keypoints: Array) -> tuple[Judgement, ...]:
        """Judges images.

        Args:
          images: [B, H, W, 3] float, real ones in [0, 1].
          keypoints: [B, K, 2] (x, y) that the images should show.

        Returns:
          For every scale the features of all blocks and the prediction map
          [B, h, w, 1] float32 (1 real, 0 made), without a sigmoid.
        """
        size = (self.image_size, self.image_size)
        images = resize_bilinear(images, size, align_corners=True)
        return tuple(self._judge(images, keypoints, scale) for scale in self.scales)

    def _judge(self, images: Array, keypoints: Array, scale: float) -> Judgement:
        x = antialias_downsample(images, scale)
        if self.num_keypoints:
            heatmaps = self.heatmaps(keypoints, *x.shape[1:3])
            x = jnp.concatenate([x, heatmaps], axis=-1)
        patch = PatchDiscriminator(
            self.block_expansion,
            self.num_blocks,
            self.max_features,
            self.dtype,
            name=f"scale_{scale_name(scale)}",
        )
        return patch(x)

    @nn.nowrap
    def heatmaps(self, keypoints: Array, height: int, width: int) -> Array:
        """Gaussians [B, height, width, K] at keypoints [B, K, 2]."""
        grid = corner_aligned_grid(height, width)
        return gaussian_heatmaps(keypoints, grid, self.keypoint_variance)


def scale_name(scale: float) -> str:
    """A scale as part of a module's name: 1 is ``1``, 0.5 is ``0-5``."""
    return f"{scale:g}".replace(".", "-")


class PatchDiscriminator(nn.Module):
    """Unpadded 4x4 convolutions with pooling between, then one score per cell.

    Attributes:
      block_expansion: half the channels of the first block.
      num_blocks: convolution blocks; all but the last halve the resolution.
      max_features: limit of channels.
      dtype: type of the computation; the prediction map is float32.
    """

    block_expansion: int = 64
    num_blocks: int = 4
    max_features: int = 512
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Array) -> Judgement:
        """Judges [B, H, W, C]."""
        features = []
        for index in range(self.num_blocks):
            x = self._block(x, index)
            features.append(x)
        prediction = Conv(1, kernel_size=1, padding=0, name="conv")(x)
        return tuple(features), prediction

    def _block(self, x: Array, index: int) -> Array:
        channels = min(self.max_features, self.block_expansion * 2 ** (index + 1))
        name = f"block_{index}_conv"
        x = Conv(channels, kernel_size=4, padding=0, dtype=self.dtype, name=name)(x)
        if index > 0:
            x = nn.InstanceNorm(
                epsilon=NORM_EPSILON,
                use_fast_variance=False,
                dtype=self.dtype,
                name=f"block_{index}_norm",
            )(x)
        x = nn.leaky_relu(x, LEAKY_SLOPE)
        return average_pool(x) if index < self.num_blocks - 1 else x
