"""A folded model sees, draws and makes what the plain one does."""

import jax
import numpy as np
import pytest

from face_jax.smirk import inference
from face_jax.smirk.folding import fold_networks
from tests.smirk.small_model import save_checkpoint, small_model
from tests.smirk.small_task import random_batch, write_head

POINTS = {"points": 2, "variant": "tiny"}


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    return write_head(tmp_path_factory.mktemp("head"))


@pytest.fixture(scope="module")
def plain(head):
    return small_model(head)


@pytest.fixture(scope="module")
def folded(head):
    return small_model(head, folded=True)


@pytest.fixture(scope="module")
def images():
    return random_batch()["image"][:4]


@pytest.fixture(scope="module")
def faces(plain, images):
    return inference.encode(plain, images)


def test_it_sees_the_same_faces(folded, faces, images):
    _close(inference.encode(folded, images), faces)


def test_it_has_the_same_meshes_and_landmarks(plain, folded, faces):
    _close(inference.decode(folded, faces), inference.decode(plain, faces))


def test_it_draws_and_makes_the_same_pictures(plain, folded, faces, images):
    found, expected = (
        inference.resynthesise(model, images, faces) for model in (folded, plain)
    )
    _close(found, expected)
    drawn = inference.render(folded, faces)
    _close(drawn, expected.drawing)


@pytest.mark.parametrize("joint_head", [False, True])
def test_encoders_with_points_are_folded_too(head, images, joint_head):
    settings = {"expression_encoder": POINTS, "joint_head": joint_head}
    plain, folded = (
        small_model(head, False, folded=folded, **settings) for folded in (False, True)
    )
    _close(inference.encode(folded, images), inference.encode(plain, images))


def test_a_checkpoint_is_loaded_folded_or_plain(head, plain, folded, tmp_path):
    folder = save_checkpoint(tmp_path, head)
    for loaded, expected in (
        (inference.load(folder), folded),
        (inference.load(folder, folded=False), plain),
    ):
        jax.tree.map(
            np.testing.assert_array_equal, loaded.variables, expected.variables
        )
        assert (loaded.folded_head is None) == (expected.folded_head is None)
        assert loaded.networks.encoders == expected.networks.encoders


def test_what_is_given_stays_as_it_is(plain):
    before = jax.tree.map(np.array, plain.variables)
    fold_networks(plain.networks, plain.variables)
    jax.tree.map(np.testing.assert_array_equal, before, plain.variables)


def _close(found, expected):
    """Within 1e-5 of each array's scale."""
    pairs = zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True)
    for ours, theirs in pairs:
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())
