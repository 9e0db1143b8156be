import numpy as np
import pytest

from data_pipelines.synth.actions import ACTIONS, PAIRED, rows_of
from data_pipelines.synth.special_expressions import (
    ASIDE,
    BROWS,
    LIDS,
    MOUTHS,
    ONE_SIDED,
    SPECIAL,
    draw_free,
)


def draws(kind, count=200):
    draw = {**SPECIAL, "free": draw_free}[kind]
    found = [draw(np.random.default_rng([3, i])) for i in range(count)]
    return np.stack([face.weights for face in found])


def difference_of_sides(weights):
    rows = np.array([rows_of(name) for name in PAIRED])
    return weights[:, rows[:, 0]] - weights[:, rows[:, 1]]


def test_names_are_those_of_actions():
    for name in sum((*ONE_SIDED, *ASIDE, *MOUTHS, *BROWS, *LIDS), ()):
        assert rows_of(name)
    assert all(name in PAIRED for group in ONE_SIDED for name in group)


@pytest.mark.parametrize("kind", [*SPECIAL, "free"])
def test_weights_are_in_range_and_follow_from_the_generator(kind):
    weights = draws(kind, 20)
    assert weights.dtype == np.float32 and weights.shape == (20, len(ACTIONS))
    assert weights.min() >= 0 and weights.max() <= 1
    np.testing.assert_array_equal(weights, draws(kind, 20))
    assert len(np.unique(weights, axis=0)) == 20


def test_asymmetric_faces_do_something_on_one_side_only():
    difference = difference_of_sides(draws("asymmetric"))
    assert (np.abs(difference).max(axis=1) > 0.4).all()
    # Either side of every group acts alone in some of the faces.
    acting = [PAIRED.index(group[0]) for group in ONE_SIDED]
    assert (difference[:, acting].max(axis=0) > 0.4).all()
    assert (difference[:, acting].min(axis=0) < -0.4).all()


def test_extreme_faces_are_whole_and_even():
    weights = draws("extreme")
    assert (weights.max(axis=1) > 0.84).all()
    assert np.abs(difference_of_sides(weights)).max() < 0.3
    assert (np.sum(weights > 0.8, axis=1) > 4).mean() > 0.4


def test_free_faces_move_actions_apart_that_emotions_put_together():
    weights = draws("free", 1000)
    smile, stretch = rows_of("mouthSmile"), rows_of("mouthUpperUp")
    smiling = weights[:, smile].max(axis=1) > 0.3
    assert 0.05 < smiling.mean() < 0.5
    # Where both act, how much one does says nothing about the other.
    both = (weights[:, smile[0]] > 0.2) & (weights[:, stretch[0]] > 0.2)
    assert both.sum() > 20
    pairs = weights[both][:, [smile[0], stretch[0]]]
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 0.5
    difference = difference_of_sides(weights)
    acting = [PAIRED.index(name) for name in ("browDown", "eyeBlink", "mouthSmile")]
    assert (difference[:, acting].max(axis=0) > 0.4).all()
    assert (difference[:, acting].min(axis=0) < -0.4).all()
    assert 0.1 < (np.abs(difference).max(axis=1) < 0.1).mean() < 0.6
