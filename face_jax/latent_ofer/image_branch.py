"""What every expression network here begins and ends with.

It begins with ResNet-18 and attention heads over its last map, and ends with a
classifier whose logits are normalised.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.latent_ofer.attention_heads import (
    AttentionHead,
    Order,
    share_between_heads,
)
from face_jax.nn.basic_resnet import BasicResNet
from face_jax.nn.batch_norm import batch_norm, check_folded
from face_jax.nn.layers import Dense
from face_jax.types import Array


class ImageBranch(nn.Module):
    """A picture's feature map, what K heads see in it, and their shares of channels.

    Attributes:
      order: what the heads weigh first, see ``AttentionHead``.
      num_heads: K.
      spatial_hidden: channels of the map that places are judged from.
      channel_hidden: width of the layer that channels are judged from.
      depths: blocks in each stage of the trunk.
      width: channels of the trunk's first stage.
      dtype: type of the computation; the shares are float32.
      folded: see ``AttentionHead``.
    """

    order: Order = "channel_first"
    num_heads: int = 4
    spatial_hidden: int = 256
    channel_hidden: int = 32
    depths: Sequence[int] = (2, 2, 2, 2)
    width: int = 64
    dtype: Any = jnp.float32
    folded: bool = False

    def setup(self) -> None:
        """The trunk and the heads."""
        self.trunk = BasicResNet(self.depths, self.width, self.dtype, self.folded)
        self.head = [
            AttentionHead(
                self.order,
                self.spatial_hidden,
                self.channel_hidden,
                self.dtype,
                self.folded,
            )
            for _ in range(self.num_heads)
        ]

    def extract(self, images: Array, train: bool = False) -> Array:
        """Maps pictures [B, H, W, 3] to the trunk's last map [B, h, w, C]."""
        return self.trunk(images, train)

    def attend(self, features: Array, train: bool = False) -> Array:
        """Maps the trunk's map [B, h, w, C] to one of each head, [B, K, h, w, C]."""
        return jnp.stack([head.attend(features, train) for head in self.head], axis=1)

    def pool(self, attended: Array, train: bool = False) -> Array:
        """Maps what ``attend`` returned to one vector of each head, [B, K, C]."""
        vectors = [
            head.pool(attended[:, index], train) for index, head in enumerate(self.head)
        ]
        return jnp.stack(vectors, axis=1)

    def __call__(self, images: Array, train: bool = False) -> tuple[Array, Array]:
        """Runs all of it.

        Args:
          images: [B, H, W, 3] float, in the range the weights were trained on.
          train: whether batch norms use and follow the batch.

        Returns:
          The trunk's last map [B, h, w, C], and the logarithms of the heads' shares
          [B, K, C] float32.

        Raises:
          ValueError: the images are not [B, H, W, 3].
        """
        features = self.extract(images, train)
        pooled = self.pool(self.attend(features, train), train)
        return features, share_between_heads(pooled)


class Classifier(nn.Module):
    """A dense layer to one number for each class, and a batch norm of these numbers.

    Attributes:
      num_classes: number of classes.
      folded: whether the norm is part of the dense layer; for inference.
    """

    num_classes: int = 7
    folded: bool = False

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps [B, C] to logits [B, num_classes] float32.

        Raises:
          ValueError: a folded classifier is trained.
        """
        check_folded(self.folded, train)
        x = Dense(self.num_classes, name="dense")(x.astype(jnp.float32))
        return x if self.folded else batch_norm(train, name="norm")(x)
