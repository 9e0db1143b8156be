"""Coefficients from landmarks alone, against the heads that the landmarks are of."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters
from face_jax.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from face_jax.heads.procedural import procedural_head
from face_jax.smirk import landmark_fit
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.landmark_fit import FitPriors, fit_landmarks
from face_jax.smirk.projection import project_face

ROWS = 6
PRIORS = FitPriors(landmarks=0.003, shape=0.3, expression=0.2)


@pytest.fixture(scope="module")
def head():
    return procedural_head()


@pytest.fixture(scope="module")
def known(head):
    """Heads with some expressions, turned, before a camera."""
    random = np.random.default_rng(0)
    shape = random.normal(size=(ROWS, head.identity_basis.shape[-1]))
    count = len(head.expression_names)
    expression = random.uniform(size=(ROWS, count)) * (
        random.uniform(size=(ROWS, count)) < 0.15
    )
    pose = random.normal(0, 0.2, (ROWS, 3))
    camera = np.array([7.0, 0.0, 0.0]) + random.normal(0, [0.5, 0.01, 0.01], (ROWS, 3))
    arrays = [jnp.asarray(a, jnp.float32) for a in (shape, expression, pose, camera)]
    return EncodedFace(
        HeadParameters(
            shape_params=arrays[0], expression_params=arrays[1], pose_params=arrays[2]
        ),
        arrays[3],
    )


def landmarks_of(head, face):
    return project_face(head, face.head, face.camera).landmarks_105


def test_derivatives_are_those_of_the_projection(head, known):
    """Coefficients and camera; turns are about the landmarks' own middle."""
    num_shape = known.head.shape_params.shape[1]
    num_expression = known.head.expression_params.shape[1]

    def project(step):
        shape, expression, shift, scale = jnp.split(
            step, (num_shape, num_shape + num_expression, size - 1), axis=-1
        )
        moved = dataclasses.replace(
            known.head,
            shape_params=known.head.shape_params + shape,
            expression_params=known.head.expression_params + expression,
        )
        camera = jnp.concatenate(
            [known.camera[:, :1] + scale, known.camera[:, 1:] + shift], axis=-1
        )
        return landmarks_of(head, EncodedFace(moved, camera)).reshape(ROWS, -1)

    size = num_shape + num_expression + 3
    random = np.random.default_rng(1)
    step = jnp.asarray(random.normal(size=(ROWS, size)), jnp.float32)
    _, expected = jax.jvp(project, (jnp.zeros_like(step),), (step,))
    points = landmark_fit.landmarks_mediapipe_105(
        head, landmark_fit.pose_head(head, known.head).vertices
    )
    moves = landmark_fit._moves(head, known, points, num_shape, num_expression)
    without_turns = np.delete(np.arange(size + 3), np.arange(size - 3, size))
    found = jnp.einsum("brk,bk->br", moves[..., without_turns], step)
    # The root joint follows the shape, which shifts the turned head a little.
    difference = (found - expected).reshape(ROWS, -1, 2)
    difference -= difference.mean(axis=1, keepdims=True)
    scale = np.abs(expected).max()
    assert np.abs(difference).max() < 2e-3 * scale


def test_a_turn_is_about_the_middle(head, known):
    small = 1e-3

    def moved(axis):
        points = landmark_fit.landmarks_mediapipe_105(
            head, landmark_fit.pose_head(head, known.head).vertices
        )
        moves = landmark_fit._moves(head, known, points, 0, 0)
        return moves[..., axis].reshape(ROWS, -1, 2)

    for axis in range(3):
        turn = jnp.zeros(3).at[axis].set(small)
        turned = dataclasses.replace(
            known.head, pose_params=after(turn, known.head.pose_params)
        )
        change = landmarks_of(head, EncodedFace(turned, known.camera))
        change = (change - landmarks_of(head, known)) / small
        change -= change.mean(axis=1, keepdims=True)
        found = moved(axis)
        found -= found.mean(axis=1, keepdims=True)
        assert np.abs(found - change).max() < 2e-2 * np.abs(change).max()


def after(turn, pose_params):
    """Axis-angle of a turn after a rotation."""
    both = axis_angle_to_matrix(turn) @ axis_angle_to_matrix(pose_params)
    return matrix_to_axis_angle(both)


def fitted(head, known, start, rounds, **options):
    landmarks = landmarks_of(head, known)
    run = jax.jit(lambda face: fit_landmarks(head, face, landmarks, PRIORS, **options))
    for _ in range(rounds):
        found = run(start)
        parameters = dataclasses.replace(
            start.head,
            shape_params=found.shape_params,
            expression_params=found.expression_params,
        )
        start = EncodedFace(parameters, start.camera)
    return found


def test_expressions_are_found_where_the_identity_is_known(head, known):
    """From an estimate that knows neither, with pose and camera a little off."""
    random = np.random.default_rng(2)
    start = EncodedFace(
        HeadParameters(
            shape_params=jnp.zeros_like(known.head.shape_params),
            expression_params=jnp.zeros_like(known.head.expression_params),
            pose_params=known.head.pose_params
            + jnp.asarray(random.normal(0, 0.02, (ROWS, 3)), jnp.float32),
        ),
        known.camera * jnp.array([1.02, 1, 1]),
    )
    found = fitted(
        head, known, start, 1, identity=known.head.shape_params, bounds=(0.0, 1.0)
    )
    error = np.asarray(found.expression_params - known.head.expression_params)
    for name in ("jawOpen", "mouthSmile_L", "mouthSmile_R"):
        column = head.expression_names.index(name)
        assert np.abs(error[:, column]).max() < 0.2, name
    assert found.expression_params.min() >= 0


def test_the_likely_is_taken_where_landmarks_say_nothing(head, known):
    """With landmarks that are hardly known the priors are the result."""
    vague = dataclasses.replace(PRIORS, landmarks=1e4)
    identity = jnp.full_like(known.head.shape_params, 0.5)
    landmarks = landmarks_of(head, known)
    found = fit_landmarks(head, known, landmarks, vague, identity)
    np.testing.assert_allclose(found.shape_params, identity, atol=1e-3)
    np.testing.assert_allclose(found.expression_params, 0, atol=1e-3)


def test_no_gradient_passes(head, known):
    landmarks = landmarks_of(head, known)

    def loss(face):
        found = fit_landmarks(head, face, landmarks, PRIORS)
        return jnp.sum(found.shape_params) + jnp.sum(found.expression_params)

    assert not any(map(np.any, jax.tree.leaves(jax.grad(loss)(known))))
