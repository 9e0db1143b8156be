import numpy as np
import pytest

from tests.measure import landmark_limit
from tests.measure.landmark_limit import (
    built_in_faces,
    limits,
    mean_distance,
    posterior,
    without_size_and_turn,
)


def test_what_is_left_open_is_that_of_the_most_likely_guess():
    """The covariance of errors of the best linear guess, by drawing."""
    random = np.random.default_rng(0)
    factor, seen = random.normal(size=(4, 4)), random.normal(size=(3, 4))
    covariance, deviation = factor @ factor.T, 0.5
    states = random.normal(size=(200_000, 4)) @ factor.T
    told = states @ seen.T + deviation * random.normal(size=(200_000, 3))
    guess, *_ = np.linalg.lstsq(told, states, rcond=None)
    expected = np.cov((states - told @ guess).T)
    found = posterior(covariance, seen, deviation)
    np.testing.assert_allclose(found, expected, atol=0.02 * np.abs(covariance).max())


def test_distances_are_means_of_lengths():
    moves = np.zeros((2, 3, 2))
    moves[0, 0, 0] = 3.0
    found = mean_distance(moves, np.diag([1.0, 4.0]), draws=20_000)
    expected = 3 * np.sqrt(2 / np.pi) / 2
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_size_and_turns_are_mended_and_nothing_else():
    random = np.random.default_rng(1)
    points = random.normal(size=(6, 3))
    centred = points - points.mean(axis=0)
    turn = np.cross([0.1, -0.2, 0.3], centred)
    rest = without_size_and_turn(random.normal(size=(6, 3, 1)), points)
    moves = np.concatenate([(0.5 * centred + turn)[..., None], rest], axis=-1)
    found = without_size_and_turn(moves, points)
    np.testing.assert_allclose(found[..., :1], 0, atol=1e-12)
    np.testing.assert_allclose(found[..., 1:], rest, atol=1e-12)


@pytest.fixture(scope="module")
def faces():
    return built_in_faces(pictures=30, views=1)


def test_better_landmarks_tell_more(faces):
    found = limits(faces, [0.01, 1.0, 1e4])
    for kind, share in found[1e4].items():
        assert 0.99 < share <= 1.001, kind
        assert found[0.01][kind] < found[1.0][kind] < share, kind


def test_it_prints_a_line_for_each_error(faces, capsys, monkeypatch):
    monkeypatch.setattr(landmark_limit, "built_in_faces", lambda *given: faces)
    monkeypatch.setattr("sys.argv", ["landmark_limit", "--errors", "2"])
    landmark_limit.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("landmarks off by 2.0 %: face 0.")
