import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer import blocks
from tests.filled import fill
from tests.nn import numpy_layers


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (4, 2)])
def test_a_transposed_convolution_is_the_transpose(side, stride):
    layer = blocks.transposed_convolution(5, "x", side, stride)
    small = np.random.default_rng(0).normal(size=(1, 3, 4, 2)).astype(np.float32)
    variables = fill(layer, small)
    params = variables["params"]
    found = np.asarray(layer.apply(variables, small)) - params["bias"]
    assert found.shape == (1, 3 * stride, 4 * stride, 5)
    other = np.random.default_rng(1).normal(size=found.shape)
    seen = numpy_layers.convolve(other, params["kernel"], stride, (1, 1))
    np.testing.assert_allclose(np.sum(found * other), np.sum(small * seen), rtol=1e-5)


def test_a_dilated_convolution_skips_inputs():
    layer = blocks.convolution(3, "x", side=4, stride=2, dilation=2, padding=3)
    x = np.random.default_rng(0).normal(size=(1, 5, 8, 2)).astype(np.float32)
    variables = fill(layer, x)
    params = variables["params"]
    spread = np.zeros((7, 7, 2, 3))
    spread[::2, ::2] = params["kernel"]
    expected = numpy_layers.convolve(x, spread, 2, (3, 3)) + params["bias"]
    assert expected.shape == (1, 3, 4, 3)
    np.testing.assert_allclose(layer.apply(variables, x), expected, atol=1e-5)


def test_kernels_begin_small_and_biases_as_zeros():
    for layer in (
        blocks.convolution(32, "x"),
        blocks.transposed_convolution(32, "x", 3, 1),
    ):
        params = layer.init(jax.random.key(0), jnp.zeros((1, 4, 4, 64)))["params"]
        assert 0.019 < params["kernel"].std() < 0.021
        assert not params["bias"].any()


def test_instance_norm_has_a_scale_only_where_wanted():
    x = np.random.default_rng(0).normal(3, 5, (2, 4, 4, 3)).astype(np.float32)
    centred = x - x.mean((1, 2), keepdims=True)
    expected = centred / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    plain = blocks.instance_norm("x", affine=False)
    np.testing.assert_allclose(plain.apply({}, x), expected, atol=1e-5)
    shapes = jax.eval_shape(blocks.instance_norm("x").init, jax.random.key(0), x)
    assert set(shapes["params"]) == {"scale", "bias"}
