import itertools

import jax
import numpy as np
import pytest

from face_jax.nn.basic_resnet import BasicResNet
from face_jax.nn.batch_norm import check_folded
from face_jax.nn.folding import fold_batch_norms, fold_norm, multiply_out
from face_jax.nn.mobilenet_v3 import EPSILON, MobileNetV3
from face_jax.nn.patch_net import PatchNet
from tests.filled import fill
from tests.nn import numpy_layers

NETWORKS = {
    "MobileNetV3": (MobileNetV3("tiny"), EPSILON),
    "PatchNet": (PatchNet(widths=(4, 6), depths=(1, 2)), 1e-3),
    "ResNet": (BasicResNet(depths=(1, 1), width=3), 1e-5),
}
IMAGES = np.random.default_rng(1).normal(size=(2, 32, 32, 3)).astype(np.float32)


@pytest.mark.parametrize(("network", "epsilon"), NETWORKS.values(), ids=NETWORKS)
def test_a_folded_network_finds_the_same(network, epsilon):
    variables = fill(network, IMAGES)
    before = jax.tree.map(np.array, variables)
    folded, made = network.clone(folded=True), fold_batch_norms(variables, epsilon)
    shapes = jax.eval_shape(folded.init, jax.random.key(0), IMAGES)
    assert jax.tree.map(np.shape, made) == jax.tree.map(np.shape, shapes)
    found, expected = (
        jax.jit(module.apply)(given, IMAGES)
        for module, given in ((folded, made), (network, variables))
    )
    pairs = zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())
    jax.tree.map(np.testing.assert_array_equal, before, variables)


@pytest.mark.parametrize(("network", "epsilon"), NETWORKS.values(), ids=NETWORKS)
def test_a_folded_network_is_not_trained(network, epsilon):
    folded = network.clone(folded=True)
    with pytest.raises(
        ValueError, match="folded: expected False in training, got True"
    ):
        folded.init(jax.random.key(0), IMAGES, train=True)


def test_what_is_not_folded_may_be_trained():
    check_folded(folded=False, train=True)
    check_folded(folded=True, train=False)


def test_a_layer_and_its_norm_are_one_layer():
    rng = np.random.default_rng(2)
    layer = {"kernel": rng.normal(size=(4, 3)), "bias": rng.normal(size=3)}
    norm = {"scale": rng.normal(size=3), "bias": rng.normal(size=3)}
    statistics = {"mean": rng.normal(size=3), "var": rng.uniform(0.5, 2, 3)}
    x = rng.normal(size=(5, 4))
    variables = {"params": {"norm": norm}, "batch_stats": {"norm": statistics}}
    expected = numpy_layers.Normed(variables).norm(numpy_layers.dense(x, layer), "norm")
    found = fold_norm(layer, norm, statistics)
    np.testing.assert_allclose(numpy_layers.dense(x, found), expected, rtol=1e-5)


def test_a_norm_without_a_layer_is_told():
    norm = {"scale": np.ones(2), "bias": np.zeros(2)}
    statistics = {"mean": np.zeros(2), "var": np.ones(2)}
    variables = {
        "params": {"inner": {"other_norm": norm}},
        "batch_stats": {"inner": {"other_norm": statistics}},
    }
    with pytest.raises(ValueError, match="inner/other_norm: expected a layer before"):
        fold_batch_norms(variables)


def test_layers_without_activations_are_one():
    rng, widths = np.random.default_rng(3), (4000, 7, 5, 2)
    layers = [
        {
            "kernel": rng.normal(size=size).astype(np.float32),
            "bias": rng.normal(size=size[1]).astype(np.float32),
        }
        for size in itertools.pairwise(widths)
    ]
    x = rng.normal(size=(3, widths[0]))
    expected = x
    for layer in layers:
        expected = expected @ layer["kernel"].astype(np.float64) + layer["bias"]
    found = multiply_out(layers)
    assert found["kernel"].dtype == found["bias"].dtype == np.float32
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        x @ found["kernel"] + found["bias"], expected, atol=1e-6 * scale
    )
