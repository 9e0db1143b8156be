"""Heads, hair and shoulders in their places, of a head whose motions are known."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data_pipelines.synth.assets import PersonAssets
from data_pipelines.synth.bust import AROUND, RINGS
from data_pipelines.synth.posing import RigidParts, pose_scene
from face_jax.geometry.head import HeadParameters
from face_jax.geometry.rotations import axis_angle_to_matrix
from tests.data_pipelines.synth.people_at_hand import model

LOCKS, POINTS = 3, 4
"""Locks of hair, points of each."""

pose = jax.jit(pose_scene)


@pytest.fixture(scope="module")
def parts():
    """The whole head for its skull, and for its neck too: both turn with it."""
    rows = jnp.arange(0, len(model().template), 50)
    return RigidParts(skull=rows, neck=rows)


def person(count=1):
    """Hair and clothes of ``count`` equal persons, drawn at random."""
    random, points = np.random.default_rng(3), LOCKS * POINTS

    def drawn(*shape):
        return np.float32(0.02 * random.normal(size=shape))

    tangents, sides = drawn(points, 3), drawn(points, 3)
    one = {
        "shape_params": np.zeros(model().identity_basis.shape[-1], np.float32),
        "ribbon_anchors": np.array([10, 200, 300], np.int32),
        "ribbon_offsets": drawn(points, 3),
        "ribbon_sides": sides,
        "ribbon_tangents": tangents / np.linalg.norm(tangents, axis=-1, keepdims=True),
        "bust": drawn(RINGS * AROUND, 3),
        "neck": np.float32([0.0, -0.1, 0.0]),
    }
    rest = {f.name: np.zeros(1) for f in dataclasses.fields(PersonAssets)}
    arrays = {name: np.stack([x] * count) for name, x in (rest | one).items()}
    return PersonAssets(**arrays)


def turned(*vectors):
    """A head without expression for each axis-angle vector."""
    head, count = model(), len(vectors)
    return HeadParameters(
        shape_params=jnp.zeros((count, head.identity_basis.shape[-1])),
        expression_params=jnp.zeros((count, head.expression_basis.shape[-1])),
        pose_params=jnp.asarray(vectors, jnp.float32),
    )


def middles(hair):
    """The middle lines [B, P, 3] of ribbons, whose two edges follow each other."""
    return hair.reshape(len(hair), -1, 2, 3).mean(axis=2)


def test_a_head_that_looks_ahead_stays_where_it_is(parts):
    given = person()
    scene = pose(model(), parts, given, turned([0.0, 0.0, 0.0]))
    np.testing.assert_allclose(scene.head[0], model().template, atol=1e-6)
    for rotation in (scene.skull, scene.body):
        np.testing.assert_allclose(rotation[0], np.eye(3), atol=1e-5)
    np.testing.assert_allclose(scene.bust[0], given.bust[0] + given.neck[0], atol=1e-6)


def test_skull_and_hair_turn_with_the_head(parts):
    turns = np.float32([[0.0, 0.5, 0.0], [-0.3, 0.2, 0.4]])
    given = person(2)
    scene = pose(model(), parts, given, turned(*turns))
    rotations = np.asarray(axis_angle_to_matrix(jnp.asarray(turns)))
    np.testing.assert_allclose(scene.skull, rotations, atol=1e-4)
    anchors = np.asarray(scene.head)[:, np.repeat(given.ribbon_anchors[0], POINTS)]
    expected = anchors + np.einsum("bij,bpj->bpi", rotations, given.ribbon_offsets)
    np.testing.assert_allclose(middles(scene.hair), expected, atol=1e-5)


def test_ribbons_keep_their_width_and_face_the_viewer(parts):
    given = person()
    scene = pose(model(), parts, given, turned([0.0, 0.7, 0.0]))
    edges = np.asarray(scene.hair)[0].reshape(-1, 2, 3)
    half = 0.5 * (edges[:, 1] - edges[:, 0])
    width = np.linalg.norm(given.ribbon_sides[0], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(half, axis=-1), width, rtol=1e-3)
    rotation = np.asarray(scene.skull)[0]
    flat = given.ribbon_sides[0] @ rotation.T
    # More of a ribbon is seen than where it would lie flat on the head.
    across = np.linalg.norm(half[:, :2], axis=-1)
    assert across.mean() > np.linalg.norm(flat[:, :2], axis=-1).mean()


def test_shoulders_follow_the_neck_by_a_third(parts):
    angle = 0.6
    scene = pose(model(), parts, person(), turned([0.0, angle, 0.0]))
    vector = jnp.array([0.0, 0.3 * angle, 0.0])
    np.testing.assert_allclose(scene.body[0], axis_angle_to_matrix(vector), atol=1e-4)
