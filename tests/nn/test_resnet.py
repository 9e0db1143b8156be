import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.resnet import BottleneckResNet
from tests.filled import fill
from tests.nn import numpy_layers


def bottleneck(layers, x, stride):
    y = numpy_layers.relu(layers.norm(layers.conv(x, "reduce"), "reduce_norm"))
    y = layers.conv(y, "spatial", stride=stride, padding=(1, 1))
    y = numpy_layers.relu(layers.norm(y, "spatial_norm"))
    y = layers.norm(layers.conv(y, "expand"), "expand_norm")
    if "shortcut" in layers.params:
        x = layers.norm(layers.conv(x, "shortcut", stride=stride), "shortcut_norm")
    return numpy_layers.relu(x + y)


def test_a_small_one_is_its_definition():
    network = BottleneckResNet(depths=(2, 1), width=3)
    images = jax.random.uniform(jax.random.key(0), (2, 22, 18, 3))
    variables = fill(network, images)
    layers = numpy_layers.Normed(variables)
    x = layers.conv(images, "stem", stride=2, padding=(3, 3))
    x = numpy_layers.relu(layers.norm(x, "stem_norm"))
    x = numpy_layers.max_pool(x, 3, 2, (1, 1))
    for name, stride in (("0_block_0", 1), ("0_block_1", 1), ("1_block_0", 2)):
        x = bottleneck(layers.inner(f"stage_{name}"), x, stride)
    found = jax.jit(network.apply)(variables, images)
    assert found.shape == (2, 24)
    np.testing.assert_allclose(found, x.mean((1, 2)), atol=1e-5)


def test_fifty_layers_by_default():
    shape = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    found, variables = jax.eval_shape(
        BottleneckResNet().init_with_output, jax.random.key(0), shape
    )
    kernels = jax.tree_util.tree_leaves_with_path(variables["params"])
    names = [jax.tree_util.keystr(path) for path, _ in kernels]
    convolutions = [n for n in names if "kernel" in n and "shortcut" not in n]
    assert len(convolutions) == 49  # the fiftieth is the classifier
    assert found.shape == (1, 2048)
    classifier = 100 * 2048 + 100
    assert sum(leaf.size for _, leaf in kernels) == 23_712_932 - classifier


def test_shorter_types_give_float32_features():
    network = BottleneckResNet(depths=(1,), width=2, dtype=jnp.bfloat16)
    images = jax.random.uniform(jax.random.key(0), (1, 16, 16, 3))
    variables = fill(network, images)
    found = network.apply(variables, images)
    exact = BottleneckResNet(depths=(1,), width=2).apply(variables, images)
    assert found.dtype == jnp.float32
    assert 0 < np.abs(found - exact).max() < 0.05 * np.abs(exact).max()


def test_pictures_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"ResNet input.*got \[2, 32, 32, 1\]"):
        BottleneckResNet().init(jax.random.key(0), jnp.zeros((2, 32, 32, 1)))
