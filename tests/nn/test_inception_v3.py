import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from face_jax.nn.inception_v3 import SIDE, InceptionBlock, InceptionV3
from face_jax.nn.inception_v3_layers import BLOCKS, Pool
from tests.filled import fill
from tests.nn.numpy_layers import Normed, max_pool, pad, relu, windowed

pytestmark = pytest.mark.slow

EPSILON = 1e-3
SMALL = 16
"""Divides all channels."""


def layer(x, layers, name, padding=(0, 0), stride=1):
    """Zeros above and below, and left and right; convolution, batch norm, ReLU."""
    inner = layers.inner(name)
    rows, columns = padding
    x = np.pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0)))
    return relu(inner.norm(inner.conv(x, "conv", stride=stride), "bn"))


def average(x):
    """Mean of the 3 x 3 pixels that there are around each one."""
    sums, counts = (
        windowed(pad(values, (1, 1)), (3, 3), 1).sum(axis=(-2, -1))
        for values in (x, np.ones_like(x))
    )
    return sums / counts


def largest(x):
    return max_pool(x, 3, 1, (1, 1))


def small_kernels(x, layers):
    five = layer(layer(x, layers, "branch5x5_1"), layers, "branch5x5_2", (2, 2))
    three = layer(x, layers, "branch3x3dbl_1")
    for name in ("branch3x3dbl_2", "branch3x3dbl_3"):
        three = layer(three, layers, name, (1, 1))
    pooled = layer(average(x), layers, "branch_pool")
    return layer(x, layers, "branch1x1"), five, three, pooled


def to_17(x, layers):
    once = layer(x, layers, "branch3x3", stride=2)
    twice = layer(x, layers, "branch3x3dbl_1")
    twice = layer(twice, layers, "branch3x3dbl_2", (1, 1))
    return once, layer(twice, layers, "branch3x3dbl_3", stride=2), max_pool(x, 3, 2)


ACROSS, DOWN = (0, 3), (3, 0)


def lines(x, layers):
    once = layer(x, layers, "branch7x7_1")
    for name, padding in (("branch7x7_2", ACROSS), ("branch7x7_3", DOWN)):
        once = layer(once, layers, name, padding)
    twice = layer(x, layers, "branch7x7dbl_1")
    for number, padding in ((2, DOWN), (3, ACROSS), (4, DOWN), (5, ACROSS)):
        twice = layer(twice, layers, f"branch7x7dbl_{number}", padding)
    pooled = layer(average(x), layers, "branch_pool")
    return layer(x, layers, "branch1x1"), once, twice, pooled


def to_8(x, layers):
    three = layer(layer(x, layers, "branch3x3_1"), layers, "branch3x3_2", stride=2)
    seven = layer(x, layers, "branch7x7x3_1")
    seven = layer(seven, layers, "branch7x7x3_2", ACROSS)
    seven = layer(seven, layers, "branch7x7x3_3", DOWN)
    seven = layer(seven, layers, "branch7x7x3_4", stride=2)
    return three, seven, max_pool(x, 3, 2)


def forks(x, layers, pool):
    def fork(y, name):
        sides = (("a", (0, 1)), ("b", (1, 0)))
        return [layer(y, layers, f"{name}{side}", padding) for side, padding in sides]

    once = fork(layer(x, layers, "branch3x3_1"), "branch3x3_2")
    twice = layer(layer(x, layers, "branch3x3dbl_1"), layers, "branch3x3dbl_2", (1, 1))
    twice = fork(twice, "branch3x3dbl_3")
    pooled = layer(pool(x), layers, "branch_pool")
    return layer(x, layers, "branch1x1"), *once, *twice, pooled


DEFINITIONS = {
    "Mixed_5b": small_kernels,
    "Mixed_5c": small_kernels,
    "Mixed_5d": small_kernels,
    "Mixed_6a": to_17,
    "Mixed_6b": lines,
    "Mixed_6c": lines,
    "Mixed_6d": lines,
    "Mixed_6e": lines,
    "Mixed_7a": to_8,
    "Mixed_7b": lambda x, layers: forks(x, layers, average),
    "Mixed_7c": lambda x, layers: forks(x, layers, largest),
}


def resized(images):
    """Bilinear by scipy, pixel centres at halves, the edge repeated."""
    grids = [
        (np.arange(SIDE) + 0.5) * length / SIDE - 0.5 for length in images.shape[1:3]
    ]
    at = np.meshgrid(*grids, indexing="ij")
    planes = np.asarray(images, np.float64).transpose(0, 3, 1, 2)
    found = [
        [ndimage.map_coordinates(plane, at, order=1, mode="nearest") for plane in image]
        for image in planes
    ]
    return np.asarray(found).transpose(0, 2, 3, 1)


def features(variables, images):
    """The definition in float64."""
    layers = Normed(variables, EPSILON)
    x = layer(2 * resized(images) - 1, layers, "Conv2d_1a_3x3", stride=2)
    x = layer(x, layers, "Conv2d_2a_3x3")
    x = max_pool(layer(x, layers, "Conv2d_2b_3x3", (1, 1)), 3, 2)
    x = layer(layer(x, layers, "Conv2d_3b_1x1"), layers, "Conv2d_4a_3x3")
    x = max_pool(x, 3, 2)
    for name, block in DEFINITIONS.items():
        x = np.concatenate(block(x, layers.inner(name)), axis=-1)
    assert x.shape[1:3] == (8, 8)
    return x.mean(axis=(1, 2))


@pytest.mark.parametrize("size", [(37, 52), (330, 310)], ids=["enlarged", "reduced"])
def test_features_are_those_of_the_definition(size):
    network = InceptionV3(SMALL)
    images = np.random.default_rng(0).random((1, *size, 3), np.float32)
    variables = fill(network, images)
    found = jax.jit(network.apply)(variables, images)
    expected = features(variables, images)
    assert found.shape == (1, 2048 // SMALL) and expected.std() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["Mixed_5b", "Mixed_6b", "Mixed_7b", "Mixed_7c"])
def test_pools_count_no_pixels_beyond_the_edge(name):
    """Maps below zero, so that zeros around them would raise any mean or maximum."""
    block = InceptionBlock(BLOCKS[name], SMALL)
    x = -1 - np.random.default_rng(1).random((2, 4, 5, 6), np.float32)
    variables = fill(block, x)
    found = jax.jit(block.apply)(variables, x)
    layers = Normed(variables, EPSILON)
    expected = np.concatenate(DEFINITIONS[name](x, layers), axis=-1)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_the_last_block_alone_takes_the_largest():
    pools = {
        name: [step for steps in branches for step in steps if isinstance(step, Pool)]
        for name, branches in BLOCKS.items()
    }
    halving = {"Mixed_6a": [Pool.HALVE], "Mixed_7a": [Pool.HALVE]}
    rest = {name: [Pool.AVERAGE] for name in BLOCKS}
    assert pools == rest | halving | {"Mixed_7c": [Pool.LARGEST]}


@pytest.mark.parametrize(("divisor", "width"), [(1, 2048), (16, 128)])
def test_sizes(divisor, width):
    network = InceptionV3(divisor)
    images = jax.ShapeDtypeStruct((3, 40, 30, 3), jnp.float32)
    found, variables = jax.eval_shape(
        network.init_with_output, jax.random.key(0), images
    )
    assert found.shape == (3, width) and found.dtype == jnp.float32
    if divisor == 1:
        leaves = jax.tree.leaves(variables["params"])
        assert sum(leaf.size for leaf in leaves) == 21_785_568


def test_wrong_pictures_and_divisors_are_refused():
    key = jax.random.key(0)
    with pytest.raises(ValueError, match=r"Inception-v3 input.*got \[1, 3, 32, 32\]"):
        InceptionV3().init(key, jnp.zeros((1, 3, 32, 32)))
    with pytest.raises(ValueError, match=r"channel_divisor: expected 1, 2, .* got 3"):
        InceptionV3(3).init(key, jnp.zeros((1, 32, 32, 3)))
