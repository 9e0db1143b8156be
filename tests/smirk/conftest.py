"""A small model and heads that it sees itself, compiled once for all tests."""

import jax.numpy as jnp
import pytest

from face_jax.smirk import inference
from face_jax.smirk.known_heads import KnownHeads, encode_all
from tests.smirk.small_model import small_model
from tests.smirk.small_task import random_batch, write_head


@pytest.fixture(scope="session")
def known_model(tmp_path_factory):
    """A model without generator."""
    return small_model(write_head(tmp_path_factory.mktemp("head")), generator=False)


@pytest.fixture(scope="session")
def known(known_model):
    """Six heads of three people, whose truth is what the model sees."""
    images = jnp.asarray(random_batch()["image"][:6])
    faces = encode_all(known_model, images)
    projection = inference.decode(known_model, faces)
    return KnownHeads(
        images=images,
        faces=faces,
        landmarks_68=projection.landmarks_68,
        landmarks_105=projection.landmarks_105,
        identity=jnp.arange(6) // 2,
    )
