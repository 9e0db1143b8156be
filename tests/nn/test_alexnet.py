import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn import alexnet
from tests.filled import fill
from tests.nn.numpy_layers import convolve, max_pool, relu

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
STEPS = ((4, 2, 0), (1, 2, 1), (1, 1, 1), (1, 1, 0), (1, 1, 0))
"""Stride, padding, and whether a pool of 3, every second, goes before."""


def features(params, images):
    """The five maps in float64."""
    x, found = (np.asarray(images, np.float64) - MEAN) / STD, []
    for index, (stride, padding, pooled) in enumerate(STEPS, start=1):
        layer = params[f"conv{index}"]
        x = max_pool(x, 3, 2) if pooled else x
        x = convolve(x, layer["kernel"], stride, (padding, padding))
        x = relu(x + np.asarray(layer["bias"], np.float64))
        found.append(x)
    return found


def test_maps_are_those_of_the_definition():
    network = alexnet.AlexNetFeatures()
    images = np.random.default_rng(0).random((2, 37, 44, 3), np.float32)
    variables = fill(network, images)
    found = jax.jit(network.apply)(variables, images)
    expected = features(variables["params"], images)
    assert [m.shape[-1] for m in found] == [64, 192, 384, 256, 256]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


def test_the_smallest_pictures():
    network = alexnet.AlexNetFeatures()
    small = jnp.zeros((1, 31, 31, 3))
    maps, _ = jax.eval_shape(lambda: network.init_with_output(jax.random.key(0), small))
    assert maps[-1].shape == (1, 1, 1, 256)
    with pytest.raises(ValueError, match=r"AlexNet input: .* at least 31, got"):
        network.init(jax.random.key(0), small[:, 1:])
