"""Points of the skin by named row and column, as faces and barycentric coordinates."""

import numpy as np

from face_jax.heads.procedural import chart, skin

Place = tuple[str, float, float]
"""Name of a row, column (negative on the right side), rows further down."""


def embed(faces: np.ndarray, places: list[Place]) -> tuple[np.ndarray, np.ndarray]:
    """Faces and barycentric coordinates of places on the skin.

    Args:
      faces: [F, 3] of the skin, or of a mesh that begins with it.
      places: P places.

    Returns:
      int32 [P], float32 [P, 3].
    """
    rows = np.array([chart.ROWS[name] + further for name, _, further in places])
    columns = np.array([column for _, column, _ in places], float)
    corners, bary = _triangles(rows, np.abs(columns))
    corners = np.where(columns[:, None] < 0, skin.mirror()[corners], corners)
    return _look_up(faces, corners, bary)


def _triangles(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners [P, 3] and weights of the triangles of the left half at grid places."""
    row = np.minimum(np.floor(rows).astype(int), len(chart.ROWS) - 2)
    column = np.minimum(np.floor(columns).astype(int), chart.LAST_COLUMN - 1)
    down, right = rows - row, columns - column
    here, beside = _number(row, column), _number(row, column + 1)
    below, across = _number(row + 1, column), _number(row + 1, column + 1)
    low = np.stack([here, below, across], -1)
    high = np.stack([here, across, beside], -1)
    low_bary = np.stack([1 - down, down - right, right], -1)
    high_bary = np.stack([1 - right, down, right - down], -1)
    is_low = (down >= right)[:, None]
    return np.where(is_low, low, high), np.where(is_low, low_bary, high_bary)


def _number(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    around = (column + skin.MIDDLE) % skin.COLUMNS
    return np.where(row == 0, 0, 1 + (row - 1) * skin.COLUMNS + around)


def _look_up(
    faces: np.ndarray, corners: np.ndarray, bary: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Finds triangles by their corners and brings the weights into their order."""
    keys = {tuple(sorted(face)): index for index, face in enumerate(faces.tolist())}
    found = np.array([keys[tuple(sorted(triangle))] for triangle in corners.tolist()])
    order = (faces[found][:, :, None] == corners[:, None, :]).argmax(-1)
    return found.astype(np.int32), np.take_along_axis(bary, order, 1).astype(np.float32)
