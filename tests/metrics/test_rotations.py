import jax
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from face_jax.metrics import rotations

rotation_angle = jax.jit(rotations.rotation_angle)


@pytest.mark.parametrize("degrees", [0.0, 0.01, 1.0, 90.0, 179.0, 180.0])
def test_turns_about_one_axis_differ_by_their_angle(degrees):
    axis = np.array([2.0, -1.0, 2.0]) / 3
    turns = np.radians([[degrees / 2], [-degrees / 2]]) * axis
    one, other = turns.astype(np.float32)
    np.testing.assert_allclose(rotation_angle(one, other), degrees, atol=1e-3)
    np.testing.assert_allclose(rotation_angle(other, one), degrees, atol=1e-3)


def test_the_angle_does_not_depend_on_a_common_turn():
    still, quarter = np.zeros(3, np.float32), np.float32([np.pi / 2, 0, 0])
    other = np.float32([0, np.pi / 2, 0])
    np.testing.assert_allclose(rotation_angle(still, quarter), 90, rtol=1e-5)
    # Quarter turns about two axes are a third of a whole turn apart.
    np.testing.assert_allclose(rotation_angle(quarter, other), 120, rtol=1e-5)


def test_angles_agree_with_scipy():
    one, other = np.random.default_rng(0).normal(size=(2, 40, 3)).astype(np.float32)
    turns = (Rotation.from_rotvec(vectors.astype(float)) for vectors in (one, other))
    first, second = turns
    expected = np.degrees((first * second.inv()).magnitude())
    np.testing.assert_allclose(rotation_angle(one, other), expected, rtol=1e-5)
    np.testing.assert_allclose(rotation_angle(one, one), 0, atol=1e-4)
