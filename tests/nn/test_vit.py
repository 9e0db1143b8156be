import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from face_jax.nn import vit
from tests.filled import fill
from tests.nn.test_attention import direct_attention


def test_patches_are_in_raster_order_and_hold_rows_columns_channels():
    images = np.random.default_rng(0).normal(size=(2, 6, 9, 2)).astype(np.float32)
    patches = vit.patchify(jnp.asarray(images), 3)
    assert patches.shape == (2, 6, 18)
    np.testing.assert_array_equal(patches[1, 4], images[1, 3:6, 3:6].reshape(-1))
    np.testing.assert_array_equal(vit.unpatchify(patches, 3, 2, 3), images)


def test_positions_tell_the_column_first_and_nothing_of_the_class_token():
    table = vit.sincos_positions(8, 3, 4)
    row, column = 2, 3
    waves = [1.0, 1e-2]  # 10000 ** (-k / 2)
    expected = [
        *(np.sin(column * w) for w in waves),
        *(np.cos(column * w) for w in waves),
        *(np.sin(row * w) for w in waves),
        *(np.cos(row * w) for w in waves),
    ]
    assert table.shape == (13, 8)
    assert not table[0].any()
    np.testing.assert_allclose(table[1 + row * 4 + column], expected, rtol=1e-6)


def test_widths_that_no_table_fits_are_refused():
    with pytest.raises(ValueError, match="width: expected a multiple of 4, got 6"):
        vit.sincos_positions(6, 2, 2)


def normed(x, params):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt(np.mean(centred**2, -1, keepdims=True) + 1e-6)
    return scaled * params["scale"] + params["bias"]


def applied(x, params):
    return x @ params["kernel"] + params["bias"]


def test_a_block_is_attention_then_two_layers_each_behind_a_norm():
    rng = np.random.default_rng(0)
    # Small numbers: the epsilon of the norms counts.
    tokens = (2e-3 * rng.normal(size=(2, 5, 12))).astype(np.float32)
    block = vit.TransformerBlock(num_heads=3, mlp_ratio=2)
    variables = fill(block, tokens)
    params = variables["params"]
    q, k, v = np.split(
        applied(normed(tokens, params["attention_norm"]), params["qkv"]), 3, axis=-1
    )
    mixed = direct_attention(q, k, v, 3)
    expected = tokens + applied(mixed, params["attention_out"])
    hidden = applied(normed(expected, params["mlp_norm"]), params["mlp_hidden"])
    hidden = hidden * 0.5 * (1 + erf(hidden / np.sqrt(2)))
    expected = expected + applied(hidden, params["mlp_out"])
    np.testing.assert_allclose(
        jax.jit(block.apply)(variables, tokens), expected, atol=2e-5
    )


def test_widths_that_heads_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="divisor of the width 12, got 5"):
        fill(vit.TransformerBlock(num_heads=5), jnp.zeros((1, 2, 12)))


def test_layers_start_xavier_uniform_without_biases():
    init = jax.jit(vit.dense(48, jnp.float32).init)
    params = init(jax.random.key(0), jnp.zeros((1, 16)))["params"]
    limit = np.sqrt(6 / (16 + 48))
    assert 0.9 * limit < np.abs(params["kernel"]).max() <= limit
    assert not params["bias"].any()
