"""Every kind of published files, with small networks and in PyTorch's format."""

import jax
import numpy as np
import pytest

from face_jax.convert.engine import ConversionError
from face_jax.convert.kinds import convert_files, publish
from face_jax.convert.torch_writer import write_state
from face_jax.convert.weight_files import open_weights
from face_jax.published import KINDS, kinds_of_system, published_kind
from face_jax.systems import SYSTEMS
from tests.filled import numbers_for
from tests.small_published import published_files, small_settings, write_files
from tests.smirk.small_task import write_head

FILES = {
    "fsrt": ["kp_detector.pt", "model.pt"],
    "inception": ["pt_inception-2015-12-05-6726825d.pt"],
    "lpips_alex": ["alex.pt", "alexnet.pt"],
    "lpips_vgg16": ["vgg.pt", "vgg16.pt"],
    "refinement": ["net_D.pt", "net_F.pt", "net_G.pt"],
}
FIRST_NAMES = {
    "fsrt": "decoder.allocation_transformer.input_mlp.0.bias",
    "smirk": "smirk_encoder.expression_encoder.encoder.blocks.0.0.bn1.bias",
    "mica": "arcface.bn1.bias",
    "emotion": "state_dict.backbone.bn1.bias",
    "mae": "model.blocks.0.attn.proj.bias",
    "dan": "bn.bias",
    "expression": "bn.bias",
    "recognizer": "batch_norm.bias",
    "refinement": "model.model.0.bias",
    "ms_celeb": "state_dict.bn1.bias",
    "vgg19": "features.0.bias",
    "vgg16": "features.0.bias",
    "lpips_alex": "features.0.bias",
    "inception": "Conv2d_1a_3x3.bn.bias",
    "lpips_vgg16": "features.0.bias",
    "mobilenet_v3_small": "blocks.0.0.bn1.bias",
    "mobilenet_v3_large": "blocks.0.0.bn1.bias",
}
"""First name in the last file, as its publisher has it."""


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    return write_head(tmp_path_factory.mktemp("head"))


@pytest.mark.parametrize("name", KINDS)
def test_files_become_variables_and_the_reverse(name, head, tmp_path):
    kind, variables, paths = published_files(name, head, tmp_path)
    assert sorted(p.name for p in paths) == FILES.get(name, [f"{name}.pt"])
    found = convert_files(kind, paths[::-1], small_settings(name, head))
    jax.tree.map(np.testing.assert_array_equal, found.variables, variables)
    assert all(
        n.endswith((".num_batches_tracked", "down.weight")) for n in found.ignored
    )
    names = []
    for path in sorted(paths):
        with open_weights(path) as weights:
            names.append(sorted(weights))
    assert names[-1][0] == FIRST_NAMES[name]
    assert len(found.used) + len(found.ignored) == sum(map(len, names))


def test_every_system_but_those_trained_here_alone_has_published_files():
    known = {published_kind(name).system for name in KINDS}
    trained_here = {"latent_ofer.detector", "fsrt.distillation"}
    assert known == set(SYSTEMS) - trained_here | {"weights"}
    assert kinds_of_system("fsrt.distillation") == kinds_of_system("fsrt") == ["fsrt"]
    assert kinds_of_system("latent_ofer.expression") == ["dan", "expression"]
    assert kinds_of_system("latent_ofer.detector") == []


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match=r"expected one of fsrt, vgg19, .*, got 'x'"):
        published_kind("x")


def convert_small(name, paths, head):
    return convert_files(published_kind(name), paths, small_settings(name, head))


def test_a_network_without_its_file_is_named(head, tmp_path):
    _, _, paths = published_files("fsrt", head, tmp_path)
    alone = [path for path in paths if path.stem == "model"]
    with pytest.raises(
        ConversionError, match=r"no keypoint_detector .* found .*encoder"
    ):
        convert_small("fsrt", alone, head)
    with pytest.raises(ConversionError, match=r"decoder\..* is in two of the files"):
        convert_small("fsrt", [*paths, *alone], head)


def test_other_files_are_refused(head, tmp_path):
    _, _, paths = published_files("mae", head, tmp_path)
    with pytest.raises(ConversionError, match="found none of its networks"):
        convert_small("smirk", paths, head)


def test_optional_networks_may_be_left_out(head, tmp_path):
    kind, variables, paths = published_files("refinement", head, tmp_path)
    found = convert_small("refinement", paths[:1], head)
    assert list(found.variables) == ["generator"]
    with pytest.raises(ConversionError, match="no generator"):
        convert_small("refinement", paths[1:], head)
    with pytest.raises(ConversionError, match="no generator"):
        publish(kind, {"feature_discriminator": variables["feature_discriminator"]})


def test_networks_of_another_kind_are_not_published(head, tmp_path):
    kind, variables, _ = published_files("fsrt", head, tmp_path)
    detector = {"params": variables["keypoint_detector"]["params"]}
    learned = {**variables, "keypoint_detector": detector}
    with pytest.raises(ConversionError, match=r"not built as published: .*batch_stats"):
        publish(kind, learned)


def test_training_checkpoints_and_ancestors_convert(head, tmp_path):
    """With ``module.``, optimizers, scalars; the detector among other networks."""
    kind, variables, _ = published_files("fsrt", head, tmp_path)
    files = publish(kind, variables)
    wrapped = {
        network: {f"module.{name}": array for name, array in arrays.items()}
        for network, arrays in files["model"].items()
    }
    state = {"state": {"0": np.ones(3, np.float32)}, "param_groups": np.zeros(1)}
    write_state(tmp_path / "a.pt", {**wrapped, "optimizer": state, "it": np.int64(3)})
    ancestor = {
        "generator": {"first.conv.weight": np.ones((1, 2))},
        "discriminator": {"discs.1.conv.weight": np.ones((1, 2))},
        "kp_detector": {
            **files["kp_detector"],
            "jacobian.weight": np.ones((4, 4, 7, 7), np.float32),
        },
    }
    write_state(tmp_path / "b.tar", ancestor)
    found = convert_small("fsrt", [tmp_path / "a.pt", tmp_path / "b.tar"], head)
    jax.tree.map(np.testing.assert_array_equal, found.variables, variables)
    assert {"it", "kp_detector.jacobian.weight"} < set(found.ignored)


def test_the_settings_that_fit_are_found(tmp_path):
    kind = published_kind("mae")
    flat = {"network": {"depth": 1, "decoder_depth": 1, "image_size": 32}}
    for settings in kind.settings:
        given = {**settings, **flat}
        paths = write_files(kind, numbers_for(kind.shapes(given)), tmp_path)
        assert convert_files(kind, paths, flat).settings == given
    with pytest.raises(ConversionError, match=r"blocks\.1\.norm1(.*\n)*.*and \d+ more"):
        convert_files(kind, paths)


def test_inception_of_another_training_is_refused(tmp_path):
    """Torchvision's own weights have the same names and another number of classes."""
    changes = small_settings("inception", None)
    kind, _, (path,) = published_files("inception", None, tmp_path)
    with open_weights(path) as weights:
        arrays = {name: np.asarray(weights[name]) for name in weights}
    for classes, name in ((1008, "fids.pt"), (1000, "torchvisions.pt")):
        classifier = {"fc.weight": np.ones((classes, 128), np.float32)}
        write_state(tmp_path / name, arrays | classifier)
    found = convert_files(kind, [tmp_path / "fids.pt"], changes)
    assert "fc.weight" in found.ignored
    with pytest.raises(ConversionError, match=r"fc\.weight: .* 1008 .* got .*\[1000, "):
        convert_files(kind, [tmp_path / "torchvisions.pt"], changes)


def test_smirk_needs_its_head(tmp_path):
    write_state(tmp_path / "a.pt", {"a": np.ones(2, np.float32)})
    with pytest.raises(ValueError, match=r"networks\.head: expected a file of FLAME"):
        convert_files(published_kind("smirk"), [tmp_path / "a.pt"])
