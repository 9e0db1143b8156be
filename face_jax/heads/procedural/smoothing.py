"""Evens out the skin where it has no fine features."""

import numpy as np

from face_jax.heads.procedural import chart

_ROUNDS = 30
_FINE = (
    ("fold", "pouch", 4, 13),
    ("nose_1", "nose_base", 0, 6),
    ("philtrum_2", "under_lip", 0, 8),
)
"""First and last row, first and last column of the eyes, the nose and the lips."""


def smoothed(half: np.ndarray) -> np.ndarray:
    """Positions [rows, 30, 3] of the left half after rounds of averaging neighbours.

    Bends between the points of ``anatomy`` disappear from cheeks, skull and neck; lids,
    lips and nose stay as they are. Every round is followed by one outwards, so that
    nothing shrinks, and vertices move along the normal only, so that the rows keep
    their distances.
    """
    share = _share()[..., None]
    for _ in range(_ROUNDS):
        half = half + 0.5 * share * _bends(half)
        half = half - 0.52 * share * _bends(half)
    return half


def _bends(half: np.ndarray) -> np.ndarray:
    """Ways along the normal to the mean of the four neighbours; none at the ends."""
    mirrored = np.array([-1, 1, 1])
    wide = np.concatenate([half[:, 1:2] * mirrored, half, half[:, -2:-1] * mirrored], 1)
    above, below, right, left = half[:-2], half[2:], wide[1:-1, :-2], wide[1:-1, 2:]
    normal = np.cross(below - above, left - right)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    way = (above + below + right + left) / 4 - half[1:-1]
    along = (way * normal).sum(-1, keepdims=True) * normal
    return np.pad(along, ((1, 1), (0, 0), (0, 0)))


def _share() -> np.ndarray:
    """How far [rows, 30] the skin may be evened out: not at all on fine features."""
    up, across = chart.ROW_HEIGHTS[:, None], chart.COLUMN_PLACES[None, :]
    fine = np.zeros((len(chart.ROWS), chart.LAST_COLUMN + 1))
    for top, bottom, first, last in _FINE:
        above = up - chart.ROW_HEIGHTS[chart.ROWS[top]]
        below = chart.ROW_HEIGHTS[chart.ROWS[bottom]] - up
        beside = np.maximum(
            chart.COLUMN_PLACES[first] - across, across - chart.COLUMN_PLACES[last]
        )
        distance = np.maximum(np.maximum(above, below), beside)
        fine = np.maximum(fine, np.clip(1 - distance / 9.0, 0, 1))
    return 1 - fine
