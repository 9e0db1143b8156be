import dataclasses

import jax
import numpy as np
import pytest

from face_jax.latent_ofer.blocks import (
    Doubling,
    convolution,
    doubling_kernel,
    plain_kernel,
    transposed_convolution,
)
from face_jax.latent_ofer.folding import (
    fold_expression,
    fold_generator,
    fold_pipeline,
    fold_recognizer,
)
from face_jax.latent_ofer.generator import ReconstructionGenerator
from face_jax.latent_ofer.model import classify
from tests.filled import fill
from tests.latent_ofer.small_networks import (
    EXPRESSION,
    RECOGNIZER,
    latents,
    pictures,
)
from tests.latent_ofer.small_pipeline import small_model
from tests.latent_ofer.small_tasks import random_batch

HOLES = np.zeros((2, 16, 16), bool)
HOLES[:, 4:10, 5:12] = True
NETWORKS = {
    "expression": (EXPRESSION, fold_expression, (pictures(),)),
    "expression, channels first": (
        EXPRESSION.clone(order="channel_first"),
        fold_expression,
        (pictures(),),
    ),
    "recogniser": (RECOGNIZER, fold_recognizer, (pictures(), latents())),
    "recogniser of pictures": (
        RECOGNIZER.clone(latent_features=()),
        fold_recognizer,
        (pictures(),),
    ),
    "generator": (
        ReconstructionGenerator(width=2, levels=4),
        fold_generator,
        (*np.random.default_rng(0).normal(size=(2, 2, 16, 16, 3)), HOLES),
    ),
}


@pytest.mark.parametrize(("network", "fold", "given"), NETWORKS.values(), ids=NETWORKS)
def test_a_folded_network_finds_the_same(network, fold, given):
    variables = fill(network, *given)
    before = jax.tree.map(np.array, variables)
    folded, made = network.clone(folded=True), fold(variables)
    shapes = jax.eval_shape(folded.init, jax.random.key(0), *given)
    assert jax.tree.map(np.shape, made) == jax.tree.map(np.shape, shapes)
    found = jax.jit(folded.apply)(made, *given)
    expected = jax.jit(network.apply)(variables, *given)
    _close(found, expected)
    jax.tree.map(np.testing.assert_array_equal, before, variables)


@pytest.mark.parametrize("name", ["expression", "recogniser"])
def test_a_folded_network_is_not_trained(name):
    network, _, given = NETWORKS[name]
    with pytest.raises(
        ValueError, match="folded: expected False in training, got True"
    ):
        network.clone(folded=True).init(jax.random.key(0), *given, train=True)


def test_a_folded_recogniser_keeps_nothing_of_the_latent_branch():
    variables = fill(RECOGNIZER, pictures(), latents())
    made = fold_recognizer(variables)["params"]
    assert {"attention_logits", "latent_logits", "image_branch"} == set(made)
    tokens = latents().shape[1] * latents().shape[2]
    assert made["latent_logits"]["kernel"].shape == (tokens, RECOGNIZER.num_classes)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_a_doubling_multiplies_no_zeros_and_is_the_transposed_convolution(side):
    x = np.random.default_rng(1).normal(size=(2, side, side + 1, 3)).astype(np.float32)
    plain = transposed_convolution(4, "plain", side=4, stride=2)
    variables = fill(plain, x)
    layer = variables["params"]
    made = {**layer, "kernel": doubling_kernel(layer["kernel"])}
    found = Doubling(4).apply({"params": made}, x)
    np.testing.assert_allclose(found, plain.apply(variables, x), rtol=1e-4, atol=1e-5)


def test_a_transposed_convolution_of_stride_1_is_a_convolution():
    x = np.random.default_rng(1).normal(size=(2, 4, 5, 3)).astype(np.float32)
    plain = transposed_convolution(4, "plain", side=3, stride=1)
    variables = fill(plain, x)
    layer = variables["params"]
    made = {**layer, "kernel": plain_kernel(layer["kernel"])}
    found = convolution(4, "folded").apply({"params": made}, x)
    np.testing.assert_allclose(found, plain.apply(variables, x), rtol=1e-4, atol=1e-5)


def test_a_folded_model_recognises_the_same():
    model = small_model()
    pipeline, variables = fold_pipeline(model.pipeline, model.variables)
    folded = dataclasses.replace(model, pipeline=pipeline, variables=variables)
    images = random_batch()["image"]
    _close(classify(folded, images), classify(model, images))


def _close(found, expected):
    """Within 1e-5 of each array's scale; what is folded away is empty."""
    pairs = zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True)
    for ours, theirs in pairs:
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        if ours.size:
            limit = 1e-5 * max(np.abs(theirs).max(), 1e-30)
            np.testing.assert_allclose(ours, theirs, atol=limit)
