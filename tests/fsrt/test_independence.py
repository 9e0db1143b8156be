"""What expressions tell of person and pose, against numpy."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.independence import (
    head_poses,
    identity_in_expressions,
    pose_in_expressions,
)
from tests.fsrt.descriptions import description, views

FACE = np.array(
    [
        [-0.3, -0.2],
        [0.3, -0.2],
        [-0.3, -0.4],
        [0.3, -0.4],
        [0.0, 0.0],
        [-0.2, 0.3],
        [0.2, 0.3],
        [0.0, 0.25],
        [0.0, 0.35],
        [0.0, 0.6],
    ]
)
"""The ten keypoints of a frontal face."""


def turned(roll, yaw, pitch):
    """Faces [n, 10, 2] that roll, with noses that go to the side and down."""
    cosine, sine = np.cos(roll), np.sin(roll)
    rotation = np.stack([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1)
    faces = np.repeat(FACE[None], len(roll), axis=0)
    faces[:, 4] += np.stack([yaw, pitch], -1)
    return faces @ rotation.transpose(0, 2, 1)


def posed(given, poses):
    """A description whose heads are posed, sources and drivers of each item alike."""
    sources, drivers = (
        x.shape[:2] for x in (given.source_expression, given.driving_expression)
    )
    keypoints = turned(*poses.reshape(-1, 3).T).reshape(*poses.shape[:2], 10, 2)
    split = sources[1]
    assert poses.shape[1] == sources[1] + drivers[1]
    return dataclasses.replace(
        given,
        source_keypoints=jnp.asarray(keypoints[:, :split], jnp.float32),
        driving_keypoints=jnp.asarray(keypoints[:, split:], jnp.float32),
    )


def draw_poses(given, seed=1):
    items, sources = given.source_expression.shape[:2]
    frames = sources + given.driving_expression.shape[1]
    return 0.1 * np.random.default_rng(seed).standard_normal((items, frames, 3))


def test_identity_is_the_variance_of_the_persons_means():
    given = description()
    expected = np.mean([view.mean(axis=1).var(axis=0).mean() for view in views(given)])
    np.testing.assert_allclose(identity_in_expressions(given), expected, rtol=1e-5)


def test_poses_of_heads_are_found():
    poses = draw_poses(description()).reshape(-1, 3)
    found = np.asarray(head_poses(jnp.asarray(turned(*poses.T), jnp.float32)))
    for index in range(3):
        assert np.corrcoef(found[:, index], poses[:, index])[0, 1] > 0.95, index


def test_pose_is_the_squared_correlation_with_expressions():
    given = description()
    given = posed(given, draw_poses(given))
    keypoints = np.concatenate([given.source_keypoints, given.driving_keypoints], 1)
    poses = np.asarray(head_poses(jnp.asarray(keypoints))).reshape(-1, 3)
    expected = []
    for view in views(given):
        rows = view.reshape(-1, view.shape[-1])
        entries = rows.shape[1]
        table = np.corrcoef(rows.T, poses.T)[:entries, entries:]
        expected.append((table**2).sum(axis=0).mean())
    found = pose_in_expressions(given)
    np.testing.assert_allclose(found, np.mean(expected), rtol=1e-3)


@pytest.mark.parametrize("entry", [0, 1, 2])
def test_an_expression_that_is_the_pose_costs_one_for_each_entry(entry):
    given = description()
    poses = draw_poses(given)
    given = posed(given, poses)
    keypoints = np.concatenate([given.source_keypoints, given.driving_keypoints], 1)
    told = np.asarray(head_poses(jnp.asarray(keypoints)))[..., entry : entry + 1]
    split = given.source_expression.shape[1]
    source, driving = jnp.asarray(told[:, :split]), jnp.asarray(told[:, split:])
    given = dataclasses.replace(
        given,
        source_expression=source,
        source_expression_second=-2 * source,
        driving_expression=driving,
        driving_expression_crop=-2 * driving,
    )
    assert 1 / 3 - 1e-3 < pose_in_expressions(given) < 2 / 3
