"""Multi-head attention and pre-norm transformer blocks."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from flax import struct

from face_jax.nn.dot_product_attention import attention
from face_jax.nn.layers import Dense, KernelLimit, fan_in_limit, layer_norm
from face_jax.types import Array, Form


@struct.dataclass
class KeysValues:
    """What queries attend to, projected once and used by many queries.

    Attributes:
      keys: [B, L, heads, head_dim].
      values: [B, L, heads, head_dim].
    """

    keys: Array
    values: Array


def split_heads(x: Array, num_heads: int) -> Array:
    """[B, N, heads * head_dim], head-major, to [B, N, heads, head_dim]."""
    return x.reshape(*x.shape[:-1], num_heads, -1)


def attend(
    queries: Array,
    memory: KeysValues,
    visible: Array | None = None,
    form: Form = "fast",
) -> Array:
    """Attention to a memory, heads side by side; see ``attention``.

    Args:
      queries: [B, N, heads, head_dim].
      memory: L keys and values per batch item.
      visible: bool [B, L], the keys that count; all of them without it.
      form: how it is computed.

    Returns:
      [B, N, heads * head_dim].
    """
    mixed = attention(queries, memory.keys, memory.values, visible, form)
    return mixed.reshape(*mixed.shape[:-2], -1)


class SelfAttention(nn.Module):
    """Multi-head self-attention with one projection for queries, keys and values.

    Attributes:
      num_heads: number of heads.
      head_dim: width of a head.
      kernel_limit: fan-in to the bound of the initial queries, keys and values.
      dtype: type of the computation.
      form: how attention and layers are computed.
    """

    num_heads: int
    head_dim: int
    kernel_limit: KernelLimit = fan_in_limit
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps tokens [B, N, C] to [B, N, C]."""
        inner = self.num_heads * self.head_dim
        project = Dense(
            3 * inner,
            use_bias=False,
            kernel_limit=self.kernel_limit,
            dtype=self.dtype,
            form=self.form,
            name="qkv",
        )
        queries, keys, values = (
            split_heads(part, self.num_heads)
            for part in jnp.split(project(x), 3, axis=-1)
        )
        mixed = attend(queries, KeysValues(keys=keys, values=values), form=self.form)
        fields = {"dtype": self.dtype, "form": self.form}
        return Dense(x.shape[-1], **fields, name="out")(mixed)


class CrossAttention(nn.Module):
    """Multi-head attention of queries to a memory that is projected separately.

    Attributes:
      num_heads: number of heads.
      head_dim: width of a head.
      width: width of the output.
      kernel_limit: fan-in to the bound of the initial queries, keys and values.
      dtype: type of the computation.
      form: how attention and layers are computed.
    """

    num_heads: int
    head_dim: int
    width: int
    kernel_limit: KernelLimit = fan_in_limit
    dtype: Any = jnp.float32
    form: Form = "fast"

    def setup(self):
        """Creates the submodules."""
        inner = self.num_heads * self.head_dim
        fields = {"dtype": self.dtype, "form": self.form}
        first = {"use_bias": False, "kernel_limit": self.kernel_limit, **fields}
        self.q, self.kv = Dense(inner, **first), Dense(2 * inner, **first)
        self.out = Dense(self.width, **fields)

    def project(self, tokens: Array) -> KeysValues:
        """Keys and values of tokens [B, L, C]."""
        keys, values = jnp.split(self.kv(tokens), 2, axis=-1)
        return KeysValues(
            keys=split_heads(keys, self.num_heads),
            values=split_heads(values, self.num_heads),
        )

    def __call__(self, x: Array, memory: KeysValues) -> Array:
        """Maps queries [B, N, C] to [B, N, width]."""
        queries = split_heads(self.q(x), self.num_heads)
        return self.out(attend(queries, memory, form=self.form))


class FeedForward(nn.Module):
    """Dense, exact GELU, dense.

    Attributes:
      hidden: width between the two layers.
      dtype: type of the computation.
      form: of the layers.
    """

    hidden: int
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [..., C] to [..., C]."""
        fields = {"dtype": self.dtype, "form": self.form}
        hidden = Dense(self.hidden, **fields, name="hidden")(x)
        hidden = nn.gelu(hidden, approximate=False)
        return Dense(x.shape[-1], **fields, name="out")(hidden)


class SelfAttentionBlock(nn.Module):
    """Pre-norm transformer block: self-attention, then feed-forward.

    Attributes:
      num_heads: number of heads.
      head_dim: width of a head.
      mlp_dim: hidden width of the feed-forward part.
      kernel_limit: fan-in to the bound of the initial queries, keys and values.
      dtype: type of the computation.
      form: how attention and layers are computed.
    """

    num_heads: int
    head_dim: int
    mlp_dim: int
    kernel_limit: KernelLimit = fan_in_limit
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps tokens [B, N, C] to [B, N, C]."""
        attention = SelfAttention(
            self.num_heads,
            self.head_dim,
            self.kernel_limit,
            self.dtype,
            self.form,
            name="attention",
        )
        x = x + attention(layer_norm(self.dtype, "attention_norm")(x))
        feed_forward = FeedForward(self.mlp_dim, self.dtype, self.form, name="mlp")
        return x + feed_forward(layer_norm(self.dtype, "mlp_norm")(x))


class CrossAttentionBlock(nn.Module):
    """Pre-norm transformer block: attention to a memory, then feed-forward.

    The memory is used as it is, without a norm.

    Attributes:
      num_heads: number of heads.
      head_dim: width of a head.
      mlp_dim: hidden width of the feed-forward part.
      width: width of the queries.
      kernel_limit: fan-in to the bound of the initial queries, keys and values.
      dtype: type of the computation.
      form: how attention and layers are computed.
    """

    num_heads: int
    head_dim: int
    mlp_dim: int
    width: int
    kernel_limit: KernelLimit = fan_in_limit
    dtype: Any = jnp.float32
    form: Form = "fast"

    def setup(self):
        """Creates the submodules."""
        self.attention_norm = layer_norm(self.dtype)
        self.attention = CrossAttention(
            self.num_heads,
            self.head_dim,
            self.width,
            self.kernel_limit,
            self.dtype,
            self.form,
        )
        self.mlp_norm = layer_norm(self.dtype)
        self.mlp = FeedForward(self.mlp_dim, self.dtype, self.form)

    def project(self, tokens: Array) -> KeysValues:
        """Keys and values of tokens [B, L, C]."""
        return self.attention.project(tokens)

    def __call__(self, x: Array, memory: KeysValues) -> Array:
        """Maps queries [B, N, width] to [B, N, width]."""
        x = x + self.attention(self.attention_norm(x), memory)
        return x + self.mlp(self.mlp_norm(x))
