import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.expression import ExpressionNetwork
from tests.filled import fill
from tests.latent_ofer.small_networks import CHANNELS, EXPRESSION, pictures, see

BRANCH_PARAMETERS = 11_176_512 + 8_543_616
"""The trunk's and the four heads' at the published sizes."""
CLASSIFIER_PARAMETERS = 512 * 7 + 7 + 2 * 7


def test_both_steps_are_the_network():
    images = pictures()
    variables = fill(EXPRESSION, images)
    whole = see(variables, images)

    @jax.jit
    def steps(variables, images):
        attended = EXPRESSION.apply(variables, images, method=EXPRESSION.attend)
        return attended, EXPRESSION.apply(
            variables, attended, method=EXPRESSION.classify
        )

    attended, logits = steps(variables, images)
    assert attended.shape == (2, 2, 4, 4, CHANNELS)
    assert whole.heads.shape == (2, 2, CHANNELS)
    assert whole.features.shape == (2, 4, 4, CHANNELS)
    np.testing.assert_allclose(logits, whole.logits, rtol=1e-5, atol=1e-6)


def test_logits_are_made_of_the_sum_of_the_shares():
    images = pictures()
    variables = fill(EXPRESSION, images)
    found = see(variables, images)
    params = variables["params"]["classifier"]
    statistics = variables["batch_stats"]["classifier"]["norm"]
    x = found.heads.sum(axis=1) @ params["dense"]["kernel"] + params["dense"]["bias"]
    x = (x - statistics["mean"]) / np.sqrt(statistics["var"] + 1e-5)
    expected = x * params["norm"]["scale"] + params["norm"]["bias"]
    np.testing.assert_allclose(found.logits, expected, rtol=1e-4, atol=1e-5)


def test_in_training_the_norms_of_heads_and_classifier_follow_the_batch():
    images = pictures(count=3)
    variables = fill(EXPRESSION, images)
    _, state = jax.jit(
        lambda v, x: EXPRESSION.apply(v, x, train=True, mutable=["batch_stats"])
    )(variables, images)
    pairs = jax.tree.map(np.allclose, variables["batch_stats"], state["batch_stats"])
    assert not any(jax.tree.leaves(pairs))


def test_published_sizes():
    shape = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    variables = jax.eval_shape(ExpressionNetwork().init, jax.random.key(0), shape)
    count = sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))
    assert count == BRANCH_PARAMETERS + CLASSIFIER_PARAMETERS


def test_short_types_give_float32_logits():
    images = jax.ShapeDtypeStruct((2, 28, 28, 3), jnp.float32)
    short = EXPRESSION.clone(dtype=jnp.bfloat16)
    found, variables = jax.eval_shape(short.init_with_output, jax.random.key(0), images)
    assert found.logits.dtype == found.heads.dtype == jnp.float32
    assert found.features.dtype == jnp.bfloat16
    assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {jnp.dtype("float32")}
