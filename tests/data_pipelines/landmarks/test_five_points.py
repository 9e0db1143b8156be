"""The box of five points against that of the 68 landmarks, on heads from all sides."""

import functools

import jax
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from data_pipelines.landmarks.five_points import box_of_five
from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.geometry.landmarks import landmarks_68
from face_jax.heads.procedural import procedural_head
from tests.measure.five_points import compare, five_of


@functools.cache
def turned_faces(count=60, seed=3):
    """Landmarks [count, 68, 2] in pixels of different heads that look about."""
    rng, head = np.random.default_rng(seed), procedural_head()
    degrees = rng.uniform(-1, 1, (count, 3)) * [30, 45, 20]
    turns = Rotation.from_euler("ZYX", degrees, degrees=True).as_rotvec()
    shapes = rng.normal(0, 0.7, (count, head.identity_basis.shape[-1]))

    @jax.jit
    def points(shape, pose):
        parameters = HeadParameters(shape_params=shape, pose_params=pose)
        vertices = pose_head(head, parameters).vertices
        return landmarks_68(head, vertices, parameters)

    found = points(shapes.astype(np.float32), turns.astype(np.float32))
    return 700 * np.asarray(found, np.float64)[..., :2] * [1, -1] + 128


def test_it_is_near_the_box_of_the_landmarks():
    apart, ratio = compare(turned_faces())
    assert np.median(apart) < 0.06 and apart.max() < 0.13
    assert abs(ratio.mean() - 1) < 0.05 and ratio.std() < 0.07


def test_it_moves_with_the_face():
    points = five_of(turned_faces()[0])
    box = box_of_five(points)
    moved = box_of_five(3 * points + [10, -20])
    # Edges lie half a pixel beside the centres of pixels.
    expected = 3 * (box - 0.5) + [10, -20, 10, -20] + 0.5
    np.testing.assert_allclose(moved, expected, rtol=1e-9)


def test_a_mirrored_face_has_the_mirrored_box():
    points, width = five_of(turned_faces()[1]), 300
    mirrored = points[[1, 0, 2, 4, 3]] * [-1, 1] + [width - 1, 0]
    left, top, right, bottom = box_of_five(points)
    expected = [width - right, top, width - left, bottom]
    np.testing.assert_allclose(box_of_five(mirrored), expected, rtol=1e-9)


def test_a_face_that_lies_on_its_side_has_the_turned_box():
    points = five_of(turned_faces()[2])
    turned = points[:, ::-1] * [-1, 1]
    low, high = box_of_five(points).reshape(2, 2) - 0.5
    expected = [-high[1], low[0], -low[1], high[0]]
    np.testing.assert_allclose(box_of_five(turned) - 0.5, expected, rtol=1e-9)


def test_wrong_points_are_refused():
    with pytest.raises(ValueError, match=r"points: expected \[5, 2\], got \[68, 2\]"):
        box_of_five(np.zeros((68, 2)))
    for points in (np.zeros((5, 2)), np.full((5, 2), np.nan)):
        with pytest.raises(ValueError, match="points: expected a face"):
            box_of_five(points)
