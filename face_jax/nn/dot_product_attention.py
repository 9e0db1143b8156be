"""Scaled dot-product attention: its definition, and forms that hold fewer scores."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from face_jax.types import Array, Form

SCORES_PER_BLOCK = 12 * 256 * 1024
"""Scores that a CPU has in work at once, 12 MB: most of them stay in its caches from
one product to the next."""

FUSED_TYPES = (jnp.bfloat16, jnp.float16)
"""Types in which cuDNN's attention computes."""

FUSED_GENERATION = 8
"""Compute capability from which it does, Ampere's."""


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


@jax.custom_vjp
def blocked_attention(
    queries: Array, keys: Array, values: Array, visible: Array | None = None
) -> Array:
    """The same with the scores of a block of queries at a time.

    The weights are divided by their sum after they have mixed the values, which are
    fewer. A gradient computes the weights of a block again, from what is kept of each
    query: the logarithm of that sum. Source: FlashAttention, arXiv 2205.14135.
    """
    return _attend_in_blocks(queries, keys, values, visible)[0]


def _attend_in_blocks(
    queries: Array, keys: Array, values: Array, visible: Array | None
) -> tuple[Array, Array]:
    """What queries see, and the logarithm of their weights' sums [B, N, heads]."""
    count, dtype = queries.shape[1], queries.dtype
    head_keys, head_values = _by_head(keys), _by_head(values)

    def attend(block: Array) -> tuple[Array, Array]:
        scores = _scores(block, head_keys, visible)
        largest = scores.max(axis=-1, keepdims=True)
        weights = jnp.exp(scores - largest)
        mixed = weights.astype(dtype) @ head_values
        total = weights.sum(axis=-1, keepdims=True)
        return (mixed / total).astype(dtype), largest + jnp.log(total)

    blocks = _split(_scaled(queries), _block_size(queries, keys))
    # A loop of one round would only keep the compiler from seeing through it.
    found = (
        jax.tree.map(lambda x: x[None], attend(blocks[0]))
        if len(blocks) == 1
        else lax.map(attend, blocks)
    )
    mixed, logarithms = (_join(part)[:, :count] for part in found)
    return mixed, logarithms[..., 0]


def _keep_for_gradient(
    queries: Array, keys: Array, values: Array, visible: Array | None
):
    mixed, logarithms = _attend_in_blocks(queries, keys, values, visible)
    return mixed, (queries, keys, values, visible, mixed, logarithms)


def _gradient_in_blocks(kept, change: Array):
    queries, keys, values, visible, mixed, logarithms = kept
    count, scale = queries.shape[1], _scale(queries)
    head_keys, head_values = _by_head(keys), _by_head(values)
    own = jnp.sum(change * mixed, axis=-1, dtype=_F32)

    def add_block(sums: tuple[Array, Array], block: tuple[Array, ...]):
        queries, change, logarithms, own = block
        weights = jnp.exp(_scores(queries, head_keys, visible) - logarithms)
        seen = jnp.einsum("bhnd,bhld->bhnl", change, head_values)
        of_scores = weights * (seen - own)
        of_values = jnp.einsum("bhnl,bhnd->bhld", weights, change)
        of_keys = jnp.einsum("bhnl,bhnd->bhld", of_scores, queries)
        return (sums[0] + of_keys, sums[1] + of_values), of_scores @ head_keys

    size = _block_size(queries, keys)
    by_query = (logarithms[..., None], own[..., None])
    blocks = tuple(_split(x, size) for x in (_scaled(queries), change, *by_query))
    nothing = jnp.zeros(head_keys.shape, _F32)
    sums, of_queries = lax.scan(add_block, (nothing, nothing), blocks)
    of_keys, of_values = (jnp.swapaxes(x, 1, 2).astype(keys.dtype) for x in sums)
    of_queries = scale * _join(of_queries)[:, :count]
    return of_queries.astype(queries.dtype), of_keys, of_values, None


blocked_attention.defvjp(_keep_for_gradient, _gradient_in_blocks)


def _scores(queries: Array, keys: Array, visible: Array | None) -> Array:
    """[B, heads, n, L] float32 of scaled queries and keys, both by head."""
    scores = jnp.einsum("bhnd,bhld->bhnl", queries, keys, preferred_element_type=_F32)
    if visible is None:
        return scores
    return jnp.where(visible[:, None, None], scores, -jnp.inf)


def _scale(queries: Array) -> float:
    return 1 / math.sqrt(queries.shape[-1])


def _scaled(queries: Array) -> Array:
    return queries * jnp.asarray(_scale(queries), queries.dtype)


def _by_head(x: Array) -> Array:
    """[B, L, heads, C] as [B, heads, L, C]."""
    return jnp.swapaxes(x, 1, 2)


def _block_size(queries: Array, keys: Array) -> int | None:
    """Queries [B, N, heads, head_dim] of an item per block; None takes all."""
    sizes = (*queries.shape[:3], keys.shape[1])
    # Sizes that an export leaves open cannot be compared.
    if not all(isinstance(size, int) for size in sizes):
        return None
    batch, count, heads, keys_count = sizes
    most = max(1, SCORES_PER_BLOCK // (batch * heads * keys_count))
    blocks = -(-count // most)
    return -(-count // blocks)


def _split(x: Array, size: int | None) -> Array:
    """[B, N, heads, C] as [blocks, B, heads, size, C], with zeros at the end."""
    by_head = _by_head(x)
    if size is None:
        return by_head[None]
    batch, heads, count, width = by_head.shape
    blocks = -(-count // size)
    missing = blocks * size - count
    padded = jnp.pad(by_head, ((0, 0), (0, 0), (0, missing), (0, 0)))
    return jnp.moveaxis(padded.reshape(batch, heads, blocks, size, width), 2, 0)


def _join(mixed: Array) -> Array:
    """[blocks, B, heads, size, C] as [B, blocks * size, heads, C]."""
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
    if visible is not None or not is_fused(queries.dtype, queries.shape[-1]):
        return _compiled(queries, keys, values, visible)
    return jax.nn.dot_product_attention(queries, keys, values, implementation="cudnn")


def is_fused(dtype: Any, head_dim: int) -> bool:
    """Whether the fast form without a mask is cuDNN's on the devices at hand.

    Args:
      dtype: of queries, keys and values.
      head_dim: width of a head.
    """
    fits = dtype in FUSED_TYPES and head_dim % 8 == 0 and head_dim <= 128
    # Tracing for a device that is not there cannot ask for its library.
    return fits and jax.default_backend() == "gpu" and _is_fusing(jax.devices()[0])


def _is_fusing(device: jax.Device) -> bool:
    """Whether a GPU is of a kind that cuDNN fuses attention for.

    Turing, such as the T4 of free notebooks, and AMD's, which name no number, are not.
    """
    generation = str(getattr(device, "compute_capability", "")).split(".")[0]
    return generation.isdigit() and int(generation) >= FUSED_GENERATION


_F32 = jnp.float32
