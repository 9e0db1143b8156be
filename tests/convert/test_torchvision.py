import jax
import pytest

from face_jax.convert.torchvision import alexnet_table, inception_table, vgg_table
from face_jax.nn.alexnet import AlexNetFeatures
from face_jax.nn.inception_v3 import InceptionV3
from face_jax.nn.vgg import VggFeatures

IMAGE = jax.ShapeDtypeStruct((1, 32, 32, 3), "float32")
NUMBERS = {
    "vgg16": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21),
    "vgg19": (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25),
}


@pytest.mark.parametrize("variant", NUMBERS)
def test_convolutions_have_torchvisions_numbers(variant):
    last = {"vgg16": "relu4_3", "vgg19": "relu4_4"}[variant]
    network = VggFeatures((last,), variant)
    shapes = jax.eval_shape(network.init, jax.random.key(0), IMAGE)
    table = vgg_table(variant, shapes["params"], ("eyes", "params"))
    names = [f"features.{n}.{k}" for n in NUMBERS[variant] for k in ("weight", "bias")]
    assert list(table) == names
    assert table[names[-2]].path[:2] == ("eyes", "params")
    assert table[names[-2]].path[2:] == (last.replace("relu", "conv"), "kernel")


def test_other_names_may_say_the_block():
    shapes = {"conv2_1": None, "conv3_2": None}
    table = vgg_table("vgg16", shapes, ("n",), "slice{block}.{number}")
    weights = [name for name in table if name.endswith("weight")]
    assert weights == ["slice2.5.weight", "slice3.12.weight"]


def test_alexnet_has_torchvisions_numbers():
    network = AlexNetFeatures()
    shapes = jax.eval_shape(network.init, jax.random.key(0), IMAGE)
    table = alexnet_table(("eyes", "params"))
    numbers = [int(name.split(".")[1]) for name in table if name.endswith("weight")]
    assert numbers == [0, 3, 6, 8, 10]
    assert {entry.path[2] for entry in table.values()} == set(shapes["params"])


def test_inception_has_torchvisions_names():
    network = InceptionV3(16)
    shapes = jax.eval_shape(network.init, jax.random.key(0), IMAGE)
    table = inception_table(shapes["params"], ("eyes", "params"))
    assert len(table) == 94 * 5
    path = table["Mixed_7c.branch3x3dbl_3b.bn.running_var"].path
    assert path == ("eyes", "batch_stats", "Mixed_7c", "branch3x3dbl_3b", "bn", "var")
    assert table["Conv2d_1a_3x3.conv.weight"].path[2:] == (
        "Conv2d_1a_3x3",
        "conv",
        "kernel",
    )
