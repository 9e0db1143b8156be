"""Judges of small pictures, as small as they get, and what they judge."""

import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.discriminators import FeatureDiscriminator, ImageDiscriminator
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.generator import Refined
from face_jax.latent_ofer.judges import Judges
from face_jax.latent_ofer.perception import feature_network
from tests.filled import fill

SIDE, ROWS = 64, 2
EXPRESSION = ExpressionNetwork(
    order="channel_first",
    num_heads=2,
    spatial_hidden=4,
    channel_hidden=2,
    depths=(1,),
    width=4,
)


def judges(**fields):
    return Judges(
        ImageDiscriminator(width=2, halvings=2),
        FeatureDiscriminator(width=4),
        EXPRESSION,
        expression_side=32,
        **fields,
    )


def pictures(seed=0):
    shape = (ROWS, SIDE, SIDE, 3)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def refined(seed=1):
    random = np.random.default_rng(seed)
    shape = (ROWS, SIDE // 8, SIDE // 8, 512)
    assembled, decoded = random.normal(size=(2, *shape)).astype(np.float32)
    holes = random.uniform(size=shape[:3]) < 0.4
    return Refined(jnp.asarray(pictures(seed)), assembled, decoded, holes)


def variables():
    images = pictures()
    features = np.zeros((ROWS, SIDE // 8, SIDE // 8, 256), np.float32)
    given = judges()
    return {
        "image_discriminator": fill(given.image, images),
        "feature_discriminator": fill(given.features, features),
        "expression": fill(EXPRESSION, images),
        "vgg16": fill(feature_network(), images),
    }
