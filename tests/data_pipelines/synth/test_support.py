import numpy as np

from data_pipelines.synth.hair import LOCKS
from data_pipelines.synth.ribbons import (
    NUM_POINTS,
    NUM_VERTICES,
    make_ribbons,
    ribbon_coordinates,
    ribbon_faces,
)
from data_pipelines.synth.support import GRID, support_of
from data_pipelines.synth.unrolled import SIDE, Unrolling
from tests.data_pipelines.synth.people_at_hand import (
    SEED,
    ground,
    locks,
    neutral,
    prepared,
)

CHART = Unrolling(axis_z=0.01, crown_y=0.05, bottom_y=-0.2)


def capsule(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Grid of points on a cylinder closed by half a sphere, and its triangles."""
    columns, rows = np.meshgrid(np.arange(0, SIDE, 4.0), np.arange(0, SIDE, 4.0))
    pixels = np.stack([columns, rows], axis=-1).astype(np.float32)
    points = CHART.roll(pixels, np.full(pixels.shape[:2], radius, np.float32))
    numbers = np.arange(columns.size).reshape(columns.shape)
    here, beside = numbers[:-1], np.roll(numbers, -1, axis=1)[:-1]
    below, across = numbers[1:], np.roll(numbers, -1, axis=1)[1:]
    faces = np.concatenate(
        [np.stack([here, below, beside], -1), np.stack([beside, below, across], -1)]
    )
    return points.reshape(-1, 3), faces.reshape(-1, 3)


def test_radii_of_a_capsule():
    points, faces = capsule(0.09)
    found = support_of(CHART, points, faces)
    assert found.radii.shape == (GRID, GRID)
    np.testing.assert_allclose(found.radii, 0.09, atol=2e-4)
    np.testing.assert_allclose(found.radius_below(points * 1.3), 0.09, atol=2e-4)


def test_points_are_pushed_out_to_their_clearance_only():
    points, faces = capsule(0.09)
    found = support_of(CHART, points, faces)
    middle = np.array([0.0, 0.0, CHART.axis_z])
    ways = np.array([[0.05, 0.0, 0.0], [0.0, 0.0, 0.15]])
    moved = found.pushed_out(middle + ways, np.array([0.01, 0.01])) - middle
    np.testing.assert_allclose(moved, [[0.1, 0, 0], [0, 0, 0.15]], atol=5e-4)


def test_directions_point_away_from_axis_and_sphere():
    low, high = np.array([0.05, -0.1, 0.06]), np.array([0.0, 0.15, 0.01])
    away = ground().outwards(np.stack([low, high]))
    np.testing.assert_allclose(np.linalg.norm(away, axis=1), 1, atol=1e-6)
    assert away[0, 1] == 0
    assert away[1, 1] > 0.6


def test_hair_hangs_on_vertices_of_the_skin_nearby():
    found = prepared()
    assert np.isin(found.anchors, found.mesh.skin_vertices).all()
    cells = (np.stack(np.meshgrid(np.arange(GRID), np.arange(8, 40)), -1) + 0.5) * (
        SIDE / GRID
    )
    points = ground().on_surface(cells.astype(np.float32))
    hung = neutral()[0][found.anchors[8:40]]
    assert np.quantile(np.linalg.norm(points - hung, axis=-1), 0.95) < 0.035


def test_ribbons_follow_their_locks():
    grown = locks("bob")
    made = make_ribbons(grown, SEED, ground(), prepared().anchors, neutral()[0])
    points = made.offsets.reshape(LOCKS, -1, 3) + neutral()[0][made.anchors][:, None]
    np.testing.assert_allclose(points, grown.lines, atol=1e-6)
    half = np.linalg.norm(made.sides, axis=1).reshape(LOCKS, -1)
    np.testing.assert_allclose(2 * half.max(axis=1), grown.widths, rtol=1e-4)
    assert (half[:, -1] <= half.max(axis=1)).all()
    np.testing.assert_allclose(np.linalg.norm(made.normals, axis=1), 1, atol=1e-5)
    across = np.abs((made.sides * made.tangents).sum(axis=1))
    assert (across < 1e-6).all()
    assert made.shades.min() > 0 and made.shades.max() < 1.6


def test_faces_of_ribbons_join_neighbouring_points():
    faces, place = ribbon_faces(), ribbon_coordinates()
    assert faces.max() == NUM_VERTICES - 1 and len(place) == NUM_VERTICES
    assert NUM_VERTICES == 2 * NUM_POINTS
    corners = place[faces]
    assert (np.ptp(corners[..., 2], axis=1) == 0).all()
    np.testing.assert_allclose(np.ptp(corners[..., 1], axis=1), 1 / 8, atol=1e-6)
    assert set(np.unique(place[:, 0])) == {-1.0, 1.0}
