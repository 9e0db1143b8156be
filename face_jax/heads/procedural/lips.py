"""Lips: rows of points from border to border, meeting in the line of the mouth."""

import numpy as np

from face_jax.heads.procedural import chart

CORNER = np.array([26.0, -65.8, -3.2])
"""Left corner of the mouth."""
_MIDDLE_HEIGHT, _MIDDLE_DEPTH = -65.3, 9.0
"""y and z of the middle of the line of the mouth."""

# fmt: off
_UPPER_ROWS = (
    ("over_lip", 1.32, 1.6), ("upper_border", 1.0, 3.4), ("upper_lip", 0.52, 4.1),
    ("upper_contact", -0.03, 2.6), ("upper_inner", 0.1, -1.5),
)
_LOWER_ROWS = (
    ("lower_inner", -0.1, -1.5), ("lower_contact", 0.03, 1.9), ("lower_lip", -0.52, 3.4),
    ("lower_border", -1.0, 1.6), ("under_lip", -1.4, -0.9),
)
# fmt: on
"""Row, height in parts of the lip's height, depth in front of the line of the mouth."""

_BESIDE = ((33.0, -55.7, -6.2), (32.0, -66.3, -7.0), (33.0, -80.2, -11.3))
"""Upper, middle and lower point of the cheek just beyond the corner."""


def lip_points() -> tuple[np.ndarray, np.ndarray]:
    """Chart places [N, 2] and positions [N, 3] of the left half of the lips."""
    columns = np.arange(0, chart.MOUTH_CORNER + 1)
    along = columns / chart.MOUTH_CORNER
    places, points = [], []
    for rows, thickness in ((_UPPER_ROWS, upper_height), (_LOWER_ROWS, lower_height)):
        for row, height, depth in rows:
            places += [chart.place(row, float(column)) for column in columns]
            points.append(_lip_row(along, thickness(along), height, depth))
    beside = chart.spread("philtrum_2", "sulcus", 9.6, np.array(_BESIDE))
    places += list(beside[0])
    points.append(beside[1])
    return np.array(places), np.concatenate(points)


def upper_height(along: np.ndarray) -> np.ndarray:
    """Height in mm of the upper lip, with its bow, from middle (0) to corner (1)."""
    bow = 6.2 + 1.3 * np.exp(-(((along - 0.2) / 0.12) ** 2))
    return bow * np.clip(1 - along**2.2, 0, 1) ** 0.8


def lower_height(along: np.ndarray) -> np.ndarray:
    """Height in mm of the lower lip from middle (0) to corner (1)."""
    return 9.6 * np.clip(1 - along**2.4, 0, 1) ** 0.75


def _lip_row(
    along: np.ndarray, thickness: np.ndarray, height: float, depth: float
) -> np.ndarray:
    full = np.clip(1 - along**3, 0, 1)
    x = CORNER[0] * along
    y = _MIDDLE_HEIGHT + (CORNER[1] - _MIDDLE_HEIGHT) * along**2
    y += 0.7 * np.exp(-(((along - 0.4) / 0.2) ** 2)) + thickness * height
    y += (1 - full) * 0.9 * height * abs(height) ** 3
    z = _MIDDLE_DEPTH + (CORNER[2] - _MIDDLE_DEPTH) * along**2.0
    return np.stack([x, y, z + depth * full], -1)
