"""Measures of the built-in head, moved by one action or turn at a time."""

import jax
import numpy as np
import pytest

from data_pipelines.synth.actions import action_weights
from data_pipelines.synth.rig import Rig
from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.heads.procedural import procedural_head
from face_jax.smirk.measures import MEASURES, face_measures, outer_eye_distance

ACTED = {
    "jawOpen": {"mouth opening": (10, 60), "mouth width": (-25, 0)},
    "mouthSmile_L": {
        "lip corner, left": (3, 20),
        "lip corner, left over right": (3, 20),
    },
    "mouthSmile_R": {"lip corner, right": (3, 20), "lip corner, left": (-1, 1)},
    "browOuterUp_L": {"brow, left": (1, 15), "brow, right": (-1, 1)},
    "browDown_R": {"brow, right": (-15, -1), "brow, left over right": (1, 15)},
    "eyeBlink_L": {"eyelids, left": (-30, -3), "eyelids, left over right": (-30, -3)},
    "eyeBlink_R": {"eyelids, right": (-30, -3), "eyelids, left": (-1, 1)},
}
"""Ranges by which actions change measures, % of the distance between the eyes."""


@pytest.fixture(scope="module")
def measured():
    """Measures of a head that does nothing, then of one for each of ``ACTED``."""
    head = procedural_head()
    weights = [action_weights({})] + [action_weights({name: 1.0}) for name in ACTED]
    rotation = np.zeros((len(weights), 3), np.float32)
    rotation[0] = np.radians([20, -10, 5])
    parameters = Rig(head).parameters(np.stack(weights), rotation[:, :2] * 0, rotation)
    return jax.jit(face_measures)(head, parameters)


def test_every_measure_is_there(measured):
    assert set(measured) == set(MEASURES)
    assert all(values.shape == (1 + len(ACTED),) for values in measured.values())


@pytest.mark.parametrize("row", range(len(ACTED)), ids=list(ACTED))
def test_actions_change_what_they_are_named_after(measured, row):
    for name, (low, high) in list(ACTED.values())[row].items():
        change = float(measured[name][row + 1] - measured[name][0])
        assert low < change < high, (name, change)


def test_angles_are_those_that_the_head_was_turned_by(measured):
    angles = [float(measured[name][0]) for name in ("yaw", "pitch", "roll")]
    np.testing.assert_allclose(angles, [20, -10, 5], atol=1e-3)


def test_a_straight_neutral_face_is_even(measured):
    for name in ("lip corner", "brow", "eyelids"):
        assert abs(measured[f"{name}, left over right"][0]) < 0.5


def test_eye_distance_of_planar_and_of_solid_landmarks():
    points = np.zeros((2, 105, 3), np.float32)
    points[:, MEDIAPIPE_105.index(33)] = [3, 0, 0]
    points[:, MEDIAPIPE_105.index(263)] = [0, 4, 0]
    np.testing.assert_allclose(outer_eye_distance(points), 5)
    np.testing.assert_allclose(outer_eye_distance(points[..., :2]), 5)
