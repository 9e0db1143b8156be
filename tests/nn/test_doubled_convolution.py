"""Convolutions of enlarged images against their definition in float64."""

import jax
import numpy as np
import pytest

from face_jax.nn import doubled_convolution
from face_jax.nn.doubled_convolution import convolve_doubled, double
from tests.nn import numpy_layers


def random(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


@pytest.fixture(autouse=True)
def any_size(monkeypatch):
    monkeypatch.setattr(doubled_convolution, "LEAST_PIXELS", 1)


def test_each_pixel_is_repeated():
    x = random(2, 3, 5, 1)
    large = np.asarray(double(x))
    assert large.shape == (2, 6, 10, 1)
    for a, b in np.ndindex(2, 2):
        np.testing.assert_array_equal(large[:, a::2, b::2], x)


@pytest.mark.parametrize("form", ["plain", "fast"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4), (3, 2), (5, 7)])
def test_both_forms_are_the_definition(height, width, form):
    x, kernel = random(2, height, width, 3), random(3, 3, 3, 4)
    large = x.repeat(2, axis=1).repeat(2, axis=2)
    expected = numpy_layers.convolve(large, kernel, 1, (1, 1))
    found = jax.jit(lambda *given: convolve_doubled(*given, form))(x, kernel)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_gradients_do_not_depend_on_the_form():
    x, kernel = random(2, 4, 5, 3), random(3, 3, 3, 4)
    weights = random(2, 8, 10, 4)

    def gradients(form):
        def loss(*given):
            return (convolve_doubled(*given, form) * weights).sum()

        return jax.jit(jax.grad(loss, argnums=(0, 1)))(x, kernel)

    for fast, plain in zip(gradients("fast"), gradients("plain"), strict=True):
        np.testing.assert_allclose(fast, plain, atol=1e-5 * np.abs(plain).max())


def test_small_images_are_enlarged(monkeypatch):
    monkeypatch.setattr(doubled_convolution, "LEAST_PIXELS", 13)
    program = jax.jit(convolve_doubled)

    def kernels(height, width):
        x, kernel = random(1, height, width, 3), random(3, 3, 3, 4)
        text = program.lower(x, kernel).as_text()
        return "3x3x3x4xf32" in text.split("stablehlo.convolution")[1]

    assert kernels(3, 4) and not kernels(3, 5)
