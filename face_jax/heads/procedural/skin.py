"""The skin: one grid around the head, slit at the eyes and the mouth."""

import functools

import numpy as np

from face_jax.heads.procedural import (
    anatomy,
    chart,
    interpolation,
    lids,
    lips,
    smoothing,
    unwrap,
)
from face_jax.heads.procedural.parts import Part, following, grid_faces, make_part

COLUMNS = 2 * chart.LAST_COLUMN
"""Vertices around the head: from the nape (0) past the right side, the middle of the
face (29) and the left side."""
MIDDLE = chart.LAST_COLUMN
_FINE, _COARSE = 1.0, 25.0
"""How loosely points hold the surface at the features and elsewhere, in mm^2."""
_FEATURES = ("brow", "under_lip", 9)
"""First row, last row and last column of the features."""


def vertex(row: str, column: int) -> int:
    """Row of the skin's vertices for a named row and a column from -29 to 29."""
    if row == "crown":
        return 0
    return 1 + (chart.ROWS[row] - 1) * COLUMNS + (column + MIDDLE) % COLUMNS


@functools.lru_cache
def chart_of_vertices() -> tuple[np.ndarray, np.ndarray]:
    """Row numbers [N] and signed columns [N] of the skin's vertices."""
    rows, columns = np.meshgrid(
        np.arange(len(chart.ROWS)), np.arange(COLUMNS) - MIDDLE, indexing="ij"
    )
    return _one_crown(rows), _one_crown(columns)


def mirror() -> np.ndarray:
    """The skin's vertices [N] on the other side of each."""
    rows, columns = chart_of_vertices()
    across = (MIDDLE - columns) % COLUMNS
    return np.where(rows == 0, 0, 1 + (rows - 1) * COLUMNS + across)


def half_skin() -> np.ndarray:
    """Positions [rows, 30, 3] in mm of the left half of the grid."""
    parts = (anatomy.section_points(), lids.lid_points(), lips.lip_points())
    places = np.concatenate([part[0] for part in parts])
    points = np.concatenate([part[1] for part in parts])
    roughness = np.full(len(places), _FINE)
    roughness[: len(parts[0][0])] = _roughness(parts[0][0])
    half = interpolation.interpolate(places, points, roughness, chart.half_grid())
    half = smoothing.smoothed(half)
    half[:, [0, -1], 0] = 0.0
    return half


def _roughness(places: np.ndarray) -> np.ndarray:
    """How loosely points of sections hold the surface, [N] for places [N, 2]."""
    top, bottom, column = _FEATURES
    height = chart.ROW_HEIGHTS
    inside = (places[:, 1] <= height[chart.ROWS[top]]) & (
        places[:, 1] >= height[chart.ROWS[bottom]]
    )
    inside &= places[:, 0] <= chart.COLUMN_PLACES[column]
    return np.where(inside, _FINE, _COARSE)


def skin() -> Part:
    """The skin of the mean head."""
    half = half_skin()
    right = half[:, :0:-1] * [-1, 1, 1]
    vertices = _one_crown(np.concatenate([right, half[:, :-1]], 1))
    grid = grid_faces(len(chart.ROWS), COLUMNS, closed=True, turned=range(MIDDLE))
    grid = grid[~_is_open(grid)]
    faces = np.maximum(grid - COLUMNS + 1, 0)
    solid = (np.diff(np.sort(faces, axis=1), axis=1) > 0).all(1)
    grid, faces = grid[solid], faces[solid]
    return make_part(
        "skin",
        vertices,
        faces,
        _materials(grid),
        unwrap.skin_uvs(),
        faces_uv=unwrap.skin_faces_uv(grid, COLUMNS),
        mirror=mirror(),
        follow=following(np.arange(len(vertices)), np.ones(len(vertices))),
    )


def _one_crown(grid: np.ndarray) -> np.ndarray:
    """Values [rows, columns, ...] as a list that holds the crown only once."""
    return np.concatenate([grid[0, MIDDLE : MIDDLE + 1], *grid[1:]])


def _extent(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Upper row, and least and greatest distance from the middle column, of faces."""
    columns = np.abs(grid % COLUMNS - MIDDLE)
    return grid.min(1) // COLUMNS, columns.min(1), columns.max(1)


def _is_open(grid: np.ndarray) -> np.ndarray:
    """Whether faces [M, 3] of the grid lie in the opening of an eye or the mouth."""
    row, least, greatest = _extent(grid)
    in_eye = (least >= chart.INNER_CANTHUS) & (greatest <= chart.OUTER_CANTHUS)
    in_mouth = greatest <= chart.MOUTH_CORNER
    return ((row == chart.ROWS["upper_tuck"]) & in_eye) | (
        (row == chart.ROWS["upper_inner"]) & in_mouth
    )


def _materials(grid: np.ndarray) -> list[str]:
    row, least, greatest = _extent(grid)
    names = np.full(len(grid), "skin", dtype=object)
    names[row < chart.ROWS["hairline"]] = "scalp"
    behind = (least >= 19) & (row < chart.ROWS["sulcus"])
    names[behind & (row >= chart.ROWS["hairline"])] = "scalp"
    between = (row >= chart.ROWS["upper_border"]) & (row < chart.ROWS["lower_border"])
    names[between & (greatest <= chart.MOUTH_CORNER)] = "lips"
    inside = (row >= chart.ROWS["upper_wet"]) & (row < chart.ROWS["lower_wet"])
    eye = (least >= chart.INNER_CANTHUS) & (greatest <= chart.OUTER_CANTHUS)
    names[inside & eye] = "gums"
    nostril = (row == chart.ROWS["columella"]) & (least >= 1) & (greatest <= 3)
    names[nostril] = "mouth_interior"
    return list(names)
