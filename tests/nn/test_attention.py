import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from face_jax.nn import attention
from tests.filled import fill


@pytest.fixture
def tokens():
    return np.random.default_rng(0).normal(size=(2, 5, 12)).astype(np.float32)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def direct_attention(q, k, v, heads):
    """Head by head, head-major columns."""
    size = q.shape[-1] // heads
    parts = []
    for h in range(heads):
        columns = slice(h * size, (h + 1) * size)
        scores = q[..., columns] @ k[..., columns].swapaxes(-1, -2) / np.sqrt(size)
        parts.append(softmax(scores) @ v[..., columns])
    return np.concatenate(parts, axis=-1)


def test_self_attention_splits_queries_keys_values_in_that_order(tokens):
    module = attention.SelfAttention(num_heads=3, head_dim=4)
    variables = fill(module, tokens)
    params = jax.tree.map(np.asarray, variables["params"])
    q, k, v = np.split(tokens @ params["qkv"]["kernel"], 3, axis=-1)
    expected = direct_attention(q, k, v, 3) @ params["out"]["kernel"]
    expected = expected + params["out"]["bias"]
    np.testing.assert_allclose(module.apply(variables, tokens), expected, atol=1e-5)


def test_cross_attention_uses_the_memory_that_was_projected(tokens):
    queries = np.random.default_rng(1).normal(size=(2, 7, 6)).astype(np.float32)
    module = attention.CrossAttention(num_heads=3, head_dim=4, width=6)

    def both(module, queries, tokens):
        return module(queries, module.project(tokens))

    actual, variables = jax.jit(
        lambda: module.init_with_output(jax.random.key(0), queries, tokens, method=both)
    )()
    params = jax.tree.map(np.asarray, variables["params"])
    k, v = np.split(tokens @ params["kv"]["kernel"], 2, axis=-1)
    mixed = direct_attention(queries @ params["q"]["kernel"], k, v, 3)
    expected = mixed @ params["out"]["kernel"] + params["out"]["bias"]
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_feed_forward_uses_the_exact_gelu(tokens):
    module = attention.FeedForward(hidden=16)
    variables = fill(module, tokens)
    params = jax.tree.map(np.asarray, variables["params"])
    hidden = tokens @ params["hidden"]["kernel"] + params["hidden"]["bias"]
    hidden = hidden * 0.5 * (1 + erf(hidden / np.sqrt(2)))
    expected = hidden @ params["out"]["kernel"] + params["out"]["bias"]
    np.testing.assert_allclose(module.apply(variables, tokens), expected, atol=1e-6)


def test_block_without_branches_is_the_identity(tokens):
    block = attention.SelfAttentionBlock(num_heads=2, head_dim=4, mlp_dim=8)
    variables = jax.tree.map(jnp.zeros_like, fill(block, tokens))
    np.testing.assert_array_equal(block.apply(variables, tokens), tokens)


def test_half_precision_keeps_parameters_and_stays_close(tokens):
    exact = attention.SelfAttentionBlock(num_heads=2, head_dim=4, mlp_dim=8)
    half = attention.SelfAttentionBlock(2, 4, 8, dtype=jnp.bfloat16)
    variables = fill(half, tokens)
    assert all(x.dtype == jnp.float32 for x in jax.tree.leaves(variables))
    np.testing.assert_allclose(
        half.apply(variables, tokens), exact.apply(variables, tokens), atol=0.1
    )


def test_invisible_keys_are_as_if_they_were_not_there():
    rng = np.random.default_rng(0)
    queries, keys, values = rng.normal(size=(3, 2, 5, 3, 4)).astype(np.float32)
    visible = np.array([[True, False, True, True, False], [False, True] + [False] * 3])
    memory = attention.KeysValues(keys=keys, values=values)
    actual = attention.attend(queries, memory, visible)
    for item, seen in enumerate(visible):
        rest = attention.KeysValues(
            keys=keys[None, item, seen], values=values[None, item, seen]
        )
        expected = attention.attend(queries[None, item], rest)
        np.testing.assert_allclose(actual[item], expected[0], atol=1e-6)
