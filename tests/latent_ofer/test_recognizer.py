import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.recognizer import Recognizer
from tests.filled import fill
from tests.latent_ofer.small_networks import RECOGNIZER, latents, pictures, recognize
from tests.nn import numpy_layers


def test_the_fusion_joins_attention_and_latents_without_activations():
    images, given = pictures(), latents()
    variables = fill(RECOGNIZER, images, given)
    found = recognize(variables, images, given)
    layers = numpy_layers.Normed(variables).inner("fusion")
    x = np.concatenate([found.attention, found.latent], axis=-1).astype(np.float64)
    for index in range(2):
        x = numpy_layers.dense(x, layers.params[f"fusion_{index}"])
    x, classifier = layers.norm(x, "fusion_norm"), layers.inner("classifier")
    x = classifier.norm(numpy_layers.dense(x, classifier.params["dense"]), "norm")
    np.testing.assert_allclose(found.logits, x, rtol=1e-4, atol=1e-5)


def test_attention_has_the_bound_that_shares_give_it():
    images, given = pictures(), latents()
    variables = fill(RECOGNIZER, images, given)
    found = recognize(variables, images, given)
    assert found.attention.max() <= -2 * np.log(2) + 1e-6


def test_both_inputs_count():
    images, given = pictures(), latents()
    variables = fill(RECOGNIZER, images, given)
    found = recognize(variables, images, given).logits
    for other in ((images[::-1], given), (images, given[::-1])):
        changed = recognize(variables, *other).logits
        assert np.abs(changed - found).max() > 1e-3


def count(tree):
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def test_published_sizes():
    images = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    given = jax.ShapeDtypeStruct((1, 78, 512), jnp.float32)
    found, variables = jax.eval_shape(
        Recognizer().init_with_output, jax.random.key(0), images, given
    )
    params = variables["params"]
    layers = [params["latent_branch"][f"dense_{index}"] for index in range(4)]
    assert count(layers) == 454_758_424
    assert count(params) == 474_719_997
    assert found.logits.shape == (1, 7)
    assert found.latent.shape == (1, 256)
