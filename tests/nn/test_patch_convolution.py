import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.patch_convolution import PatchConv, convolve_patches, multiply_patches
from tests.nn import numpy_layers
from tests.nn.gradients import assert_same_gradients

SAME = {
    (7, 4, 20): (1, 2),
    (7, 4, 19): (2, 2),
    (2, 2, 6): (0, 0),
    (2, 2, 7): (0, 1),
    (3, 1, 5): (1, 1),
    (2, 3, 8): (0, 0),
}
"""Zeros that TensorFlow's SAME adds, by the kernel's side, stride and the image's side."""


def inputs(side, image):
    keys = jax.random.split(jax.random.key(0))
    x = jax.random.normal(keys[0], (2, image, image, 3))
    return x, jax.random.normal(keys[1], (side, side, 3, 5))


@pytest.mark.parametrize(("side", "stride", "image"), SAME)
def test_the_product_is_the_convolution(side, stride, image):
    x, kernel = inputs(side, image)
    zeros = SAME[side, stride, image]
    found = jax.jit(multiply_patches, static_argnums=2)(x, kernel, stride)
    expected = numpy_layers.convolve(x, kernel, stride, zeros)
    assert found.shape[1] == -(-image // stride)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("side", "stride", "image"), SAME)
def test_its_gradient_is_the_convolutions(side, stride, image):
    def as_is(x, kernel):
        order = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), "SAME", dimension_numbers=order
        )

    def ours(x, kernel):
        return convolve_patches(x, kernel, stride)

    assert_same_gradients(ours, as_is, *inputs(side, image))


@pytest.mark.parametrize(("platform", "product"), [("cpu", True), ("tpu", False)])
def test_only_a_cpu_multiplies_patches(platform, product):
    gradient = jax.grad(lambda x, k: convolve_patches(x, k, 4).sum(), argnums=(0, 1))
    traced = jax.jit(gradient).trace(*inputs(7, 20))
    text = traced.lower(lowering_platforms=(platform,)).as_text()
    assert ("convolution" in text) != product


def test_the_module_computes_in_its_type_and_stores_float32():
    x, _ = inputs(7, 21)
    module = PatchConv(4, side=7, stride=4, dtype=jnp.bfloat16, use_bias=True)
    y, variables = module.init_with_output(jax.random.key(1), x)
    assert (y.shape, y.dtype) == ((2, 6, 6, 4), jnp.bfloat16)
    kernel, bias = variables["params"]["kernel"], variables["params"]["bias"]
    assert (kernel.dtype, bias.dtype) == (jnp.float32, jnp.float32)
    np.testing.assert_allclose(jnp.std(kernel), 1 / np.sqrt(7 * 7 * 3), rtol=0.1)
