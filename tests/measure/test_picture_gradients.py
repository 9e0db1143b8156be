import dataclasses

import numpy as np
import pytest

from tests.measure.picture_gradients import (
    LOSSES,
    corrections,
    correlation,
    landmark_loss,
    shaken,
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
    found = corrections(model, landmark_loss, known.faces, known)["shape_params"]
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
    found = corrections(model, LOSSES["photograph"], known.faces, known)
    assert found["expression_params"].shape == known.faces.head.expression_params.shape
    assert np.abs(found["expression_params"]).max() > 0


def test_shaken_faces_have_the_errors_of_the_estimates(known):
    wrong = moved(known.faces, 0, 1, 2.0)
    found = shaken(wrong, known.faces, seed=1)
    off = np.asarray(found.head.shape_params) - np.asarray(
        known.faces.head.shape_params
    )
    assert np.count_nonzero(np.abs(off) > 1e-6) == 1
    np.testing.assert_allclose(off[:, 1].max(), 2.0, rtol=1e-6)


def test_correlation_is_of_each_column():
    wanted = np.array([[1.0, 0.0, 5.0], [2.0, 1.0, 5.0], [3.0, -1.0, 5.0]])
    missing = np.array([[2.0, 0.0, 1.0], [4.0, -2.0, 2.0], [6.0, 2.0, 9.0]])
    found = correlation(wanted, missing)
    np.testing.assert_allclose(found[:2], [1.0, -1.0])
    assert np.isnan(found[2])
