import numpy as np
import pytest

from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.following import PATIENCE, choose_face, follow_face

SIZE = (200, 100)


def face(left, top, side):
    return Face(np.array([left, top, left + side, top + side], float), None, 1.0)


def test_choices():
    faces = [face(150, 10, 40), face(85, 35, 20), face(10, 10, 30)]
    assert choose_face(faces, "largest", SIZE) is faces[0]
    assert choose_face(faces, "central", SIZE) is faces[1]
    assert [choose_face(faces, n, SIZE) for n in (0, 1, 2, 3)] == [*faces[::-1], None]
    assert choose_face([], "largest", SIZE) is None
    assert choose_face([], "central", SIZE) is None
    with pytest.raises(ValueError, match="expected 'largest', 'central' or a number"):
        choose_face(faces, "nicest", SIZE)


def test_follows_the_chosen_face_though_another_becomes_larger():
    frames = [
        [face(20 + 3 * n, 20, 30), face(140 - 3 * n, 20, 20 + 2 * n)] for n in range(10)
    ]
    track = follow_face(frames, "largest", SIZE)
    np.testing.assert_array_equal(track.boxes[:, 0], 20 + 3 * np.arange(10))
    assert track.valid.all()
    assert np.isnan(track.points).all()


def test_gap_and_cut():
    frames = [
        [face(20, 20, 30)],
        [],
        [face(24, 20, 30), face(100, 20, 50)],
        [face(150, 50, 20)],
    ]
    track = follow_face(frames, "largest", SIZE)
    np.testing.assert_array_equal(track.valid, [1, 0, 1, 1])
    np.testing.assert_array_equal(track.boxes[:, 0], [20, 0, 24, 150])


def test_nobody_else_is_taken_for_a_face_that_is_missing():
    beside = [face(100 + n, 20, 40) for n in range(8)]
    frames = [[face(20, 20, 30), other] for other in beside[:2]]
    frames += [[other] for other in beside[2:6]]
    frames += [[face(24, 20, 30), other] for other in beside[6:]]
    track = follow_face(frames, 0, SIZE)
    np.testing.assert_array_equal(track.valid, [1, 1, 0, 0, 0, 0, 1, 1])
    np.testing.assert_array_equal(track.boxes[track.valid, 0], [20, 20, 24, 24])


def test_who_stays_is_taken_after_some_patience():
    frames = [[face(20, 20, 50), face(120, 20, 30)]]
    frames += [[face(120, 20, 30)]] * (PATIENCE + 5)
    track = follow_face(frames, "largest", SIZE)
    assert track.valid.tolist() == [True] + [False] * PATIENCE + [True] * 5
    assert track.boxes[-1, 0] == 120


def test_a_face_that_touches_another_is_not_mistaken_for_it():
    # The one in the middle drops out where its neighbour overlaps with its last box.
    frames = [
        [face(40, 20, 40), face(75, 20, 40)],
        [face(73, 20, 40)],
        [face(42, 20, 40), face(75, 20, 40)],
    ]
    track = follow_face(frames, 0, SIZE)
    np.testing.assert_array_equal(track.valid, [1, 0, 1])
    np.testing.assert_array_equal(track.boxes[[0, 2], 0], [40, 42])


def test_the_finest_points_that_are_known():
    box, mesh = np.array([0, 0, 9, 9.0]), np.ones((478, 2), np.float32)
    points = np.ones((68, 2), np.float32)
    only_box, with_points = Face(box, None, 1.0), Face(box, points, 1.0)
    assert follow_face([[only_box], []], 0, SIZE).finest_points is None
    found = follow_face([[with_points], []], 0, SIZE).finest_points
    assert found.shape == (2, 68, 2) and np.isnan(found[1]).all()
    meshed = Face(box, points, 1.0, mesh=mesh)
    assert follow_face([[], [meshed]], 0, SIZE).finest_points.shape == (2, 478, 2)
