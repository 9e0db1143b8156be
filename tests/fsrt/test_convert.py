import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.convert.engine import ConversionError
from face_jax.fsrt import convert
from face_jax.fsrt.decoder import Decoder
from face_jax.fsrt.discriminator import Discriminator
from face_jax.fsrt.encoder import Encoder
from face_jax.fsrt.expression import ExpressionEncoder
from face_jax.fsrt.keypoints import KeypointDetector
from face_jax.nn.resample import gaussian_kernel
from face_jax.nn.vgg import VggFeatures
from tests.convert.trees import assert_trees_equal
from tests.filled import fill

SMALL = {"width": 16, "num_heads": 2, "head_dim": 8, "mlp_dim": 16}


def shape(*sizes):
    return jax.ShapeDtypeStruct(sizes, jnp.float32)


@pytest.fixture(scope="module")
def variables():
    """All networks, small."""
    images, keypoints, expression = (
        shape(1, 1, 32, 32, 3),
        shape(1, 1, 10, 2),
        shape(1, 1, 8),
    )
    detector = KeypointDetector(block_expansion=4, num_blocks=3, max_features=16)
    patches = ((4, 8), (8, 8), (8, 16))
    return {
        "keypoint_detector": fill(detector, shape(1, 64, 64, 3)),
        "expression_encoder": fill(
            ExpressionEncoder(features_per_keypoint=2, hidden=(8, 6)),
            shape(1, 16, 16, 5),
            shape(1, 10, 10, 10),
        ),
        "encoder": fill(
            Encoder(patch_channels=patches, depth=2, **SMALL),
            images,
            keypoints,
            expression,
        ),
        "decoder": fill(
            Decoder(input_hidden=12, depth=2, render_hidden=(16, 8), **SMALL),
            shape(1, 16, 16),
            shape(5, 2),
            keypoints,
            expression,
        ),
        "discriminator": fill(
            Discriminator(scales=(1, 0.5), block_expansion=4, max_features=8),
            shape(1, 256, 256, 3),
            shape(1, 10, 2),
        ),
        "vgg19": fill(VggFeatures(), shape(1, 16, 16, 3)),
    }


@pytest.fixture
def published(variables):
    return convert.to_published(variables)


def test_to_published_and_back_is_the_identity(variables, published):
    assert_trees_equal(convert.from_published(published, variables), variables)


def test_names_and_axis_orders_are_the_published_ones(variables, published):
    encoder = variables["encoder"]["params"]
    np.testing.assert_array_equal(
        published["encoder.transformer.layers.1.0.fn.to_qkv.weight"],
        encoder["blocks_1"]["attention"]["qkv"]["kernel"].T,
    )
    first = published["encoder.conv_blocks.0.layers.0.weight"]
    assert first[3, 7, 0, 2] == encoder["patch_0_conv"]["kernel"][0, 2, 7, 3]
    assert published["encoder.per_patch_linear.weight"].shape == (16, 16, 1, 1)
    names = {
        "decoder.render_mlp.4.bias",
        "decoder.allocation_transformer.transformer.layers.0.0.fn.to_kv.weight",
        "expression_encoder.expression_mlp.4.weight",
        "discriminator.discs.0-5.down_blocks.3.norm.weight",
        "kp_detector.predictor.decoder.up_blocks.2.norm.running_var",
        "vgg19.features.28.bias",
    }
    assert names <= set(published)


def test_nested_checkpoints_with_wrappers_and_training_state(variables, published):
    nested = {}
    for name, array in published.items():
        network, rest = name.split(".", 1)
        nested.setdefault(network, {})[f"module.{rest}"] = array
    nested |= {"optimizer": {"state": {"0": np.zeros(3)}}, "it": 7, "run_id": "x"}
    nested |= {"epoch_it": 1, "t": 0.5, "loss_val_best": 3.0, "optimizer_disc": {}}
    assert_trees_equal(convert.from_published(nested, variables), variables)
    flat = {f"module.{name}": array for name, array in published.items()}
    assert_trees_equal(convert.from_published(flat, variables), variables)


def test_files_of_a_single_network_need_no_prefix(variables, published):
    bare = {
        name.removeprefix("kp_detector.").removeprefix("vgg19."): array
        for name, array in published.items()
    }
    kernel = gaussian_kernel(0.25)
    blur = np.broadcast_to(np.outer(kernel, kernel), (3, 1, 13, 13))
    bare |= {
        "down.weight": blur,
        "jacobian.weight": np.zeros((40, 35, 7, 7)),
        "jacobian.bias": np.zeros(40),
        "predictor.encoder.down_blocks.0.norm.num_batches_tracked": np.array(5),
        "features.30.weight": np.zeros((512, 512, 3, 3)),
        "features.34.bias": np.zeros(512),
        "classifier.0.weight": np.zeros((8, 8)),
    }
    assert_trees_equal(convert.from_published(bare, variables), variables)


def test_another_blur_is_refused(variables, published):
    published["kp_detector.down.weight"] = np.full((3, 1, 13, 13), 1 / 169)
    with pytest.raises(ConversionError, match=r"kp_detector\.down\.weight"):
        convert.from_published(published, variables)


def test_some_networks_can_be_left_out_but_only_by_name(variables, published):
    wanted = {k: v for k, v in variables.items() if k != "discriminator"}
    with pytest.raises(ConversionError, match="unknown network 'discriminator'"):
        convert.from_published(published, wanted)
    converted = convert.from_published(published, wanted, ignore=["discriminator"])
    assert_trees_equal(converted, wanted)


def test_a_missing_network_is_named(variables, published):
    partial = {k: v for k, v in published.items() if not k.startswith("decoder.")}
    with pytest.raises(ConversionError, match="missing network 'decoder'"):
        convert.from_published(partial, variables)


def test_a_detector_with_group_norm_has_no_published_form():
    detector = KeypointDetector(
        block_expansion=4, num_blocks=3, max_features=16, norm="group"
    )
    variables = {"keypoint_detector": fill(detector, shape(1, 64, 64, 3))}
    with pytest.raises(ConversionError, match="does not exist"):
        convert.to_published(variables)


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match="got generator"):
        convert.to_published({"generator": {"params": {}}})
