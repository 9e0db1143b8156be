"""Forms of attention against its formula in float64."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn import dot_product_attention as forms


def by_formula(queries, keys, values, visible):
    q, k, v = (np.float64(x) for x in (queries, keys, values))
    scores = np.einsum("bnhd,blhd->bhnl", q, k) / np.sqrt(q.shape[-1])
    if visible is not None:
        scores = np.where(visible[:, None, None], scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("bhnl,blhd->bnhd", weights, v)


def inputs(queries=13, keys=9):
    rng = np.random.default_rng(0)
    shapes = ((2, queries, 3, 8), (2, keys, 3, 8), (2, keys, 3, 8))
    # Scores of up to a hundred: a softmax that does not take off the largest overflows.
    sizes = (20, 5, 1)
    return [
        size * rng.normal(size=shape).astype(np.float32)
        for size, shape in zip(sizes, shapes, strict=True)
    ]


@pytest.mark.parametrize("form", ["plain", "fast"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("block", [1, 4, 100])
def test_all_forms_are_the_formula(form, masked, block, monkeypatch):
    given = inputs()
    visible = np.random.default_rng(1).random((2, 9)) < 0.5 if masked else None
    monkeypatch.setattr(forms, "SCORES_PER_BLOCK", block * 2 * 3 * 9)
    actual = jax.jit(lambda *x: forms.attention(*x, visible, form=form))(*given)
    expected = by_formula(*given, visible)
    np.testing.assert_allclose(actual, expected, atol=2e-5)


def test_gradients_do_not_depend_on_the_form(monkeypatch):
    given = inputs()
    monkeypatch.setattr(forms, "SCORES_PER_BLOCK", 4 * 2 * 3 * 9)
    weights = np.random.default_rng(2).normal(size=given[0].shape)

    def gradients(form):
        def loss(*given):
            return jnp.sum(forms.attention(*given, form=form) * weights)

        return jax.jit(jax.grad(loss, argnums=(0, 1, 2)))(*given)

    for fast, plain in zip(gradients("fast"), gradients("plain"), strict=True):
        scale = np.abs(plain).max()
        np.testing.assert_allclose(fast, plain, atol=1e-5 * scale)


def test_blocks_never_hold_all_scores(monkeypatch):
    queries, keys = 64, 32
    monkeypatch.setattr(forms, "SCORES_PER_BLOCK", 8 * 2 * 3 * keys)
    given = inputs(queries, keys)

    def work_space(form):
        program = jax.jit(lambda *x: forms.attention(*x, form=form))
        return program.lower(*given).compile().memory_analysis().temp_size_in_bytes

    scores = 4 * 2 * 3 * queries * keys
    assert work_space("plain") >= scores
    assert work_space("fast") < scores


@pytest.mark.parametrize(
    ("backend", "capability", "dtype", "head_dim", "fused"),
    [
        ("gpu", "9.0", jnp.bfloat16, 64, True),
        ("gpu", "8.0", jnp.float16, 128, True),
        ("gpu", "12.0", jnp.bfloat16, 64, True),
        ("gpu", "7.5", jnp.bfloat16, 64, False),
        ("gpu", "gfx90a", jnp.bfloat16, 64, False),
        ("gpu", "9.0", jnp.float32, 64, False),
        ("gpu", "9.0", jnp.bfloat16, 20, False),
        ("cpu", None, jnp.bfloat16, 64, False),
    ],
)
def test_attention_is_fused_where_the_device_does_it(
    backend, capability, dtype, head_dim, fused, monkeypatch
):
    device = types.SimpleNamespace(compute_capability=capability)
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    monkeypatch.setattr(jax, "devices", lambda: [device])
    assert forms.is_fused(jnp.dtype(dtype), head_dim) == fused


@pytest.mark.gpu
def test_the_fused_form_of_a_device_is_the_formula():
    given = [jnp.asarray(x, jnp.bfloat16) / 4 for x in inputs(64, 32)]
    actual = jax.jit(forms.attention)(*given)
    expected = by_formula(*(np.float32(x) for x in given), None)
    np.testing.assert_allclose(np.float32(actual), expected, atol=0.05)
