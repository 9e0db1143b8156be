"""What an evaluation says of perfect estimates, of constant ones and of a model."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters
from face_jax.smirk import inference
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.head_evaluation import Direction, Evaluation, evaluate, mean_face
from face_jax.smirk.head_report import (
    CELL,
    direction_table,
    error_table,
    measure_table,
    overview_table,
    sheet,
)
from face_jax.smirk.known_heads import ERRORS
from face_jax.smirk.measures import MEASURES
from face_jax.smirk.paths import Drawing, Generated

ROWS = 6


@pytest.fixture(scope="module")
def perfect(known_model, known):
    return evaluate(known_model, "own", known, mean_face(known.faces))


def test_perfect_estimates_have_no_errors_and_agree(perfect):
    assert (perfect.num_pictures, perfect.num_people) == (ROWS, 3)
    assert max(perfect.model.values()) < 5e-3 < min(perfect.mean.values())
    assert perfect.share_of_mean < 0.01
    np.testing.assert_allclose(list(perfect.measures.values()), 1, atol=1e-3)
    assert list(perfect.measures) == list(MEASURES)
    for direction in perfect.directions:
        assert direction.agreement == pytest.approx(1, abs=1e-5)


def test_the_mean_as_an_estimate_agrees_with_nothing(known_model, known):
    mean = mean_face(known.faces)
    constant = jax.tree.map(lambda values: np.repeat(values, ROWS, axis=0), mean)
    found = evaluate(known_model, "constant", known, mean, constant)
    assert found.model == found.mean and found.share_of_mean == 1
    np.testing.assert_allclose(list(found.measures.values()), 0, atol=1e-3)


def test_the_mean_of_faces_is_that_of_every_number():
    pose, camera = np.float32([[0.1, 0, 0], [0.3, 0, 1]]), np.float32([[7, 0, 0]] * 2)
    mean = mean_face(EncodedFace(HeadParameters(pose_params=pose), camera))
    np.testing.assert_allclose(mean.head.pose_params, [[0.2, 0, 0.5]], rtol=1e-6)
    np.testing.assert_array_equal(mean.camera, [[7, 0, 0]])
    assert mean.head.shape_params is None


def evaluation(*directions):
    numbers = dict.fromkeys(ERRORS, 2.0)
    return Evaluation(
        title="a set",
        num_pictures=4,
        num_people=2,
        mean=numbers,
        model={**numbers, "vertices": 0.5},
        directions=tuple(Direction(*fields) for fields in directions),
        measures=dict.fromkeys(MEASURES, 0.25),
    )


def test_only_visible_directions_count():
    found = evaluation(("faint", 0.49, -1.0), ("small", 0.5, 0.4), ("large", 3.0, 0.8))
    assert [direction.name for direction in found.visible] == ["large", "small"]
    assert found.agreement == pytest.approx(0.6)
    assert found.share_of_mean == 0.25
    assert np.isnan(evaluation(("faint", 0.1, 1.0)).agreement)


def test_numbers_that_are_not_defined_are_left_out_of_json():
    found = evaluation(("faint", 0.1, float("nan"))).as_dict()
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text)["agreement"] is None
    assert json.loads(text)["directions"][0]["agreement"] is None


def test_tables_have_a_row_for_everything():
    found = evaluation(("small", 0.5, 0.4), ("large", 3.0, 0.8))
    assert overview_table([found]).rows == [
        ["a set", 2, 4, 2.0, 0.5, 0.25, 0.6000000000000001, 2]
    ]
    assert len(error_table(found).rows) == len(ERRORS)
    assert error_table(found).rows[2][1:] == [2.0, 0.5, 0.25]
    assert measure_table([found, found]).rows[0] == [MEASURES[0], 0.25, 0.25]
    assert direction_table(found).rows[0] == ["large", 3.0, 0.8]


def test_a_sheet_shows_photograph_estimate_and_truth(known_model, known):
    picture = sheet(known_model, known, known.faces)
    height, width = picture.shape[:2]
    assert picture.dtype == np.uint8
    assert 3 * CELL < width < 3.2 * CELL and 6 * CELL < height < 6.5 * CELL
    estimate, truth = (picture[30:, k * (CELL + 4) + 4 :][:, :CELL] for k in (1, 2))
    np.testing.assert_array_equal(estimate, truth)
    assert 0.05 < (estimate == 0).mean() < 0.95


def test_a_sheet_shows_what_the_generator_makes(known_model, known, monkeypatch):
    side = known_model.image_size
    drawn = Drawing(jnp.zeros((6, CELL, CELL, 3)), jnp.zeros((6, CELL, CELL), bool))
    white = Generated(drawn, drawn.image, jnp.ones((6, side, side, 3)))
    monkeypatch.setattr(inference, "render", lambda model, faces, size: drawn)
    monkeypatch.setattr(inference, "resynthesise", lambda *given: white)
    with_generator = known_model.replace(
        variables={**known_model.variables, "generator": {}}
    )
    picture = sheet(with_generator, known, known.faces)
    cells = [picture[30 + CELL // 2, k * (CELL + 4) + CELL // 2] for k in (1, 2, 3)]
    assert [int(cell.mean()) for cell in cells] == [0, 0, 255]
