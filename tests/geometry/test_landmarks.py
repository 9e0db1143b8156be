import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters, LandmarkEmbedding, pose_head
from face_jax.geometry.landmarks import (
    MEDIAPIPE_105,
    contour_row,
    landmarks_7,
    landmarks_68,
    landmarks_68_fixed,
    landmarks_mediapipe_105,
    surface_points,
)
from face_jax.heads.procedural import procedural_head
from tests.geometry import reference
from tests.heads.tiny_head import bare_head, embedding, full_head


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


row_of, points_68 = jax.jit(contour_row), jax.jit(landmarks_68)


def points(vertices, faces, embedding):
    """Point by point in float64: the corners of one face, weighed."""
    rows = np.asarray(faces)[np.asarray(embedding.faces)]
    bary = np.asarray(embedding.bary, np.float64)
    vertices = np.asarray(vertices, np.float64)
    return np.stack([w @ vertices[row] for w, row in zip(bary, rows, strict=True)])


def yaw(degrees):
    return jnp.float32(np.deg2rad(degrees))[..., None] * jnp.array([0.0, 1, 0])


def test_points_are_barycentric_in_every_row_of_a_batch():
    head, places, vertices = full_head(), embedding((6,)), normal(0, 2, 3, 4, 3)
    found = surface_points(jnp.asarray(vertices), head.faces, places)
    for row in np.ndindex(2, 3):
        expected = points(vertices[row], head.faces, places)
        np.testing.assert_allclose(found[row], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("of_vertices", "of_points"),
    [((2, 3), (2, 3)), ((), (4,)), ((4,), (1,)), ((2, 1), (3,))],
)
def test_points_that_differ_between_meshes_broadcast(of_vertices, of_points):
    faces, places = full_head().faces, embedding((*of_points, 6))
    vertices = normal(0, *of_vertices, 4, 3)
    found = jax.jit(surface_points)(vertices, faces, places)
    batch = np.broadcast_shapes(of_vertices, of_points)
    assert found.shape == (*batch, 6, 3)
    vertices = np.broadcast_to(vertices, (*batch, 4, 3))
    rows = np.broadcast_to(places.faces, (*batch, 6))
    bary = np.broadcast_to(places.bary, (*batch, 6, 3))
    for row in np.ndindex(batch):
        one = LandmarkEmbedding(rows[row], bary[row])
        expected = points(vertices[row], faces, one)
        np.testing.assert_allclose(found[row], expected, atol=1e-6)


def test_gradients_go_to_the_corners_by_their_weights():
    faces, places = full_head().faces, embedding((3,))
    found = jax.jacrev(surface_points)(jnp.zeros((4, 3)), faces, places)
    expected = np.zeros((3, 4))
    for point, (row, bary) in enumerate(zip(places.faces, places.bary, strict=True)):
        np.add.at(expected[point], np.asarray(faces)[row], bary)
    for axis in range(3):
        np.testing.assert_allclose(found[:, axis, :, axis], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("degrees", "row"),
    [
        *((0.0, 0), (0.4, 0), (-0.4, 0), (0.6, 1), (-0.6, 40), (1.4, 1), (-1.4, 40)),
        *((20.0, 20), (-20.0, 59), (39.0, 39), (-39.0, 78), (39.4, 39), (80.0, 39)),
        *((-80.0, 78), (-39.4, 78)),
    ],
)
def test_the_yaw_in_whole_degrees_selects_the_contour(degrees, row):
    found = row_of(yaw(degrees))
    assert found == row and found.dtype == jnp.int32


def test_head_and_neck_turn_together_and_broadcast():
    assert row_of(None) == 0
    assert row_of(None, yaw(12.0)) == 12
    assert row_of(yaw(10.0), yaw(-25.0)) == 39 + 15
    found = row_of(yaw([10.0, 20.0, -30.0]), yaw([[0.0], [5.0]]))
    np.testing.assert_array_equal(found, [[10, 20, 69], [15, 25, 64]])


def test_other_turns_select_by_their_yaw_alone():
    pitch = jnp.array([0.5, 0.0, 0.0])
    assert row_of(pitch) == 0
    turn = reference.exponential(yaw(25.0)) @ reference.exponential(pitch)
    middle = np.arctan2(-turn[2, 0], np.hypot(turn[0, 0], turn[1, 0]))
    assert row_of(yaw(25.0), pitch) == round(np.rad2deg(middle)) == 25


def test_the_contour_of_each_yaw_comes_before_the_fixed_points():
    head = full_head()
    turned = HeadParameters(pose_params=yaw([0.0, 33.0, -7.0]))
    vertices = normal(1, 3, 4, 3)
    found = points_68(head, vertices, turned)
    contours, inner = head.landmarks["contour_79"], head.landmarks["static_51"]
    for place, row in enumerate((0, 33, 46)):
        seen = LandmarkEmbedding(contours.faces[row], contours.bary[row])
        expected = [points(vertices[place], head.faces, e) for e in (seen, inner)]
        np.testing.assert_allclose(found[place], np.concatenate(expected), atol=1e-6)


@pytest.mark.parametrize(
    ("of_vertices", "of_rotation"), [((4,), ()), ((), (4,)), ((3,), (2, 1))]
)
def test_contours_broadcast(of_vertices, of_rotation):
    head, vertices = full_head(), normal(1, *of_vertices, 4, 3)
    turns = 0.5 * normal(2, *of_rotation, 3)
    found = points_68(head, vertices, HeadParameters(pose_params=turns))
    batch = np.broadcast_shapes(of_vertices, of_rotation)
    vertices = np.broadcast_to(vertices, (*batch, 4, 3))
    turns = np.broadcast_to(turns, (*batch, 3))
    assert found.shape[:-2] == batch
    for row in np.ndindex(batch):
        alone = HeadParameters(pose_params=turns[row])
        expected = points_68(head, vertices[row], alone)
        np.testing.assert_allclose(found[row], expected, atol=1e-6)


def test_no_gradient_passes_the_choice_of_the_contour():
    """Points move with the vertices alone, not with what selects them."""
    head, vertices = full_head(), normal(1, 4, 3)

    def total(pose_params, vertices):
        parameters = HeadParameters(pose_params=pose_params)
        return jnp.sum(landmarks_68(head, vertices, parameters))

    of_pose, of_vertices = jax.jit(jax.grad(total, argnums=(0, 1)))(yaw(20.0), vertices)
    np.testing.assert_array_equal(of_pose, np.zeros(3))
    # Each of the 17 + 5 points hands out weights that sum to one.
    np.testing.assert_allclose(of_vertices.sum(axis=0), [22.0] * 3, rtol=1e-5)


def test_the_procedural_contour_slides_to_where_the_head_turns():
    """It stays in front of the ears: on the far side it comes closer to the nose."""
    head = procedural_head()
    straight = points_68(head, head.template, HeadParameters())
    fixed = landmarks_68_fixed(head, head.template)
    np.testing.assert_allclose(straight[17:], fixed[17:], atol=1e-6)
    nose = straight[30, 0]
    for degrees, ends in ((35.0, 16), (-35.0, 0)):
        turned = HeadParameters(pose_params=yaw(degrees))
        found = points_68(head, head.template, turned)
        assert abs(found[ends, 0] - nose) < 0.9 * abs(straight[ends, 0] - nose)
        np.testing.assert_array_equal(found[17:], straight[17:])


def test_named_embeddings_of_a_posed_head_follow_it():
    """They turn about the root, as the whole head does."""
    head = procedural_head()
    rest, turned = (
        jax.jit(pose_head)(head, HeadParameters(pose_params=yaw(degrees)))
        for degrees in (0.0, [25.0, -10.0])
    )
    root = np.asarray(rest.joints[head.joint_names.index("root")], np.float64)
    for points_of, count in (
        (landmarks_68_fixed, 68),
        (landmarks_mediapipe_105, len(MEDIAPIPE_105)),
    ):
        found, still = points_of(head, turned.vertices), points_of(head, rest.vertices)
        assert found.shape == (2, count, 3)
        for row, degrees in enumerate((25.0, -10.0)):
            rotation = reference.exponential(yaw(degrees))
            expected = (np.asarray(still, np.float64) - root) @ rotation.T + root
            np.testing.assert_allclose(found[row], expected, atol=1e-6)


def test_mediapipe_points_are_distinct():
    assert len(set(MEDIAPIPE_105)) == 105 and max(MEDIAPIPE_105) < 468


def test_lacking_landmarks_are_named():
    head, vertices = full_head(), jnp.zeros((4, 3))
    has = "it has: contour_79, static_51"
    with pytest.raises(
        ValueError, match=f"head 'tiny' has no landmarks 'full_68', {has}"
    ):
        landmarks_68_fixed(head, vertices)
    with pytest.raises(ValueError, match=f"no landmarks 'mediapipe_105', {has}"):
        landmarks_mediapipe_105(head, vertices)
    with pytest.raises(ValueError, match="no landmarks 'contour_79', it has: none"):
        landmarks_68(bare_head(), vertices, HeadParameters())
    contour = {"contour_79": head.landmarks["contour_79"]}
    half = dataclasses.replace(head, landmarks=contour)
    with pytest.raises(ValueError, match="no landmarks 'static_51', it has: contour"):
        landmarks_68(half, vertices, HeadParameters())


def test_the_seven_points_are_eye_corners_nose_and_mouth_corners():
    head = procedural_head()
    seven = np.asarray(landmarks_7(head, head.template))
    full = np.asarray(landmarks_68_fixed(head, head.template))
    np.testing.assert_allclose(seven, full[[36, 39, 42, 45, 33, 48, 54]], atol=1e-6)
    # The subject's right is at negative x.
    assert (np.diff(seven[:4, 0]) > 0).all() and seven[5, 0] < seven[4, 0] < seven[6, 0]
    with pytest.raises(ValueError, match="no landmarks 'static_51'"):
        landmarks_7(bare_head(), bare_head().template)
