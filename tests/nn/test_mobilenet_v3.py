import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.mobilenet_v3 import MobileNetV3, SeparableBlock
from tests.filled import fill
from tests.nn import numpy_layers
from tests.nn.statistics import assert_statistics_move

CHANNELS = {
    "small": (16, 16, 24, 48, 576),
    "large": (16, 24, 40, 112, 960),
    "tiny": (16, 16, 24, 32, 96),
}


def shapes(variant, *size):
    images = jax.ShapeDtypeStruct((2, *size, 3), jnp.float32)
    network = MobileNetV3(variant)
    return jax.eval_shape(network.init_with_output, jax.random.key(0), images)


@pytest.mark.parametrize("variant", CHANNELS)
def test_maps_halve_rounding_up(variant):
    maps, _ = shapes(variant, 224, 150)
    sides = [(112, 75), (56, 38), (28, 19), (14, 10), (7, 5)]
    assert [m.shape for m in maps] == [
        (2, *side, channels)
        for side, channels in zip(sides, CHANNELS[variant], strict=True)
    ]


@pytest.mark.parametrize(
    ("variant", "count"), [("small", 428_888), ("large", 1_413_208)]
)
def test_parameters(variant, count):
    _, variables = shapes(variant, 64, 64)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"])) == count


@pytest.mark.parametrize(
    ("block", "side", "padding"),
    [
        (SeparableBlock(4, 10), 6, (1, 1)),
        (SeparableBlock(4, 10, 2), 6, (0, 1)),
        (SeparableBlock(4, None), 5, (1, 1)),
        (SeparableBlock(6, None), 5, (1, 1)),
    ],
    ids=["residual", "stride", "residual without expansion", "widening"],
)
def test_a_block_is_its_definition(block, side, padding):
    x = jax.random.normal(jax.random.key(0), (2, side, side, 4))
    variables = fill(block, x)
    layers = numpy_layers.Normed(variables, epsilon=1e-3)
    y = np.asarray(x, np.float64)
    if block.expanded:
        y = y @ layers.params["expand"]["kernel"]
        y = numpy_layers.relu(layers.norm(y, "expand_norm"))
    kernel = layers.params["depthwise"]["kernel"]
    y = numpy_layers.depthwise(y, kernel, block.stride, padding)
    y = numpy_layers.relu(layers.norm(y, "depthwise_norm"))
    y = layers.norm(y @ layers.params["project"]["kernel"], "project_norm")
    residual = block.stride == 1 and block.features == 4
    expected = y + x if residual else y
    found = jax.jit(block.apply)(variables, x)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_training_moves_the_statistics_of_every_norm():
    x = jax.random.uniform(jax.random.key(0), (2, 32, 32, 3))
    assert_statistics_move(MobileNetV3("tiny"), x)


def test_pointwise_convolutions_start_with_mobilenets_spread():
    block = SeparableBlock(200, 300)
    variables = jax.jit(block.init)(jax.random.key(0), jnp.zeros((1, 4, 4, 100)))
    spreads = {
        k: float(jnp.std(v["kernel"]))
        for k, v in variables["params"].items()
        if "kernel" in v
    }
    np.testing.assert_allclose(spreads["expand"], np.sqrt(2 / 300), rtol=0.03)
    np.testing.assert_allclose(spreads["project"], np.sqrt(2 / 200), rtol=0.03)


def test_wrong_variants_and_pictures_are_refused():
    with pytest.raises(ValueError, match=r"variant: expected one of .*got 'huge'"):
        MobileNetV3("huge").init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)))
    with pytest.raises(ValueError, match=r"MobileNetV3 input.*got \[1, 3, 32, 32\]"):
        MobileNetV3().init(jax.random.key(0), jnp.zeros((1, 3, 32, 32)))
