import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.basic_resnet import BasicResNet
from tests.filled import fill
from tests.nn import numpy_layers


def basic_block(layers, x, stride):
    y = layers.conv(x, "first", stride=stride, padding=(1, 1))
    y = numpy_layers.relu(layers.norm(y, "first_norm"))
    y = layers.norm(layers.conv(y, "second", padding=(1, 1)), "second_norm")
    if "shortcut" in layers.params:
        x = layers.norm(layers.conv(x, "shortcut", stride=stride), "shortcut_norm")
    return numpy_layers.relu(x + y)


def test_a_small_one_is_its_definition():
    network = BasicResNet(depths=(2, 1), width=3)
    images = jax.random.uniform(jax.random.key(0), (2, 22, 18, 3))
    variables = fill(network, images)
    layers = numpy_layers.Normed(variables)
    x = layers.conv(images, "stem", stride=2, padding=(3, 3))
    x = numpy_layers.relu(layers.norm(x, "stem_norm"))
    x = numpy_layers.max_pool(x, 3, 2, (1, 1))
    for name, stride in (("0_block_0", 1), ("0_block_1", 1), ("1_block_0", 2)):
        x = basic_block(layers.inner(f"stage_{name}"), x, stride)
    found = jax.jit(network.apply)(variables, images)
    assert found.shape == (2, 3, 3, 6)
    np.testing.assert_allclose(found, x, atol=1e-5)


def test_eighteen_layers_by_default():
    shape = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    found, variables = jax.eval_shape(
        BasicResNet().init_with_output, jax.random.key(0), shape
    )
    assert found.shape == (1, 7, 7, 512)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"])) == 11_176_512


def test_every_batch_norm_follows_the_batch_in_training():
    network = BasicResNet(depths=(1, 1), width=2)
    images = jax.random.uniform(jax.random.key(0), (2, 16, 16, 3))
    variables = fill(network, images)
    train = jax.jit(
        lambda v, x: network.apply(v, x, train=True, mutable=["batch_stats"])
    )
    _, state = train(variables, images)
    before = jax.tree.leaves(variables["batch_stats"])
    after = jax.tree.leaves(state["batch_stats"])
    assert len(before) == len(after) == 2 * 6
    assert not any(np.allclose(x, y) for x, y in zip(before, after, strict=True))


def test_pictures_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"ResNet input.*got \[2, 32, 32, 1\]"):
        BasicResNet().init(jax.random.key(0), jnp.zeros((2, 32, 32, 1)))
