"""Evens out the skin where it has no fine features."""

import numpy as np

from face_jax.heads.procedural import chart

_ROUNDS = 80
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
    nothing shrinks.
    """
    share = _share()[..., None]
    for _ in range(_ROUNDS):
        half = half + 0.5 * share * _to_neighbours(half)
        half = half - 0.53 * share * _to_neighbours(half)
    return half


def _to_neighbours(half: np.ndarray) -> np.ndarray:
    """Ways to the mean of the four neighbours; none from the first and last rows."""
    mirrored = np.array([-1, 1, 1])
    wide = np.concatenate([half[:, 1:2] * mirrored, half, half[:, -2:-1] * mirrored], 1)
    ways = np.zeros_like(half)
    ways[1:-1] = (
        half[:-2] + half[2:] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * half[1:-1]
    ) / 4
    return ways


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
