"""The residual network of ArcFace (arXiv 1801.07698), frozen: faces to identities.

Its blocks begin with a batch norm and end without an activation; activations have a
slope of their own for each channel.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm
from face_jax.nn.checks import check_images
from face_jax.nn.layers import Dense
from face_jax.nn.resnet import conv_without_bias
from face_jax.types import Array


class ImprovedResNet(nn.Module):
    """Aligned faces to identity embeddings; 100 layers by default.

    Batch norms use their stored statistics always.

    Attributes:
      depths: number of blocks in each stage; every stage halves the map.
      channels: of each stage.
      embedding_size: entries of an embedding.
      dtype: type of the convolutions' computation.
    """

    depths: Sequence[int] = (3, 13, 30, 3)
    channels: Sequence[int] = (64, 128, 256, 512)
    embedding_size: int = 512
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Array) -> Array:
        """Embeds faces.

        Args:
          images: [B, H, W, 3] float in [-1, 1]. The number of parameters depends on
            the size of the images: the last layer sees all pixels of the last map.

        Returns:
          [B, embedding_size] float32, not normalised.

        Raises:
          ValueError: the images are not [B, H, W, 3].
        """
        check_images(images, "identity network input")
        x = conv_without_bias(self.channels[0], 3, 1, self.dtype, "stem")(images)
        x = batch_norm(dtype=self.dtype, name="stem_norm")(x)
        x = ChannelPRelu(name="stem_activation")(x)
        stages = zip(self.depths, self.channels, strict=True)
        for stage, (depth, features) in enumerate(stages):
            for block in range(depth):
                name = f"stage_{stage}_block_{block}"
                stride = 2 if block == 0 else 1
                x = ImprovedBlock(features, stride, self.dtype, name=name)(x)
        x = batch_norm(dtype=self.dtype, name="last_norm")(x)
        x = x.reshape(x.shape[0], -1).astype(jnp.float32)
        x = Dense(self.embedding_size, name="embedding")(x)
        return batch_norm(name="embedding_norm")(x)


class ImprovedBlock(nn.Module):
    """Norm, convolution, norm, activation, convolution, norm, around a shortcut.

    Attributes:
      features: number of output channels.
      stride: of the second convolution; above 1 the shortcut is a convolution too.
      dtype: type of the computation.
    """

    features: int
    stride: int = 1
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        """Maps [B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), features]."""
        x = self._norm(inputs, "input_norm")
        x = conv_without_bias(self.features, 3, 1, self.dtype, "first")(x)
        x = ChannelPRelu(name="activation")(self._norm(x, "first_norm"))
        x = conv_without_bias(self.features, 3, self.stride, self.dtype, "second")(x)
        x = self._norm(x, "second_norm")
        if self.stride == 1:
            return x + inputs
        shortcut = conv_without_bias(
            self.features, 1, self.stride, self.dtype, "shortcut"
        )(inputs)
        return x + self._norm(shortcut, "shortcut_norm")

    def _norm(self, x: Array, name: str) -> Array:
        return batch_norm(dtype=self.dtype, name=name)(x)


class ChannelPRelu(nn.Module):
    """Leaky ReLU whose slope below zero is a parameter of every channel."""

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [..., C] to [..., C], in the input's type."""
        init = nn.initializers.constant(0.25)
        slope = self.param("slope", init, (x.shape[-1],), jnp.float32)
        return jnp.where(x > 0, x, x * slope.astype(x.dtype))
