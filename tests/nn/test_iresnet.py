import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.iresnet import ChannelPRelu, ImprovedResNet
from tests.filled import fill
from tests.nn import numpy_layers


def block(layers, x, stride):
    y = layers.norm(x, "input_norm")
    y = layers.norm(layers.conv(y, "first", padding=(1, 1)), "first_norm")
    y = numpy_layers.relu(y, layers.params["activation"]["slope"])
    y = layers.conv(y, "second", stride=stride, padding=(1, 1))
    y = layers.norm(y, "second_norm")
    if "shortcut" in layers.params:
        x = layers.norm(layers.conv(x, "shortcut", stride=stride), "shortcut_norm")
    return x + y


def test_a_small_one_is_its_definition():
    network = ImprovedResNet(depths=(2, 1), channels=(3, 5), embedding_size=4)
    images = jax.random.normal(jax.random.key(0), (2, 8, 12, 3))
    variables = fill(network, images)
    layers = numpy_layers.Normed(variables)
    x = layers.norm(layers.conv(images, "stem", padding=(1, 1)), "stem_norm")
    x = numpy_layers.relu(x, layers.params["stem_activation"]["slope"])
    for name, stride in (("0_block_0", 2), ("0_block_1", 1), ("1_block_0", 2)):
        x = block(layers.inner(f"stage_{name}"), x, stride)
    x = layers.norm(x, "last_norm").reshape(2, 2 * 3 * 5)
    x = numpy_layers.dense(x, layers.params["embedding"])
    found = jax.jit(network.apply)(variables, images)
    expected = layers.norm(x, "embedding_norm")
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_slopes_belong_to_channels():
    x = jnp.array([[-2.0, -2.0, 3.0]])
    variables = {"params": {"slope": jnp.array([0.5, -1.0, 7.0])}}
    np.testing.assert_allclose(ChannelPRelu().apply(variables, x), [[-1.0, 2.0, 3.0]])


def test_pictures_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"identity network input.*got \[8, 8, 3\]"):
        ImprovedResNet().init(jax.random.key(0), jnp.zeros((8, 8, 3)))
