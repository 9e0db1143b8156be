import numpy as np
import pytest

from face_jax.geometry.cameras import to_screen
from face_jax.render import screen
from tests.render import reference


def triple(values):
    return tuple(np.float32(value) for value in values)


@pytest.mark.parametrize("size", [(4, 4), (3, 7), (9, 2), (1, 1), (1, 5)])
def test_centres_are_evenly_spread_and_the_shorter_side_spans_two(size):
    x, y = screen.pixel_centres(size)
    expected_x, expected_y = reference.pixel_centres(size)
    np.testing.assert_allclose(x, expected_x[0], atol=1e-6)
    np.testing.assert_allclose(y, expected_y[:, 0], atol=1e-6)
    assert x.dtype == y.dtype == np.float32


def test_the_grid_runs_row_by_row():
    x, y = screen.pixel_grid((3, 5)).reshape(2, 3, 5)
    expected_x, expected_y = reference.pixel_centres((3, 5))
    np.testing.assert_allclose(x, expected_x, atol=1e-6)
    np.testing.assert_allclose(y, expected_y, atol=1e-6)


def test_faces_that_run_counter_clockwise_for_the_viewer_have_positive_area():
    seen = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0]], np.float32)  # x right, y up
    on_screen = np.asarray(to_screen(seen * [1, -1, 1]))
    x, y, _ = screen.corner_columns(on_screen)
    assert screen.signed_area(x, y) == 2.0
    assert screen.signed_area(x[::-1], y[::-1]) == -2.0


def test_weights_are_published_ones_and_add_up_to_slightly_less_than_one():
    corners = np.array([[0.1, 0.2, 1], [0.101, 0.2, 1], [0.1, 0.1985, 1]])
    point = corners.mean(axis=0)[:2]
    x, y, _ = screen.corner_columns(corners)
    area = screen.signed_area(x, y)
    weights = screen.barycentrics(*point, x, y, area + screen.AREA_EPSILON)
    expected = reference.face_weights(corners, point, False)
    np.testing.assert_allclose(weights, expected, rtol=1e-9)
    np.testing.assert_allclose(sum(weights), area / (area + 1e-8), rtol=1e-9)
    assert abs(sum(weights) - 1) > 1e-4


def test_perspective_weights_are_those_of_the_point_on_the_surface_in_the_scene():
    scene = np.array([[-1.0, -0.5, 2.0], [1.5, 0.2, 4.0], [0.3, 1.9, 7.0]])
    shares = np.array([0.2, 0.5, 0.3])
    seen = shares @ scene
    on_screen = scene / scene[:, 2:]
    x, y, _ = screen.corner_columns(on_screen)
    area = screen.signed_area(x, y)
    flat = screen.barycentrics(*(seen[:2] / seen[2]), x, y, area)
    corrected = screen.correct_perspective(flat, scene[:, 2])
    np.testing.assert_allclose(corrected, shares, rtol=1e-5)
    np.testing.assert_allclose(screen.blend(corrected, scene[:, 2]), seen[2], rtol=1e-5)


@pytest.mark.parametrize(
    ("z", "area", "front", "back"),
    [
        ((1, 1, 1), 0.5, True, False),
        ((1, 1, 1), -0.5, False, True),
        ((1, 1, 1), 2e-8, True, False),
        ((1, 1, 1), 1e-8, False, False),
        ((1, 1, 1), 0.0, False, False),
        ((1, 1, 1), np.nan, False, False),
        ((1, 1, 1), np.inf, False, False),
        ((1e-8, 1, 1), 0.5, True, False),
        ((1, 0.9e-8, 1), 0.5, False, False),
        ((1, 1, -1), 0.5, False, False),
        ((1, np.nan, 1), 0.5, False, False),
        ((1, 1, np.inf), 0.5, False, False),
    ],
)
def test_which_faces_can_be_drawn(z, area, front, back):
    x, y = triple((0, 1, 0)), triple((0, 0, 1))
    area = np.float32(area)
    culled = screen.is_drawable(x, y, triple(z), area, cull_backfaces=True)
    both = screen.is_drawable(x, y, triple(z), area, cull_backfaces=False)
    assert (bool(culled), bool(both)) == (front, front or back)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_face_with_a_corner_nowhere_is_not_drawn(value):
    y, z = triple((0, 0, 1)), triple((1, 1, 1))
    kept = screen.is_drawable(triple((0, value, 0)), y, z, np.float32(1), False)
    assert not kept


def test_a_point_on_an_edge_or_a_corner_lies_outside():
    x, y, z = triple((0, 1, 0)), triple((0, 0, 1)), triple((1, 2, 3))
    area = screen.signed_area(x, y)
    points = np.array([[0.25, 0.25], [0.5, 0.5], [0.5, 0], [0, 0.5], [0, 0], [1, 0]])
    px, py = points.astype(np.float32).T
    depth, inside = screen.depth_inside(px, py, x, y, z, area, False)
    np.testing.assert_array_equal(inside, [True] + [False] * 5)
    np.testing.assert_allclose(depth[0], 1.75, rtol=1e-6)
