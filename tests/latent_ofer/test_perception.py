import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.perception import (
    expression_logits,
    feature_network,
    perceive,
    perceive_expression,
)
from face_jax.nn.basic_resnet import BasicBlock
from face_jax.nn.resample import resize_bilinear
from face_jax.nn.vgg import IMAGENET_MEAN, IMAGENET_STD
from tests.filled import fill
from tests.latent_ofer.small_judges import EXPRESSION
from tests.nn import numpy_layers


def pictures():
    shape = (1, 32, 32, 3)
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


@pytest.fixture(scope="module")
def weights():
    return fill(feature_network(), pictures())


def test_features_are_a_pooled_map_and_a_deep_one(weights):
    found = jax.jit(perceive)(weights, pictures())
    third, deep = feature_network().apply(weights, pictures() / 2 + 0.5)
    np.testing.assert_allclose(
        found.pooled, numpy_layers.max_pool(third, 2, 2), atol=1e-5
    )
    np.testing.assert_allclose(found.deep, deep, atol=1e-5)
    assert (found.pooled.shape, found.deep.shape) == ((1, 4, 4, 256), (1, 4, 4, 512))


def test_published_code_shows_pictures_as_they_are(weights):
    run = jax.jit(perceive, static_argnums=2)
    normalized = (pictures() / 2 + 0.5 - IMAGENET_MEAN) / IMAGENET_STD
    for ours, theirs in zip(
        run(weights, pictures()), run(weights, normalized, "reference"), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_expressions_are_seen_in_normalised_pictures_of_the_trained_size():
    weights = fill(EXPRESSION, pictures())
    found = expression_logits(EXPRESSION, weights, pictures(), side=48)
    shown = (pictures() / 2 + 0.5 - IMAGENET_MEAN) / IMAGENET_STD
    shown = resize_bilinear(shown, (48, 48))
    expected = expression_logits(EXPRESSION, weights, shown, "reference")
    np.testing.assert_allclose(found, expected, atol=1e-5)
    raw = expression_logits(EXPRESSION, weights, pictures(), "reference")
    np.testing.assert_allclose(raw, EXPRESSION.apply(weights, pictures()).logits)
    assert np.abs(raw - found).max() > 1e-3


def test_an_expression_network_is_looked_at_where_it_has_an_eighth_of_the_size():
    network = EXPRESSION.clone(depths=(1, 2))
    weights = fill(network, pictures())
    found = jax.jit(perceive_expression, static_argnums=0)(network, weights, pictures())
    assert found.deep.shape == (1, 4, 4, 2 * 8)
    np.testing.assert_array_equal(found.pooled, found.deep)
    shown = (pictures() / 2 + 0.5 - IMAGENET_MEAN) / IMAGENET_STD
    # The second stage is the last one: its last block's map is what heads see.
    last = jax.jit(network.apply)(weights, jnp.asarray(shown)).features
    np.testing.assert_allclose(found.deep[..., 8:], last, atol=1e-5)
    second = {
        kind: weights[kind]["image_branch"]["trunk"]["stage_1_block_1"]
        for kind in ("params", "batch_stats")
    }
    again = BasicBlock(8).apply(second, found.deep[..., :8])
    np.testing.assert_allclose(again, last, atol=1e-5)


def test_an_expression_network_of_one_stage_is_refused():
    weights = fill(EXPRESSION, pictures())
    with pytest.raises(ValueError, match="expected at least 2 stages, got 1"):
        perceive_expression(EXPRESSION, weights, pictures())
