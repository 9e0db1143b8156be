import dataclasses
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.smirk import inference
from face_jax.smirk.measures import outer_eye_distance
from tests.measure.picture_gradients import (
    LOSSES,
    corrections,
    correlation,
    exchanged,
    found_again,
    guessed,
    landmark_loss,
    loss_of_each,
    shaken,
    wrong_alone,
)
from tests.smirk.small_model import heads_as_seen, small_model
from tests.smirk.small_task import write_head

ROWS = 3


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return small_model(write_head(tmp_path_factory.mktemp("head")))


@pytest.fixture(scope="module")
def known(model):
    seen = heads_as_seen(model, ROWS)
    return seen.replace(landmarks_105=seen.landmarks_105 + 0.01)


def moved(faces, row, column, distance):
    shape = np.array(faces.head.shape_params)
    shape[row, column] += distance
    head = dataclasses.replace(faces.head, shape_params=shape)
    return dataclasses.replace(faces, head=head)


def test_corrections_go_down_the_loss_of_their_own_picture(model, known):
    found = corrections(model, landmark_loss, known.faces, known, "shape_params")
    row, column = np.unravel_index(np.abs(found).argmax(), found.shape)
    step = 0.05
    after, before = (
        np.asarray(landmark_loss(model, moved(known.faces, row, column, d), known))
        for d in (step, -step)
    )
    change = (after - before) / (2 * step)
    np.testing.assert_allclose(change[row], -found[row, column], rtol=0.05)
    np.testing.assert_allclose(np.delete(change, row), 0, atol=1e-6)


def test_photographs_correct_expressions_too(model, known):
    expressions = "expression_params"
    found = corrections(model, LOSSES["photograph"], known.faces, known, expressions)
    assert found.shape == known.faces.head.expression_params.shape
    assert np.abs(found).max() > 0


def test_shaken_faces_have_the_errors_of_the_estimates(known):
    wrong = moved(known.faces, 0, 1, 2.0)
    found = shaken(wrong, known.faces, seed=1)
    off = np.asarray(found.head.shape_params) - np.asarray(
        known.faces.head.shape_params
    )
    assert np.count_nonzero(np.abs(off) > 1e-6) == 1
    np.testing.assert_allclose(off[:, 1].max(), 2.0, rtol=1e-6)


def test_landmarks_are_guessed_as_far_off_as_told(known):
    off = guessed(known, 3.0).landmarks_105 - np.asarray(known.landmarks_105)
    eyes = np.asarray(outer_eye_distance(known.landmarks_105))
    distances = np.linalg.norm(off, axis=-1).mean(axis=1) / eyes
    np.testing.assert_allclose(distances, 0.03, rtol=0.2)
    np.testing.assert_allclose(off.mean(axis=1) / eyes[:, None], 0, atol=0.01)


def test_one_field_is_wrong_and_the_rest_is_true(known):
    wrong = moved(known.faces, 0, 1, 2.0)
    wrong = dataclasses.replace(wrong, camera=np.asarray(wrong.camera) + 1)
    found = wrong_alone(wrong, known, "shape_params")
    off = {}
    for title, faces in found.items():
        np.testing.assert_array_equal(faces.camera, known.faces.camera)
        off[title] = faces.head.shape_params - known.faces.head.shape_params
        np.testing.assert_allclose(np.abs(off[title]).sum(), 2.0, rtol=1e-5)
    np.testing.assert_allclose(off["alone"][0, 1], 2.0, rtol=1e-5)


def test_a_field_is_taken_from_others_in_their_order(known):
    other = moved(known.faces, 2, 0, 5.0)
    found = exchanged(known.faces, other, "shape_params", [2, 0, 1]).head
    shapes = np.asarray(other.head.shape_params)
    np.testing.assert_array_equal(found.shape_params, shapes[[2, 0, 1]])
    np.testing.assert_array_equal(
        found.expression_params, known.faces.head.expression_params
    )


def test_losses_are_of_each_picture(model, known):
    before = loss_of_each(model, landmark_loss, known.faces, known)
    np.testing.assert_allclose(before, 0.01, rtol=1e-3)
    after = loss_of_each(model, landmark_loss, moved(known.faces, 1, 0, 3.0), known)
    changed = np.abs(after - before) > 1e-5
    np.testing.assert_array_equal(changed, [False, True, False])


def test_expressions_are_looked_for_in_what_was_made(model, known, monkeypatch):
    def make(model, images, faces):
        # Pictures that depend on the expression that is asked for alone.
        grey = jax.nn.sigmoid(50 * faces.head.expression_params[:, :3])
        picture = jnp.zeros(images.shape).at[:, ::2].set(grey[:, None, None])
        return SimpleNamespace(image=picture)

    monkeypatch.setattr(inference, "resynthesise", make)
    own = found_again(model, known.faces, known, [0, 1, 2])
    assert np.ptp(own, axis=0).max() > 1e-4
    others = found_again(model, known.faces, known, [1, 2, 0])
    np.testing.assert_allclose(others, own[[1, 2, 0]], atol=1e-6)


def test_correlation_is_of_each_column():
    wanted = np.array([[1.0, 0.0, 5.0], [2.0, 1.0, 5.0], [3.0, -1.0, 5.0]])
    missing = np.array([[2.0, 0.0, 1.0], [4.0, -2.0, 2.0], [6.0, 2.0, 9.0]])
    found = correlation(wanted, missing)
    np.testing.assert_allclose(found[:2], [1.0, -1.0])
    assert np.isnan(found[2])
