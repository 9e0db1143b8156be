import jax
import jax.numpy as jnp
import numpy as np

from face_jax.convert.engine import to_published, to_variables
from face_jax.latent_ofer.mae import masked_autoencoder
from face_jax.latent_ofer.mae_table import masked_autoencoder_table
from tests.convert.trees import assert_trees_equal
from tests.filled import fill


def test_weights_survive_their_published_names():
    picture = jax.ShapeDtypeStruct((1, 64, 64, 3), jnp.float32)
    variables = {"mae": fill(masked_autoencoder("tiny"), picture)}
    table = masked_autoencoder_table(variables["mae"], "mae")
    published = to_published(variables, table)
    assert len(published) == 74
    assert published["blocks.2.attn.qkv.weight"].shape == (288, 96)
    assert published["decoder_blocks.1.mlp.fc2.bias"].shape == (64,)
    assert published["patch_embed.proj.weight"].shape == (96, 3, 16, 16)
    assert published["decoder_pos_embed"].shape == (1, 17, 64)
    np.testing.assert_array_equal(
        published["cls_token"][0], variables["mae"]["params"]["class_token"]
    )
    assert_trees_equal(to_variables(published, table, variables), variables)
