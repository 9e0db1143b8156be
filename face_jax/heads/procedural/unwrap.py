"""Texture coordinates: the unrolled skin, and islands for the small parts below it."""

import numpy as np

from face_jax.heads.procedural import chart

_FRONT, _BACK_SCALE = 85.0, 0.45
"""Half width in mm of the part of the head that is unrolled at full size, and the
scale of the rest, so that the face gets most of the picture."""
_TOP, _BOTTOM, _SCALP_SCALE, _NECK_SCALE = "hairline", "throat_1", 0.5, 0.45
_FLOOR = 0.17
"""Lower edge of the unrolled skin; the islands lie below."""

# fmt: off
ISLANDS = {
    "left_eyeball": (0.34, 0.00, 0.16), "right_eyeball": (0.50, 0.00, 0.16),
    "left_ear": (0.17, 0.00, 0.16), "right_ear": (0.67, 0.00, 0.16),
    "teeth": (0.00, 0.00, 0.16), "cavity": (0.84, 0.00, 0.075),
    "tongue": (0.92, 0.00, 0.075), "left_brow": (0.84, 0.085, 0.035),
    "right_brow": (0.88, 0.085, 0.035), "left_lashes": (0.92, 0.085, 0.035),
    "right_lashes": (0.96, 0.085, 0.035),
}
# fmt: on
"""Left edge, lower edge and side of the square of every small part."""


def on_island(name: str, square: np.ndarray) -> np.ndarray:
    """Coordinates [N, 2] in a part's own square, 0 to 1, to those in the texture."""
    left, bottom, side = ISLANDS[name]
    return np.array([left, bottom]) + side * np.asarray(square)


def skin_uvs() -> np.ndarray:
    """Texture coordinates [rows * 59, 2] of the grid; the nape is there twice."""
    places = chart.COLUMN_PLACES
    half = np.minimum(places, _FRONT) + _BACK_SCALE * np.maximum(places - _FRONT, 0)
    across = np.concatenate([-half[:0:-1], half]) / half[-1]
    steps = -np.diff(chart.ROW_HEIGHTS, prepend=0.0)
    steps[: chart.ROWS[_TOP] + 1] *= _SCALP_SCALE
    steps[chart.ROWS[_BOTTOM] :] *= _NECK_SCALE
    down = np.cumsum(steps) / steps.sum()
    u, v = np.meshgrid(0.5 + 0.5 * across, 1 - (1 - _FLOOR) * down)
    return np.stack([u, v], -1).reshape(-1, 2)


def skin_faces_uv(grid: np.ndarray, columns: int) -> np.ndarray:
    """Rows of ``skin_uvs`` for faces [M, 3] of the grid.

    Faces that close the seam at the nape end at its second copy.
    """
    row, column = grid // columns, grid % columns
    over_seam = (column == 0) & (column.max(1, keepdims=True) == columns - 1)
    return row * (columns + 1) + np.where(over_seam, columns, column)
