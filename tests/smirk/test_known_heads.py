"""Scores against a truth that is what a small model itself sees."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import pose_head
from face_jax.smirk.known_heads import ERRORS, errors, moved_landmarks

ROWS = 6


def changed(faces, **parameters):
    return dataclasses.replace(
        faces, head=dataclasses.replace(faces.head, **parameters)
    )


def test_the_truth_has_no_errors(known_model, known):
    found = errors(known_model, known.faces, known)
    assert set(found) == set(ERRORS)
    for name, values in found.items():
        np.testing.assert_allclose(values, np.zeros(ROWS), atol=2e-3, err_msg=name)


def test_a_wrong_rotation_is_seen_in_the_posed_head_alone(known_model, known):
    turned = known.faces.head.pose_params + jnp.float32([0, 0.1, 0])
    found = errors(known_model, changed(known.faces, pose_params=turned), known)
    assert (found["rotation"] > 5).all() and (found["posed"] > 0.1).all()
    for name in ("vertices", "identity", "expression"):
        np.testing.assert_allclose(found[name], 0, atol=2e-3)


def test_a_wrong_identity_is_none_of_expression_and_the_other_way_round(
    known_model, known
):
    head = known.faces.head
    wrong = {
        "identity": changed(known.faces, shape_params=head.shape_params + 1),
        "expression": changed(
            known.faces, expression_params=head.expression_params + 1
        ),
    }
    for name, other in (("identity", "expression"), ("expression", "identity")):
        found = errors(known_model, wrong[name], known)
        assert (found[name] > 0.1).all() and (found["vertices"] > 0.1).all()
        np.testing.assert_allclose(found[other], 0, atol=2e-3)


def test_vertices_are_compared_in_millimetres_and_in_eye_distances(known_model, known):
    wrong = changed(known.faces, shape_params=known.faces.head.shape_params * 0)
    found = errors(known_model, wrong, known)
    posed = jax.jit(pose_head)
    kept = known_model.networks.assets.face.vertices

    def face(faces):
        parameters = dataclasses.replace(faces.head, pose_params=None)
        vertices = np.float64(posed(known_model.head, parameters).vertices)[:, kept]
        return vertices - vertices.mean(axis=1, keepdims=True)

    distances = np.linalg.norm(face(wrong) - face(known.faces), axis=-1).mean(-1)
    np.testing.assert_allclose(found["vertices"], 1000 * distances, rtol=1e-3)
    assert (found["vertices_similarity"] <= 1.05 * found["vertices"]).all()
    eyes = found["vertices"] / found["vertices_relative"] / 10
    assert eyes.shape == (ROWS,) and (eyes > 0).all()


def test_landmarks_are_compared_in_the_picture(known_model, known):
    aside = known.replace(
        landmarks_68=known.landmarks_68 + jnp.float32([0.03, 0.04]),
        landmarks_105=known.landmarks_105 + jnp.float32([0.03, 0.04]),
    )
    found = errors(known_model, known.faces, aside)
    corners = np.asarray(aside.landmarks_68)[:, [36, 45]]
    distances = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=-1)
    np.testing.assert_allclose(found["landmarks_68"], 5 / distances, rtol=1e-3)


def test_pixels_that_directions_move_landmarks_by(known_model):
    head = known_model.head
    basis = np.zeros((*head.template.shape, 3), np.float32)
    basis[..., 0, 0], basis[..., 1, 0] = 0.003, 0.004
    basis[..., 2, 1] = 1.0  # towards the viewer: not seen
    moved = dataclasses.replace(head, expression_basis=jnp.asarray(basis))
    weights = np.float32([[0, 5, 0], [2, 3, 0]])
    found = moved_landmarks(moved, weights, scale=8.0, size=100)
    np.testing.assert_allclose(found, [0.005 * 8 * 50, 0, 0], rtol=1e-5)


def test_some_of_the_heads(known):
    taken = known.take(np.array([3, 1]))
    assert len(taken) == 2 and len(known) == ROWS
    np.testing.assert_array_equal(taken.identity, [1, 0])
    jax.tree.map(lambda values: len(values) == 2 or pytest.fail(), taken)
