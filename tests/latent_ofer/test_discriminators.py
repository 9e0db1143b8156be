import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.discriminators import FeatureDiscriminator, ImageDiscriminator
from tests.filled import fill
from tests.nn import numpy_layers


@pytest.mark.parametrize(
    ("network", "given", "scores", "count"),
    [
        (ImageDiscriminator(), (1, 256, 256, 3), (1, 30, 30, 1), 2_766_529),
        (ImageDiscriminator(), (2, 64, 96, 3), (2, 6, 10, 1), 2_766_529),
        (FeatureDiscriminator(), (1, 32, 32, 256), (1, 4, 4, 512), 10_487_296),
    ],
)
def test_sizes(network, given, scores, count):
    shape = jax.ShapeDtypeStruct(given, jnp.float32)
    found, variables = jax.eval_shape(
        network.init_with_output, jax.random.key(0), shape
    )
    assert (found.shape, found.dtype) == (scores, jnp.float32)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables)) == count


def normed(x):
    mean, variance = (f((1, 2), keepdims=True) for f in (x.mean, x.var))
    return (x - mean) / np.sqrt(variance + 1e-5)


def conv(x, params, stride):
    return numpy_layers.convolve(x, params["kernel"], stride, (1, 1)) + params["bias"]


def test_a_small_image_discriminator_is_its_definition():
    network = ImageDiscriminator(width=2, halvings=1)
    x = np.random.default_rng(0).normal(size=(2, 8, 10, 3)).astype(np.float32)
    params = fill(network, x)["params"]
    y = numpy_layers.relu(conv(x, params["conv_0"], 2), 0.2)
    y = normed(conv(y, params["conv_1"], 1))
    norm = params["norm_1"]
    y = numpy_layers.relu(y * norm["scale"] + norm["bias"], 0.2)
    expected = conv(y, params["out"], 1)
    found = network.apply({"params": params}, x)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_small_feature_discriminator_is_its_definition():
    network = FeatureDiscriminator(width=4)
    x = np.random.default_rng(0).normal(size=(2, 16, 8, 3)).astype(np.float32)
    params = fill(network, x)["params"]
    y = numpy_layers.relu(conv(x, params["conv_0"], 2), 0.2)
    y = numpy_layers.relu(normed(conv(y, params["conv_1"], 2)), 0.2)
    expected = conv(y, params["conv_2"], 2)
    found = network.apply({"params": params}, x)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_wrong_sizes_are_refused():
    key = jax.random.key(0)
    with pytest.raises(ValueError, match=r"images.*at least 24"):
        ImageDiscriminator().init(key, jnp.zeros((1, 16, 16, 3)))
    with pytest.raises(ValueError, match=r"features.*divisible by 8"):
        FeatureDiscriminator().init(key, jnp.zeros((1, 12, 16, 4)))
