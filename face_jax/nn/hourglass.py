"""The hourglass of the first-order motion model's keypoint detector."""

import math
from typing import Any, Literal

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.layers import NORM_EPSILON, Conv, average_pool
from face_jax.types import Array, Form

Norm = Literal["frozen_batch", "group"]
"""``frozen_batch``: batch norm with stored statistics, for imported weights.
``group``: group norm, for training: no statistics across images."""

MAX_GROUPS = 8


class ConvNormRelu(nn.Module):
    """3x3 convolution, norm, ReLU.

    Attributes:
      features: number of output channels.
      norm: which norm.
      doubled: whether the image is enlarged twice first.
      dtype: type of the computation.
      form: of the convolutions.
    """

    features: int
    norm: Norm = "frozen_batch"
    doubled: bool = False
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, H, W, features], or [B, 2 H, 2 W, features]."""
        convolve = Conv(
            self.features,
            doubled=self.doubled,
            dtype=self.dtype,
            form=self.form,
            name="conv",
        )
        return nn.relu(self._norm()(convolve(x)))

    def _norm(self) -> nn.Module:
        if self.norm == "frozen_batch":
            return nn.BatchNorm(
                use_running_average=True,
                epsilon=NORM_EPSILON,
                dtype=self.dtype,
                name="norm",
            )
        return nn.GroupNorm(
            num_groups=math.gcd(self.features, MAX_GROUPS),
            epsilon=NORM_EPSILON,
            use_fast_variance=False,
            dtype=self.dtype,
            name="norm",
        )


class Hourglass(nn.Module):
    """Down path, up path, and the input of every level concatenated on the way up.

    Attributes:
      block_expansion: channels of the last up block.
      num_blocks: number of halvings.
      max_features: limit of channels.
      norm: which norm.
      dtype: type of the computation.
      form: of the convolutions.
    """

    block_expansion: int = 32
    num_blocks: int = 5
    max_features: int = 1024
    norm: Norm = "frozen_batch"
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, h, w, C] to [B, h, w, block_expansion + C].

        Raises:
          ValueError: a side is not divisible by 2**num_blocks.
        """
        self._check_size(x)
        skips = [x]
        for level in range(self.num_blocks):
            x = average_pool(self._block(level + 1, False, f"down_{level}")(x))
            skips.append(x)
        x = skips.pop()
        for index in range(self.num_blocks):
            level = self.num_blocks - 1 - index
            x = self._block(level, True, f"up_{index}")(x)
            x = jnp.concatenate([x, skips.pop()], axis=-1)
        return x

    def _block(self, level: int, doubled: bool, name: str) -> ConvNormRelu:
        features = min(self.max_features, self.block_expansion * 2**level)
        fields = (self.norm, doubled, self.dtype, self.form)
        return ConvNormRelu(features, *fields, name=name)

    def _check_size(self, x: Array) -> None:
        height, width = x.shape[1:3]
        unit = 2**self.num_blocks
        if height % unit or width % unit:
            raise ValueError(
                f"hourglass input: height and width must be divisible by {unit}, "
                f"got {height}x{width}"
            )
