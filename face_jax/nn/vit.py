"""Vision transformers (arXiv 2010.11929): patches, fixed positions, blocks.

The constants are those of masked autoencoders (arXiv 2111.06377): Xavier-uniform
kernels, biases of zero also for queries, keys and values, an epsilon of 1e-6. Tokens
stand in raster order, row by row, behind one class token.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from face_jax.nn.attention import KeysValues, attend, split_heads
from face_jax.nn.split_rows import keep_rows_split
from face_jax.types import Array

NORM_EPSILON = 1e-6
"""Added to the variance in every layer norm."""

PERIOD = 10000.0
"""Of the slowest wave of the position tables, patches over 2 pi."""


def patchify(images: Array, patch_size: int) -> Array:
    """Cuts pictures into vectors.

    Args:
      images: [B, H, W, C], H and W multiples of the patch size.
      patch_size: side of a patch, pixels.

    Returns:
      [B, H * W / patch_size ** 2, patch_size ** 2 * C]: patches in raster order; in
      each, rows, then columns, then channels.
    """
    batch, height, width, channels = images.shape
    rows, columns = height // patch_size, width // patch_size
    x = images.reshape(batch, rows, patch_size, columns, patch_size, channels)
    return x.swapaxes(2, 3).reshape(batch, rows * columns, -1)


def unpatchify(patches: Array, patch_size: int, rows: int, columns: int) -> Array:
    """Puts pictures together again: the inverse of ``patchify``.

    Args:
      patches: [B, rows * columns, patch_size ** 2 * C].
      patch_size: side of a patch, pixels.
      rows: patches from top to bottom.
      columns: patches from left to right.

    Returns:
      [B, rows * patch_size, columns * patch_size, C].
    """
    batch = patches.shape[0]
    x = patches.reshape(batch, rows, columns, patch_size, patch_size, -1)
    x = x.swapaxes(2, 3)
    return x.reshape(batch, rows * patch_size, columns * patch_size, -1)


def sincos_positions(width: int, rows: int, columns: int) -> np.ndarray:
    """The fixed table of two-dimensional positions.

    The first half of the channels tells the column, the second the row; each half holds
    sines, then cosines, from the fastest wave to the slowest.

    Args:
      width: of a token.
      rows: patches from top to bottom.
      columns: patches from left to right.

    Returns:
      float32 [1 + rows * columns, width]: zeros for the class token, then the patches.

    Raises:
      ValueError: the width is no multiple of 4.
    """
    if width % 4:
        raise ValueError(f"width: expected a multiple of 4, got {width}")
    row, column = np.divmod(np.arange(rows * columns), columns)
    table = np.concatenate([_waves(column, width // 4), _waves(row, width // 4)], 1)
    return np.concatenate([np.zeros((1, width)), table]).astype(np.float32)


def _waves(places: np.ndarray, count: int) -> np.ndarray:
    phases = places[:, None] * PERIOD ** -(np.arange(count) / count)
    return np.concatenate([np.sin(phases), np.cos(phases)], axis=1)


def dense(features: int, dtype: Any, name: str | None = None) -> nn.Dense:
    """A dense layer with a Xavier-uniform kernel and a bias that starts at zero."""
    init = nn.initializers.xavier_uniform()
    return nn.Dense(features, kernel_init=init, dtype=dtype, name=name)


def layer_norm(dtype: Any, name: str | None = None) -> nn.LayerNorm:
    """Layer norm over the last axis; statistics in float32, two-pass variance."""
    return nn.LayerNorm(
        epsilon=NORM_EPSILON, use_fast_variance=False, dtype=dtype, name=name
    )


class TransformerBlock(nn.Module):
    """Pre-norm block: self-attention, then two dense layers with the exact GELU.

    Attributes:
      num_heads: number of heads, a divisor of the tokens' width.
      mlp_ratio: hidden width of the dense layers, as a multiple of the tokens'.
      dtype: type of the computation.
    """

    num_heads: int
    mlp_ratio: int = 4
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, tokens: Array, visible: Array | None = None) -> Array:
        """Maps tokens to tokens.

        Args:
          tokens: [B, N, C].
          visible: bool [B, N], the tokens that others may attend to; all without it.

        Returns:
          [B, N, C]; those of invisible tokens have no meaning.

        Raises:
          ValueError: the width is no multiple of the number of heads.
        """
        width = tokens.shape[-1]
        if width % self.num_heads:
            raise ValueError(
                f"num_heads: expected a divisor of the width {width}, "
                f"got {self.num_heads}"
            )
        x = layer_norm(self.dtype, "attention_norm")(tokens)
        mixed = self._attention(x, visible)
        out = dense(width, self.dtype, "attention_out")(mixed)
        tokens = keep_rows_split(tokens + out)
        x = layer_norm(self.dtype, "mlp_norm")(tokens)
        hidden = dense(self.mlp_ratio * width, self.dtype, "mlp_hidden")(x)
        hidden = nn.gelu(keep_rows_split(hidden), approximate=False)
        return keep_rows_split(tokens + dense(width, self.dtype, "mlp_out")(hidden))

    def _attention(self, x: Array, visible: Array | None) -> Array:
        project = dense(3 * x.shape[-1], self.dtype, "qkv")
        queries, keys, values = (
            split_heads(part, self.num_heads)
            for part in jnp.split(keep_rows_split(project(x)), 3, axis=-1)
        )
        return attend(queries, KeysValues(keys=keys, values=values), visible)
