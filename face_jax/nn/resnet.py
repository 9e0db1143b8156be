"""ResNet of bottleneck blocks (arXiv 1512.03385) as a frozen feature extractor.

The stride of a stage is that of its first 3x3 convolution, as in torchvision and in
most published weights, not that of the 1x1 convolution before it.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm
from face_jax.nn.checks import check_images
from face_jax.nn.layers import Conv, he_limit
from face_jax.types import Array

EXPANSION = 4
"""Output channels of a bottleneck block over those of its 3x3 convolution."""


class BottleneckResNet(nn.Module):
    """Pictures to one feature vector each; ResNet-50 by default.

    Batch norms use their stored statistics always.

    Attributes:
      depths: number of blocks in each stage; every stage but the first halves the map.
      width: channels of the first stage's 3x3 convolutions; each stage doubles them.
      dtype: type of the computation.
    """

    depths: Sequence[int] = (3, 4, 6, 3)
    width: int = 64
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Array) -> Array:
        """Extracts features.

        Args:
          images: [B, H, W, 3] float, in whatever range the weights were trained on.

        Returns:
          [B, 4 * width * 2**(len(depths) - 1)] float32, the mean of the last map over
          its pixels: 2048 numbers by default.

        Raises:
          ValueError: the images are not [B, H, W, 3].
        """
        check_images(images, "ResNet input")
        x = conv_without_bias(self.width, 7, 2, self.dtype, "stem")(images)
        x = nn.relu(batch_norm(dtype=self.dtype, name="stem_norm")(x))
        x = nn.max_pool(x, (3, 3), strides=(2, 2), padding=((1, 1), (1, 1)))
        for stage, depth in enumerate(self.depths):
            for block in range(depth):
                x = BottleneckBlock(
                    self.width * 2**stage,
                    stride=2 if stage > 0 and block == 0 else 1,
                    dtype=self.dtype,
                    name=f"stage_{stage}_block_{block}",
                )(x)
        return x.astype(jnp.float32).mean(axis=(1, 2))


class BottleneckBlock(nn.Module):
    """1x1, 3x3 and 1x1 convolution around a shortcut.

    Attributes:
      width: channels of the 3x3 convolution.
      stride: of the 3x3 convolution.
      dtype: type of the computation.
    """

    width: int
    stride: int = 1
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        """Maps [B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), 4 * width]."""
        x = nn.relu(self._layer(inputs, self.width, 1, 1, "reduce"))
        x = nn.relu(self._layer(x, self.width, 3, self.stride, "spatial"))
        features = EXPANSION * self.width
        x = self._layer(x, features, 1, 1, "expand")
        if self.stride > 1 or inputs.shape[-1] != features:
            inputs = self._layer(inputs, features, 1, self.stride, "shortcut")
        return nn.relu(x + inputs)

    def _layer(
        self, x: Array, features: int, side: int, stride: int, name: str
    ) -> Array:
        x = conv_without_bias(features, side, stride, self.dtype, name)(x)
        return batch_norm(dtype=self.dtype, name=f"{name}_norm")(x)


def conv_without_bias(
    features: int,
    side: int,
    stride: int,
    dtype: Any,
    name: str,
    folded: bool = False,
) -> Conv:
    """A convolution that a batch norm follows, so that it needs no bias.

    Args:
      features: number of output channels.
      side: of the square kernel, odd.
      stride: step between outputs; they are [B, ceil(H / stride), ceil(W / stride)].
      dtype: type of the computation.
      name: of the module.
      folded: whether the norm is part of it, see ``folding``: then there is a bias.

    Returns:
      The module.
    """
    return Conv(
        features,
        kernel_size=side,
        stride=stride,
        padding=side // 2,
        use_bias=folded,
        kernel_limit=he_limit,
        dtype=dtype,
        name=name,
    )
