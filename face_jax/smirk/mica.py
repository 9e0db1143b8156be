"""MICA (arXiv 2204.06607), the frozen teacher of SMIRK's identity coefficients.

An identity embedding of an aligned face, mapped to coefficients of FLAME's identity.
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.iresnet import ImprovedResNet
from face_jax.nn.layers import Dense
from face_jax.types import Array

ChannelOrder = Literal["bgr", "rgb"]
"""``bgr`` is what SMIRK gives its teacher, ``rgb`` what MICA itself was trained on."""

NORM_LIMIT = 1e-12
"""Smallest norm that an embedding is divided by."""

LEAK = 0.2
"""Slope of the mapping's activations below zero."""


class Mica(nn.Module):
    """Aligned faces to identity coefficients.

    Attributes:
      depths: blocks in each stage of the identity network.
      channels: of each stage.
      embedding_size: entries of an identity embedding.
      hidden: widths of the mapping's hidden layers.
      num_shape: number of identity coefficients.
      image_size: height and width of the faces, pixels.
      channel_order: in which order the identity network is given the colours.
      dtype: type of the convolutions' computation.
    """

    depths: Sequence[int] = (3, 13, 30, 3)
    channels: Sequence[int] = (64, 128, 256, 512)
    embedding_size: int = 512
    hidden: Sequence[int] = (300, 300, 300, 300)
    num_shape: int = 300
    image_size: int = 112
    channel_order: ChannelOrder = "bgr"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Array) -> Array:
        """Estimates identities.

        Args:
          images: [B, image_size, image_size, 3] float RGB in [0, 1], faces aligned as
            ArcFace wants them.

        Returns:
          [B, num_shape] float32 coefficients.

        Raises:
          ValueError: the images have another shape, or there is no such order of
            channels.
        """
        self._check(images)
        # In float32 here: 2 x - 1 in a shorter type would lose digits of dark pixels.
        centred = images.astype(jnp.float32) * 2.0 - 1.0
        ordered = centred[..., ::-1] if self.channel_order == "bgr" else centred
        x = ImprovedResNet(
            self.depths, self.channels, self.embedding_size, self.dtype, name="identity"
        )(ordered)
        norm = jnp.linalg.norm(x, axis=-1, keepdims=True)
        x = x / jnp.maximum(norm, NORM_LIMIT)
        for index, width in enumerate(self.hidden):
            x = nn.leaky_relu(Dense(width, name=f"mapping_{index}")(x), LEAK)
        return Dense(self.num_shape, name="out")(x)

    def _check(self, images: Array) -> None:
        shape = tuple(images.shape)
        if len(shape) != 4 or shape[1:] != (self.image_size, self.image_size, 3):
            raise ValueError(
                f"MICA input: expected [B, {self.image_size}, {self.image_size}, 3], "
                f"got {list(shape)}"
            )
        if self.channel_order not in get_args(ChannelOrder):
            raise ValueError(
                f"channel_order: expected one of {get_args(ChannelOrder)}, "
                f"got {self.channel_order!r}"
            )
