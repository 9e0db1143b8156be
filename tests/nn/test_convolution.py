"""Convolutions and their gradients against their definition in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn import convolution
from tests.nn import numpy_layers


def random(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def both_sides(padding):
    return ((0, 0), (padding, padding), (padding, padding), (0, 0))


def scatter(change, kernel, shape, stride, padding):
    """What each input adds to a result whose gradient is given, tap by tap."""
    padded = np.zeros(
        (shape[0], shape[1] + 2 * padding, shape[2] + 2 * padding, shape[3])
    )
    for i, j in np.ndindex(*kernel.shape[:2]):
        rows = slice(i, i + stride * (change.shape[1] - 1) + 1, stride)
        columns = slice(j, j + stride * (change.shape[2] - 1) + 1, stride)
        padded[:, rows, columns] += change @ kernel[i, j].T
    return padded[:, padding : padding + shape[1], padding : padding + shape[2]]


CASES = [(6, 9, 3, 1, 1), (8, 7, 3, 2, 1), (5, 5, 1, 2, 0), (9, 8, 4, 1, 0)]


@pytest.mark.parametrize(("height", "width", "side", "stride", "padding"), CASES)
def test_convolution_and_gradients(height, width, side, stride, padding):
    x, kernel = random(2, height, width, 3), random(side, side, 3, 5)

    def convolve(x, kernel):
        return convolution.convolve(x, kernel, stride, padding)

    found, pull = jax.vjp(convolve, x, kernel)
    pads = (padding, padding)
    expected = numpy_layers.convolve(x, kernel, stride, pads)
    np.testing.assert_allclose(found, expected, atol=1e-5)

    change = random(*found.shape)
    x_change, kernel_change = jax.jit(pull)(change)
    seen = np.pad(np.float64(x), both_sides(padding))
    windows = numpy_layers.windowed(seen, (side, side), stride)
    expected = np.einsum("byxcij,byxf->ijcf", windows, np.float64(change))
    np.testing.assert_allclose(kernel_change, expected, atol=1e-4)
    expected = scatter(np.float64(change), np.float64(kernel), x.shape, stride, padding)
    np.testing.assert_allclose(x_change, expected, atol=1e-4)


@pytest.mark.parametrize("padding", [0, 1])
def test_few_pixels_meet_a_large_kernel_in_one_product(padding, monkeypatch):
    monkeypatch.setattr(convolution, "LARGE_KERNEL", 9 * 3 * 5)
    x, kernel = random(2, 5, 6, 3), random(3, 3, 3, 5)
    function = jax.jit(lambda *given: convolution.convolve(*given, 1, padding))
    assert "stablehlo.convolution" not in function.lower(x, kernel).as_text()
    expected = numpy_layers.convolve(x, kernel, 1, (padding, padding))
    np.testing.assert_allclose(function(x, kernel), expected, atol=1e-5)
    many = random(10, 5, 6, 3)
    assert "stablehlo.convolution" in function.lower(many, kernel).as_text()


@pytest.mark.parametrize("padding", [0, 2, 3])
def test_rows_of_taps_add_up_to_the_convolution(padding):
    x, kernel = random(2, 9, 11, 3), random(7, 7, 3, 4)
    found = jax.jit(convolution.convolve_by_rows, static_argnums=2)(x, kernel, padding)
    expected = numpy_layers.convolve(x, kernel, 1, (padding, padding))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_half_precision_gradients_keep_the_kernels_type():
    x, kernel = random(2, 6, 6, 3), random(3, 3, 3, 5)

    def loss(kernel):
        return jnp.sum(convolution.convolve(jnp.bfloat16(x), kernel, 2, 1) ** 2)

    half = jax.grad(loss)(kernel)
    exact = jax.grad(lambda k: jnp.sum(convolution.convolve(x, k, 2, 1) ** 2))(kernel)
    assert half.dtype == jnp.float32
    assert np.abs(half - exact).max() < 0.02 * np.abs(exact).max()
