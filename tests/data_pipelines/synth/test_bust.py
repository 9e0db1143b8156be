import dataclasses

import numpy as np
import pytest

from data_pipelines.synth import bust
from data_pipelines.synth.people import COLLARS
from tests.data_pipelines.synth.people_at_hand import ground, neutral, person, prepared


@pytest.fixture(scope="module")
def neck() -> bust.Neck:
    return bust.measure_neck(ground(), neutral()[1][8])


def rings(collar: str, neck: bust.Neck) -> np.ndarray:
    """Points of the rings around the neck's centre, metres."""
    clothes = dataclasses.replace(person().clothes, collar=collar)
    points = bust.bust_vertices(clothes, neck)
    return points.reshape(bust.RINGS, bust.AROUND, 3)


def test_a_neck_is_measured_where_it_is(neck):
    assert neck.centre[0] == 0
    assert neck.centre[1] < neutral()[1][8, 1] - 0.03
    middle = neck.radii[len(neck.radii) // 2]
    assert middle.min() > 0.035 and middle.max() < 0.085
    # The left half mirrors the right one; the first angle is that of the nape.
    np.testing.assert_allclose(middle[1:], middle[:0:-1], atol=0.002)


def test_radii_between_the_measured_heights_are_means(neck):
    heights = np.full(bust.AROUND, 0.0)
    above, below = neck.radii_at(heights + 0.003), neck.radii_at(heights - 0.003)
    between = neck.radii_at(heights)
    assert (np.minimum(above, below) - 1e-3 < between).all()
    assert (between < np.maximum(above, below) + 1e-3).all()
    np.testing.assert_allclose(neck.radii_at(heights + 9.0), neck.radii[0], rtol=1e-3)


@pytest.mark.parametrize("collar", COLLARS)
def test_clothes_lie_outside_the_skin_that_is_shown(collar, neck):
    mesh = prepared().mesh
    skin = neutral()[0][mesh.skin_vertices] - neck.centre
    angle = np.arctan2(skin[:, 0], skin[:, 2])
    away = np.hypot(skin[:, 0], skin[:, 2])
    points = rings(collar, neck)
    for below, above in zip(points[2:4], points[1:3], strict=True):
        height = np.interp(angle, *_around(below, below[:, 1]), period=2 * np.pi)
        upper = np.interp(angle, *_around(above, above[:, 1]), period=2 * np.pi)
        radius = np.interp(
            angle, *_around(below, np.hypot(below[:, 0], below[:, 2])), period=2 * np.pi
        )
        between = (skin[:, 1] > height) & (skin[:, 1] < upper)
        assert (away[between] < radius[between] + 0.002).all()


def _around(ring: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    angle = np.arctan2(ring[:, 0], ring[:, 2])
    order = np.argsort(angle)
    return angle[order], values[order]


def test_collars_differ_and_shoulders_are_wide(neck):
    tops = {collar: rings(collar, neck)[0, :, 1].max() for collar in COLLARS}
    assert tops["turtleneck"] > tops["hood"] > tops["crew"]
    points = rings("crew", neck)
    assert 0.38 < np.ptp(points[..., 0]) < 0.46
    assert np.all(np.diff(points[..., 1].mean(axis=1)) < 0)
    np.testing.assert_allclose(points[:, 1:, 0], -points[:, :0:-1, 0], atol=0.003)


def test_faces_of_the_bust_look_outwards(neck):
    points = rings("crew", neck)[3:].reshape(-1, 3)
    faces = bust.bust_faces()
    first = 3 * bust.AROUND
    corners = points[faces[(faces >= first).all(axis=1)] - first]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middles = corners.mean(axis=1) * [1, 0, 1] + [0, 0.3, 0]
    assert ((normals * middles).sum(axis=1) > 0).mean() > 0.97


def test_skin_deep_under_the_collar_is_hidden(neck):
    points = neck.centre + np.array([[0, -0.05, 0], [0, 0.05, 0]])
    np.testing.assert_array_equal(bust.hidden(neck, points), [True, False])


def test_cloth_coordinates_follow_the_rings():
    down, side, band = bust.cloth_coordinates().reshape(bust.RINGS, -1, 3).T
    assert down.min() == 0 and (np.diff(down, axis=1) > 0).all()
    assert np.abs(side).max() <= 1
    assert band[:, 0].min() == 1 and band[:, -1].max() == 0
    assert np.all((bust.bust_shades() > 0) & (bust.bust_shades() <= 1))
