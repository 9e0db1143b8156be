"""Scaled dot-product attention: its definition, and forms that hold fewer scores."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from face_jax.types import Array, Form

SCORES_PER_BLOCK = 12 * 256 * 1024
"""Scores that a CPU has in work at once, 12 MB: most of them stay in its caches from
one product to the next."""

FUSED_TYPES = (jnp.bfloat16, jnp.float16)
"""Types in which cuDNN's attention computes."""


def attention(
    queries: Array,
    keys: Array,
    values: Array,
    visible: Array | None = None,
    form: Form = "fast",
) -> Array:
    """Scaled dot-product attention with the softmax in float32.

    Args:
      queries: [B, N, heads, head_dim].
      keys: [B, L, heads, head_dim].
      values: [B, L, heads, head_dim].
      visible: bool [B, L], the keys that count, at least one of each item; all of them
        without it. The others have no influence at all.
      form: ``plain`` is the definition; ``fast`` goes block by block on a CPU, where
        scores that leave the caches take longer than all products, and is cuDNN's on
        an NVIDIA device in half precision.

    Returns:
      [B, N, heads, head_dim] in the queries' type.
    """
    given = (queries, keys, values, visible)
    if form == "plain":
        return plain_attention(*given)
    return lax.platform_dependent(
        *given, cpu=blocked_attention, cuda=_on_cuda, default=_compiled
    )


def plain_attention(
    queries: Array, keys: Array, values: Array, visible: Array | None = None
) -> Array:
    """The definition: every query sees the values by the softmax of its scores."""
    scores = jnp.einsum("bnhd,blhd->bhnl", queries, keys, preferred_element_type=_F32)
    scores = scores / math.sqrt(queries.shape[-1])
    if visible is not None:
        scores = jnp.where(visible[:, None, None], scores, -jnp.inf)
    weights = jax.nn.softmax(scores, axis=-1).astype(values.dtype)
    return jnp.einsum("bhnl,blhd->bnhd", weights, values)


def blocked_attention(
    queries: Array, keys: Array, values: Array, visible: Array | None = None
) -> Array:
    """The same with the scores of a block of queries at a time.

    The weights are divided by their sum after they have mixed the values, which are
    fewer. A gradient computes the scores of a block again.
    """
    count = queries.shape[1]
    scale = 1 / math.sqrt(queries.shape[-1])
    queries = jnp.swapaxes(queries * jnp.asarray(scale, queries.dtype), 1, 2)
    keys, values = keys.transpose(0, 2, 3, 1), values.transpose(0, 2, 1, 3)

    def attend(block: Array) -> Array:
        scores = jnp.matmul(block, keys, preferred_element_type=_F32)
        if visible is not None:
            scores = jnp.where(visible[:, None, None], scores, -jnp.inf)
        largest = lax.stop_gradient(scores.max(axis=-1, keepdims=True))
        weights = jnp.exp(scores - largest)
        mixed = weights.astype(values.dtype) @ values
        total = weights.sum(axis=-1, keepdims=True)
        return (mixed / total).astype(queries.dtype)

    size = _block_size(queries.shape, keys.shape[-1])
    if size is None:
        return jnp.swapaxes(attend(queries), 1, 2)
    blocks = _split(queries, size)
    mixed = lax.map(jax.checkpoint(attend), blocks)
    return _join(mixed)[:, :count]


def _block_size(shape: tuple[int, ...], keys: int) -> int | None:
    """Queries [B, heads, N, head_dim] of an item per block; None if one is enough."""
    batch, heads, count, _ = shape
    # Sizes that an export leaves open cannot be compared.
    if not all(isinstance(size, int) for size in (*shape, keys)):
        return None
    most = max(1, SCORES_PER_BLOCK // (batch * heads * keys))
    blocks = -(-count // most)
    return None if blocks == 1 else -(-count // blocks)


def _split(queries: Array, size: int) -> Array:
    """[B, heads, N, head_dim] as [blocks, B, heads, size, head_dim], zeros at the end."""
    batch, heads, count, width = queries.shape
    blocks = -(-count // size)
    missing = blocks * size - count
    padded = jnp.pad(queries, ((0, 0), (0, 0), (0, missing), (0, 0)))
    return jnp.moveaxis(padded.reshape(batch, heads, blocks, size, width), 2, 0)


def _join(mixed: Array) -> Array:
    """[blocks, B, heads, size, head_dim] as [B, blocks * size, heads, head_dim]."""
    blocks, batch, heads, size, width = mixed.shape
    return mixed.transpose(1, 0, 3, 2, 4).reshape(batch, blocks * size, heads, width)


def _compiled(
    queries: Array, keys: Array, values: Array, visible: Array | None = None
) -> Array:
    """As the compiler arranges it."""
    mask = None if visible is None else visible[:, None, None, :]
    return jax.nn.dot_product_attention(queries, keys, values, mask=mask)


def _on_cuda(
    queries: Array, keys: Array, values: Array, visible: Array | None = None
) -> Array:
    """cuDNN's, which holds no scores, where it takes these inputs."""
    if visible is not None or not _cudnn_takes(queries):
        return _compiled(queries, keys, values, visible)
    return jax.nn.dot_product_attention(
        queries, keys, values, implementation="cudnn"
    )


def _cudnn_takes(queries: Array) -> bool:
    width = queries.shape[-1]
    fits = queries.dtype in FUSED_TYPES and width % 8 == 0 and width <= 128
    # Tracing for a device that is not there cannot ask for its library.
    return fits and jax.default_backend() == "gpu"


_F32 = jnp.float32
