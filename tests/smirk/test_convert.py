import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.convert.engine import ConversionError
from face_jax.nn.mobilenet_v3 import MobileNetV3
from face_jax.nn.resnet import BottleneckResNet
from face_jax.smirk import convert
from face_jax.smirk.encoder import ExpressionEncoder, PoseEncoder, ShapeEncoder
from face_jax.smirk.generator import Generator
from face_jax.smirk.mica import Mica
from face_jax.smirk.perceptual import perceptual_network
from tests.convert.trees import assert_trees_equal
from tests.filled import fill

MICA = Mica(
    depths=(2, 1),
    channels=(3, 4),
    embedding_size=6,
    hidden=(5, 5),
    num_shape=7,
    image_size=12,
)


def shape(*sizes):
    return jax.ShapeDtypeStruct(sizes, jnp.float32)


@pytest.fixture(scope="module")
def variables():
    """All networks, small."""
    picture = shape(1, 32, 32, 3)
    return {
        "pose_encoder": fill(PoseEncoder(variant="tiny"), picture),
        "shape_encoder": fill(ShapeEncoder(num_shape=7, variant="tiny"), picture),
        "expression_encoder": fill(ExpressionEncoder(4, variant="tiny"), picture),
        "generator": fill(
            Generator(features=2, levels=2, residual_blocks=2), picture, picture
        ),
        "emotion": fill(BottleneckResNet(depths=(2, 1), width=2), picture),
        "mica": fill(MICA, shape(1, 12, 12, 3)),
        "vgg16": fill(perceptual_network(), picture),
    }


@pytest.fixture
def published(variables):
    return convert.to_published(variables)


def only(variables, *names):
    return {name: variables[name] for name in names}


def test_to_published_and_back_is_the_identity(variables, published):
    assert_trees_equal(convert.from_published(published, variables), variables)


def test_names_are_the_published_ones(published):
    pose = "smirk_encoder.pose_encoder"
    names = {
        f"{pose}.encoder.conv_stem.weight",
        f"{pose}.encoder.bn1.running_var",
        f"{pose}.encoder.blocks.0.0.conv_dw.weight",
        f"{pose}.encoder.blocks.0.0.bn2.bias",
        f"{pose}.encoder.blocks.3.1.conv_pwl.weight",
        f"{pose}.encoder.blocks.4.0.conv.weight",
        f"{pose}.encoder.blocks.4.0.bn1.weight",
        f"{pose}.pose_cam_layers.0.bias",
        "smirk_encoder.shape_encoder.shape_layers.0.weight",
        "smirk_encoder.expression_encoder.expression_layers.0.weight",
        "smirk_generator.encoder1.enc1conv1.weight",
        "smirk_generator.bottleneck.bottlenecknorm2.running_mean",
        "smirk_generator.resnet_blocks.1.conv_block.5.weight",
        "smirk_generator.decoder2.dec2conv2.weight",
        "backbone.layer1.0.downsample.1.running_mean",
        "backbone.layer2.0.conv3.weight",
        "arcface.layer1.1.prelu.weight",
        "arcface.features.running_var",
        "regressor.network.1.weight",
        "regressor.output.bias",
        "features.21.weight",
    }
    assert names <= set(published)
    assert "backbone.layer1.1.downsample.0.weight" not in published
    assert f"{pose}.encoder.blocks.0.0.conv_pwl.weight" not in published


def test_axis_orders_are_the_published_ones(variables, published):
    block = variables["pose_encoder"]["params"]["backbone"]["stage_1_block_0"]
    name = "smirk_encoder.pose_encoder.encoder.blocks.1.0"
    depthwise = published[f"{name}.conv_dw.weight"]
    assert depthwise.shape == (48, 1, 3, 3)
    assert depthwise[5, 0, 2, 1] == block["depthwise"]["kernel"][2, 1, 0, 5]
    expand = published[f"{name}.conv_pw.weight"]
    assert expand[7, 3, 0, 0] == block["expand"]["kernel"][3, 7]
    up = variables["generator"]["params"]["up_1"]["kernel"]
    assert published["smirk_generator.upconv2.weight"].shape == (8, 4, 2, 2)
    assert published["smirk_generator.upconv2.weight"][5, 3, 1, 0] == up[1, 0, 5, 3]
    kernel = variables["mica"]["params"]["identity"]["embedding"]["kernel"]
    row, column, channel = 1, 2, 3
    theirs = published["arcface.fc.weight"][0, (channel * 3 + row) * 3 + column]
    assert theirs == kernel[(row * 3 + column) * 4 + channel, 0]


def test_files_as_they_are_distributed(variables, published):
    networks = only(variables, "emotion", "mica", "vgg16")

    def part(start):
        names = (name for name in published if name.startswith(f"{start}."))
        return {name: published[name] for name in names}

    regressor = {**part("regressor"), "generator.v_template": np.zeros((5, 3))}
    files = {
        "epoch": 3,
        "optimizer_states": [],
        "hyper_parameters": {"lr": 0.1, "model": {"name": "x"}},
        "state_dict": {
            **part("backbone"),
            "backbone.bn1.num_batches_tracked": np.array(7),
            "backbone.fc.weight": np.zeros((100, 2048)),
            "linear.0.bias": np.zeros(8),
        },
        "arcface": {
            name.removeprefix("arcface."): array
            for name, array in part("arcface").items()
        },
        "flameModel": regressor,
        **part("features"),
        "features.24.weight": np.zeros((512, 512, 3, 3)),
        "classifier.6.bias": np.zeros(1000),
    }
    assert_trees_equal(convert.from_published(files, networks), networks)


def test_wrappers_of_parallel_training_are_dropped(variables, published):
    wrapped = {f"module.{name}": array for name, array in published.items()}
    assert_trees_equal(convert.from_published(wrapped, variables), variables)


def test_networks_are_left_out_by_name_alone(variables):
    wanted = only(variables, "pose_encoder")
    more = only(variables, "pose_encoder", "shape_encoder", "vgg16")
    published = convert.to_published(more)
    shape_encoder = "smirk_encoder.shape_encoder"
    found = convert.from_published(published, wanted, ["features", shape_encoder])
    assert_trees_equal(found, wanted)
    with pytest.raises(ConversionError, match="unknown network 'features'"):
        convert.from_published(published, wanted, [shape_encoder])
    with pytest.raises(ConversionError, match=rf"unknown {shape_encoder}\.encoder"):
        convert.from_published(published, wanted, ["features", "smirk_encoder.shape"])


@pytest.mark.parametrize(
    "name",
    [
        "smirk_encoder.expression_encoder.encoder.blocks.1.0.bn3.running_mean",
        "smirk_generator.upconv1.bias",
        "arcface.fc.weight",
    ],
)
def test_a_missing_array_is_named(variables, published, name):
    del published[name]
    with pytest.raises(ConversionError, match=f"missing {name}"):
        convert.from_published(published, variables)


def test_an_array_without_use_is_named(variables, published):
    published["smirk_generator.upconv3.bias"] = np.zeros(4)
    with pytest.raises(
        ConversionError, match=r"unknown smirk_generator\.upconv3\.bias"
    ):
        convert.from_published(published, variables)


def test_an_embedding_of_pictures_of_another_size_is_named(variables, published):
    published["arcface.fc.weight"] = np.zeros((6, 4 * 7 * 7))
    with pytest.raises(ConversionError, match=r"shape of arcface\.fc\.weight"):
        convert.from_published(published, variables)


def test_a_backbone_starts_from_timms_classifier(variables, published):
    start = "smirk_encoder.shape_encoder.encoder."
    weights = {
        name.removeprefix(start): array
        for name, array in published.items()
        if name.startswith(start)
    }
    encoder = variables["shape_encoder"]
    target = {name: tree["backbone"] for name, tree in encoder.items()}
    more = {
        "conv_head.weight": np.zeros((128, 96, 1, 1)),
        "conv_head.bias": np.zeros(128),
        "classifier.bias": np.zeros(1000),
        "bn1.num_batches_tracked": np.array(1),
    }
    found = convert.backbone_from_timm(weights | more, target)
    assert_trees_equal(found, target)
    images = jnp.ones((1, 32, 32, 3))
    maps = jax.eval_shape(MobileNetV3("tiny").apply, found, images)
    assert maps[-1].shape == (1, 1, 1, 96)
    with pytest.raises(ConversionError, match=r"unknown blocks\.9\.0"):
        convert.backbone_from_timm(weights | {"blocks.9.0.conv.weight": 1}, target)


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match=r"network: expected one of .*discriminator"):
        convert.to_published({"discriminator": {"params": {}}})
