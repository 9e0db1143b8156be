"""Outlines of faces that follow the face, and the points that SMIRK compares."""

import cv2
import numpy as np
import pytest

from data_pipelines.landmarks.outlines import MEDIAPIPE_105, face_outline
from face_jax.geometry import landmarks as head_landmarks
from tests.data_pipelines.synth.plain_face import plain_face


def test_both_halves_compare_the_same_points():
    assert MEDIAPIPE_105 == head_landmarks.MEDIAPIPE_105
    assert len(set(MEDIAPIPE_105)) == 105


def test_the_outline_is_the_68_and_a_forehead():
    face = plain_face()
    outline = face_outline(face)
    np.testing.assert_array_equal(outline[:68], face)
    lift = face[17:27] - outline[68:]
    height = face[8, 1] - face[27, 1]
    # Straight up, most in the middle: sqrt(1 - 0.8^2) = 0.6 of it at the ends.
    np.testing.assert_allclose(lift[:, 0], 0, atol=1e-9)
    np.testing.assert_allclose(lift[[0, 9], 1], 0.25 * 0.6 * height)
    assert lift[:, 1].argmax() in (4, 5) and lift.max() < 0.25 * height
    np.testing.assert_allclose(lift, lift[::-1])


def test_the_outline_turns_moves_and_grows_with_the_face():
    face = plain_face()
    turn = 1.7 * np.array([[0.8, -0.6], [0.6, 0.8]])
    moved = face_outline(face @ turn.T + [9, -4])
    np.testing.assert_allclose(moved, face_outline(face) @ turn.T + [9, -4], atol=1e-9)


def test_the_hull_has_the_landmarks_inside():
    face = plain_face(256).astype(np.float32)
    hull = cv2.convexHull(face_outline(face).astype(np.float32))
    for x, y in face[17:].tolist():
        assert cv2.pointPolygonTest(hull, (x, y), False) >= 0


def test_other_landmarks_are_refused():
    with pytest.raises(
        ValueError, match=r"landmarks: expected \[68, 2\], got \(5, 2\)"
    ):
        face_outline(np.zeros((5, 2)))
