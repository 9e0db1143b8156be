import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.convert.engine import to_published, to_variables
from face_jax.latent_ofer.discriminators import FeatureDiscriminator, ImageDiscriminator
from face_jax.latent_ofer.generator import ReconstructionGenerator
from face_jax.latent_ofer.generator_table import generator_table
from face_jax.latent_ofer.perception import feature_network
from tests.filled import fill

IMAGES = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
HOLES = jax.ShapeDtypeStruct((1, 32, 32), jnp.bool_)
NETWORKS = {
    "generator": (ReconstructionGenerator(width=2, levels=5), IMAGES, IMAGES, HOLES),
    "image_discriminator": (ImageDiscriminator(width=2), IMAGES),
    "feature_discriminator": (
        FeatureDiscriminator(width=4),
        jax.ShapeDtypeStruct((1, 8, 8, 3), jnp.float32),
    ),
    "vgg16": (feature_network(), IMAGES),
}
SOME_SHAPES = {
    "generator": {
        "model.model.0.weight": (4, 12, 3, 3),
        "model.model.1.model.6.model.6.model.4.weight": (32, 16, 3, 3),
        "model.model.1.model.6.model.6.model.7.weight": (16,),
        "model.model.1.model.6.model.6.model.11.weight": (32, 8, 3, 3),
        "model.model.1.model.6.model.6.model.8.model.6.model.3.weight": (16, 16, 4, 4),
        "model.model.3.weight": (4, 3, 3, 3),
    },
    "image_discriminator": {"model.11.weight": (1, 16, 4, 4), "model.9.bias": (16,)},
    "feature_discriminator": {"model.5.weight": (4, 4, 4, 4)},
    "vgg16": {"slice4.21.weight": (512, 512, 3, 3)},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_names_there_and_back(name):
    variables = {name: fill(*NETWORKS[name])}
    table = generator_table(variables[name], name, "N.")
    published = to_published(variables, table)
    for key, shape in SOME_SHAPES[name].items():
        assert published[f"N.{key}"].shape == shape
    back = to_variables(published, table, variables)
    jax.tree.map(np.testing.assert_array_equal, back, variables)


def test_unknown_networks_are_refused():
    with pytest.raises(ValueError, match=r"network: expected one of \['generator'"):
        generator_table({"params": {}}, "encoder")
