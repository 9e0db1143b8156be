"""ResNet of basic blocks (arXiv 1512.03385) that gives its last map and can be trained."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm, check_folded
from face_jax.nn.checks import check_images
from face_jax.nn.resnet import conv_without_bias
from face_jax.types import Array


class BasicResNet(nn.Module):
    """Pictures to the map before the pooling; ResNet-18 by default.

    Attributes:
      depths: number of blocks in each stage; every stage but the first halves the map.
      width: channels of the first stage; each stage doubles them.
      dtype: type of the computation.
      folded: whether batch norms are part of the convolutions before them, see
        ``folding.fold_batch_norms``; for inference.
    """

    depths: Sequence[int] = (2, 2, 2, 2)
    width: int = 64
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, images: Array, train: bool = False) -> Array:
        """Extracts features.

        Args:
          images: [B, H, W, 3] float, in whatever range the weights were trained on.
          train: whether batch norms use and follow the batch.

        Returns:
          [B, ceil(H / s), ceil(W / s), width * 2**(len(depths) - 1)] in ``dtype``, with
          s = 2**(len(depths) + 1): [B, 7, 7, 512] by default for pictures of 224 pixels.

        Raises:
          ValueError: the images are not [B, H, W, 3], or a folded network is trained.
        """
        check_images(images, "ResNet input")
        check_folded(self.folded, train)
        stem = conv_without_bias(self.width, 7, 2, self.dtype, "stem", self.folded)
        x = stem(images)
        if not self.folded:
            x = batch_norm(train, dtype=self.dtype, name="stem_norm")(x)
        x = nn.relu(x)
        x = nn.max_pool(x, (3, 3), strides=(2, 2), padding=((1, 1), (1, 1)))
        for stage, depth in enumerate(self.depths):
            for block in range(depth):
                x = BasicBlock(
                    self.width * 2**stage,
                    stride=2 if stage > 0 and block == 0 else 1,
                    dtype=self.dtype,
                    folded=self.folded,
                    name=f"stage_{stage}_block_{block}",
                )(x, train)
        return x


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut.

    Attributes:
      features: number of output channels.
      stride: of the first convolution.
      dtype: type of the computation.
      folded: see ``BasicResNet``.
    """

    features: int
    stride: int = 1
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, inputs: Array, train: bool = False) -> Array:
        """Maps [B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), features]."""
        x = nn.relu(self._layer(inputs, 3, self.stride, train, "first"))
        x = self._layer(x, 3, 1, train, "second")
        if self.stride > 1 or inputs.shape[-1] != self.features:
            inputs = self._layer(inputs, 1, self.stride, train, "shortcut")
        return nn.relu(x + inputs)

    def _layer(self, x: Array, side: int, stride: int, train: bool, name: str) -> Array:
        conv = conv_without_bias(
            self.features, side, stride, self.dtype, name, self.folded
        )
        if self.folded:
            return conv(x)
        return batch_norm(train, dtype=self.dtype, name=f"{name}_norm")(conv(x))
