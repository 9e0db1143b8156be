"""Expression networks small enough for tests, and their inputs."""

import jax
import numpy as np

from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.recognizer import Recognizer

SMALL = {
    "num_heads": 2,
    "spatial_hidden": 3,
    "channel_hidden": 2,
    "depths": (1, 1),
    "width": 3,
}
CHANNELS = 6

EXPRESSION = ExpressionNetwork(num_classes=5, **SMALL)
RECOGNIZER = Recognizer(
    num_classes=5, latent_features=(8, 7, 6, 4), fusion_features=(6, 3), **SMALL
)


see = jax.jit(EXPRESSION.apply)
recognize = jax.jit(RECOGNIZER.apply)
"""Compiled once for all tests of the same shapes."""


def pictures(count=2, side=28):
    return jax.random.normal(jax.random.key(1), (count, side, side, 3))


def latents(count=2):
    return np.random.default_rng(2).normal(size=(count, 3, 4)).astype(np.float32)
