import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.depthwise import (
    DepthwiseConv,
    convolve_depthwise,
    convolve_grouped,
    sum_shifted,
)
from tests.nn import numpy_layers
from tests.nn.gradients import assert_same_gradients

SAME = {(1, 6): (1, 1), (1, 7): (1, 1), (2, 6): (0, 1), (2, 7): (1, 1)}
"""Zeros that TensorFlow's SAME adds before and after, by stride and side."""


def inputs(side=6, channels=3):
    keys = jax.random.split(jax.random.key(0))
    x = jax.random.normal(keys[0], (2, side, side, channels))
    return x, jax.random.normal(keys[1], (3, 3, 1, channels))


@pytest.mark.parametrize("convolve", [sum_shifted, convolve_grouped])
@pytest.mark.parametrize(("stride", "side"), SAME)
def test_channels_are_correlated_with_their_kernels(convolve, stride, side):
    x, kernel = inputs(side)
    found = jax.jit(convolve, static_argnums=2)(x, kernel, stride)
    expected = numpy_layers.depthwise(x, kernel, stride, SAME[stride, side])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("stride", "side"), SAME)
def test_both_forms_have_the_same_gradient(stride, side):
    ours, theirs = (
        lambda x, kernel, form=form: form(x, kernel, stride)
        for form in (convolve_depthwise, convolve_grouped)
    )
    assert_same_gradients(ours, theirs, *inputs(side))


def test_half_precision_gradients_keep_the_types_of_what_they_change():
    x, kernel = inputs(7)
    gradient = jax.grad(lambda *a: convolve_depthwise(*a, 1).sum(), argnums=(0, 1))
    half = jax.jit(gradient)(jnp.bfloat16(x), kernel)
    assert [found.dtype for found in half] == [jnp.bfloat16, jnp.float32]
    for found, exact in zip(half, gradient(x, kernel), strict=True):
        assert jnp.abs(found - exact).max() < 0.02 * jnp.abs(exact).max()


@pytest.mark.parametrize(("platform", "grouped"), [("cpu", False), ("tpu", True)])
def test_only_a_cpu_multiplies_shifted_images(platform, grouped):
    gradient = jax.grad(lambda x, k: convolve_depthwise(x, k, 1).sum(), argnums=(0, 1))
    lowered = jax.jit(gradient).trace(*inputs()).lower(lowering_platforms=(platform,))
    assert ("convolution" in lowered.as_text()) == grouped


def test_the_module_computes_in_its_type_and_stores_float32():
    x, _ = inputs(channels=400)
    module = DepthwiseConv(stride=2, dtype=jnp.bfloat16)
    y, variables = module.init_with_output(jax.random.key(1), x)
    kernel = variables["params"]["kernel"]
    assert (y.shape, y.dtype) == ((2, 3, 3, 400), jnp.bfloat16)
    assert kernel.dtype == jnp.float32
    np.testing.assert_allclose(jnp.std(kernel), np.sqrt(2 / 9), rtol=0.05)
