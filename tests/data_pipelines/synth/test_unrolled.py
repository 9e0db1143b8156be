import dataclasses

import numpy as np
import pytest

from data_pipelines.synth import unrolled
from data_pipelines.synth.unrolled import SIDE, Unrolling
from face_jax.geometry.landmarks import landmarks_68_fixed
from face_jax.heads.procedural import procedural_head
from tests.heads.tiny_head import full_head

CHART = Unrolling(axis_z=-0.02, crown_y=0.05, bottom_y=-0.2)


@pytest.fixture(scope="module")
def head():
    return procedural_head()


def around(seed, count=500):
    """Points around the chart's axis, from the neck to the top of the head."""
    random = np.random.default_rng(seed)
    azimuth = random.uniform(-3.1, 3.1, count)
    radius, height = (
        random.uniform(0.05, 0.12, count),
        random.uniform(-0.19, 0.04, count),
    )
    points = [radius * np.sin(azimuth), height, -0.02 + radius * np.cos(azimuth)]
    above = np.stack(points, 1)
    # Some go up over the crown.
    above[: count // 3, 1] += 0.1
    return above.astype(np.float32)


def test_points_come_back_from_the_picture():
    points = around(0)
    pixels, radii = CHART.unroll(points), CHART.radii(points)
    below = points[:, 1] <= CHART.crown_y
    # Below the crown a radius is the distance from the axis.
    expected = np.hypot(points[:, 0], points[:, 2] + 0.02)
    np.testing.assert_allclose(radii[below], expected[below], rtol=1e-5)
    np.testing.assert_allclose(CHART.roll(pixels, radii), points, atol=2e-6)


def test_the_picture_has_the_nose_in_the_middle_and_the_left_ear_at_the_right():
    points = np.array([[0, 0, 0.1], [0.08, 0, -0.02], [-0.08, 0, -0.02]], np.float32)
    nose, left, right = CHART.unroll(points)
    assert nose[0] == SIDE / 2
    assert nose[0] < left[0] < SIDE and left[0] + right[0] == pytest.approx(SIDE)
    assert CHART.unroll(points + np.float32([0, 0.01, 0]))[0, 1] < nose[1]


def test_the_crown_is_the_first_row_and_the_bottom_the_last():
    edges = np.array([[0, 1.0, -0.02 + 1e-9], [0.1, -0.2, -0.02]], np.float32)
    rows = CHART.unroll(edges)[:, 1]
    np.testing.assert_allclose(rows, [0, SIDE], atol=1e-3)
    np.testing.assert_allclose(CHART.height_of(rows[1]), -0.2, atol=1e-6)


def test_columns_and_azimuths_are_inverse():
    azimuth = np.linspace(-np.pi, np.pi, 1001)
    columns = unrolled.columns_of(azimuth)
    assert columns[0] == 0 and columns[-1] == SIDE and (np.diff(columns) > 0).all()
    np.testing.assert_allclose(unrolled.azimuths_of(columns), azimuth, atol=2e-3)
    # Rounding to float32 is magnified behind, where pixels are sparse.
    front = np.abs(azimuth) < 2
    found = unrolled.azimuths_of(columns[front])
    np.testing.assert_allclose(found, azimuth[front], atol=2e-6)


def test_the_front_has_half_as_many_pixels_again():
    step = unrolled.columns_of(0.01) - unrolled.columns_of(-0.01)
    assert step == pytest.approx(1.5 * 0.02 * SIDE / (2 * np.pi), rel=0.01)


def test_faces_on_the_seam_stay_whole():
    back = np.array([[0.01, 0, -0.12], [-0.01, 0, -0.12], [0.01, 0.01, -0.12]])
    corners = unrolled.corner_pixels(CHART, back, np.array([[0, 1, 2]]))[0]
    assert np.ptp(corners[:, 0]) < 60
    assert corners[1, 0] > SIDE > corners[0, 0]


def strip(share, drop):
    """A band before the axis: its upper edge of radius 0.1, its lower one lower."""
    angles = np.linspace(-0.5, 0.5, 20)
    around = np.stack([np.sin(angles), 0 * angles, np.cos(angles)], 1)
    axis = np.array([0, 0, CHART.axis_z])
    vertices = [axis + 0.1 * around, axis + 0.1 * share * around - np.eye(3)[1] * drop]
    row = np.arange(19)
    faces = [[row, row + 20, row + 1], [row + 1, row + 20, row + 21]]
    return np.concatenate(vertices).astype(np.float32), np.concatenate(
        [np.stack(corners, 1) for corners in faces]
    )


def test_upright_skin_is_undistorted_and_the_underside_of_a_jaw_is_not():
    upright, faces = strip(1.0, 0.05)
    column, row = CHART.unroll(upright.mean(0)).astype(int)
    assert unrolled.evenness_of(CHART, upright, faces)[row, column] > 0.99
    level, faces = strip(0.5, 0.01)
    column, row = CHART.unroll(level.mean(0)).astype(int)
    picture = unrolled.evenness_of(CHART, level, faces)
    assert picture[row, column] < 0.5 and picture[row + 60, column] > 0.99


def test_the_chart_goes_through_the_middle_of_a_head(head):
    marks = unrolled.landmarks_of(head)
    chart = unrolled.unrolling_of(np.asarray(head.template), marks)
    depth = np.asarray(head.template)[:, 2]
    assert depth.min() < chart.axis_z < depth.max()
    pixels = chart.unroll(marks)
    # Every landmark is on the front half of the picture, in the order of the mark-up.
    assert (np.abs(pixels[:, 0] - SIDE / 2) < SIDE / 3).all()
    assert (np.diff(pixels[:17, 0]) > 0).all()
    assert pixels[17:27, 1].max() < pixels[36:48, 1].min()


def test_landmarks_are_those_of_the_head(head):
    found = unrolled.landmarks_of(head)
    np.testing.assert_allclose(
        found, landmarks_68_fixed(head, head.template), atol=1e-6
    )


def test_heads_without_landmarks_are_told():
    head = dataclasses.replace(full_head(), landmarks={})
    with pytest.raises(ValueError, match=r"'tiny': expected landmarks full_68, got \["):
        unrolled.landmarks_of(head)
