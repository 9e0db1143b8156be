"""Attention heads over a feature map: where to look, and which channels to weigh.

The heads are DAN's (arXiv 2109.07270), which attends to places first and weighs
channels of what it found. Latent-OFER (arXiv 2307.11404, public code) does the same
two things in the opposite order. Neither normalises the attention over places.
"""

from typing import Any, Literal

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm, check_folded
from face_jax.types import Array

Order = Literal["spatial_first", "channel_first"]
ORDERS: tuple[Order, ...] = ("spatial_first", "channel_first")

CONV_INIT = nn.initializers.variance_scaling(2.0, "fan_out", "normal")
DENSE_INIT = nn.initializers.normal(0.001)

BRANCHES = {"square": (3, 3), "row": (1, 3), "column": (3, 1)}
"""Kernels [height, width] of the convolutions that judge places, by name."""
FOLDED_BRANCHES = {"judge": (3, 3)}
"""What ``folding`` makes of them: their results are added, so they are one."""


class ChannelAttention(nn.Module):
    """A weight for every channel of a pooled map.

    Attributes:
      hidden: width of the layer between.
      dtype: type of the computation.
      folded: see ``AttentionHead``.
    """

    hidden: int = 32
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, pooled: Array, train: bool = False) -> Array:
        """Maps [B, C], means over the places of a map, to weights [B, C] in (0, 1)."""
        x = nn.Dense(
            self.hidden, kernel_init=DENSE_INIT, dtype=self.dtype, name="reduce"
        )(pooled)
        if not self.folded:
            x = batch_norm(train, dtype=self.dtype, name="reduce_norm")(x)
        x = nn.relu(x)
        return nn.sigmoid(
            nn.Dense(
                pooled.shape[-1],
                kernel_init=DENSE_INIT,
                dtype=self.dtype,
                name="expand",
            )(x)
        )


class SpatialAttention(nn.Module):
    """A map times one weight for every place.

    Attributes:
      hidden: channels of the map that the places are judged from.
      dtype: type of the computation.
      folded: see ``AttentionHead``.
    """

    hidden: int = 256
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps [B, h, w, C] to the same shape; the weights are 0 or larger."""
        reduced = self._layer(x, self.hidden, (1, 1), train, "reduce")
        branches = FOLDED_BRANCHES if self.folded else BRANCHES
        judged = sum(
            self._layer(reduced, x.shape[-1], sides, train, name)
            for name, sides in branches.items()
        )
        return x * jnp.sum(nn.relu(judged), axis=-1, keepdims=True)

    def _layer(
        self, x: Array, features: int, sides: tuple[int, int], train: bool, name: str
    ) -> Array:
        x = nn.Conv(
            features, sides, kernel_init=CONV_INIT, dtype=self.dtype, name=name
        )(x)
        if self.folded:
            return x
        return batch_norm(train, dtype=self.dtype, name=f"{name}_norm")(x)


class AttentionHead(nn.Module):
    """One head, in two steps: the attended map, and one vector for each picture.

    Attributes:
      order: whether places or channels are weighed first.
      spatial_hidden: channels of the map that places are judged from.
      channel_hidden: width of the layer that channels are judged from.
      dtype: type of the computation.
      folded: whether batch norms are part of the layers before them, and the
        convolutions that judge places are one, see ``folding``; for inference.
    """

    order: Order = "channel_first"
    spatial_hidden: int = 256
    channel_hidden: int = 32
    dtype: Any = jnp.float32
    folded: bool = False

    def setup(self) -> None:
        """Both attentions.

        Raises:
          ValueError: there is no such order.
        """
        if self.order not in ORDERS:
            raise ValueError(
                f"order: expected one of {list(ORDERS)}, got {self.order!r}"
            )
        sizes = self.spatial_hidden, self.channel_hidden
        self.spatial = SpatialAttention(sizes[0], self.dtype, self.folded)
        self.channel = ChannelAttention(sizes[1], self.dtype, self.folded)

    def attend(self, features: Array, train: bool = False) -> Array:
        """Maps [B, h, w, C] to an attended map of the same shape.

        Raises:
          ValueError: a folded head is trained.
        """
        check_folded(self.folded, train)
        if self.order == "channel_first":
            weights = self.channel(features.mean(axis=(1, 2)), train)
            features = features * weights[:, None, None]
        return self.spatial(features, train)

    def pool(self, attended: Array, train: bool = False) -> Array:
        """Maps what ``attend`` returned, [B, h, w, C], to [B, C]."""
        pooled = attended.mean(axis=(1, 2))
        if self.order == "spatial_first":
            pooled = pooled * self.channel(pooled, train)
        return pooled

    def __call__(self, features: Array, train: bool = False) -> Array:
        """Maps [B, h, w, C] to [B, C]."""
        return self.pool(self.attend(features, train), train)


def share_between_heads(pooled: Array) -> Array:
    """Makes the heads compete for every channel.

    Args:
      pooled: [B, K, C], one vector from each of K heads.

    Returns:
      [B, K, C] float32, the logarithms of shares that add up to 1 over the heads.
    """
    return nn.log_softmax(pooled.astype(jnp.float32), axis=1)
