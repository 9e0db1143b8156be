"""The contour of the ICT face: where the silhouette runs at each yaw of the head."""

import numpy as np

from face_jax.geometry.landmarks import LARGEST_YAW

_INNERMOST = 0.6
"""Share of a jaw point's distance from the middle down to which its contour moves."""
_CHIN = 8
YAWS = (*range(LARGEST_YAW + 1), *range(-1, -LARGEST_YAW - 1, -1))
"""Degrees in the order of their rows."""


def contour_79(
    vertices: np.ndarray, faces: np.ndarray, jaw_line: np.ndarray, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Contours of 17 points from the right ear past the chin to the left one.

    Every point of the jaw line slides on its level, in front of its place, to where the
    turned head reaches furthest to the point's side. The chin stays.

    Args:
      vertices: [V, 3] of the neutral head, y up and z forward.
      faces: [F, 3] triangles.
      jaw_line: [17] vertices from right to left.
      usable: [V] bool, vertices of the outer skin without the ears.

    Returns:
      Triangles [79, 17] int32 and barycentric coordinates [79, 17, 3] float32.
    """
    skin = np.flatnonzero(usable[faces].all(axis=1))
    columns = [
        _track(vertices, faces, skin, start, np.sign(number - _CHIN))
        for number, start in enumerate(jaw_line)
    ]
    rows, bary = (np.stack(parts, axis=1) for parts in zip(*columns, strict=True))
    return rows.astype(np.int32), bary.astype(np.float32)


def _track(
    vertices: np.ndarray, faces: np.ndarray, skin: np.ndarray, start: int, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """A jaw point's triangles [79] and coordinates [79, 3]."""
    place = vertices[start]
    row, corner = np.argwhere(faces == start)[0]
    rows, bary = np.array([row]), np.eye(3)[[corner]]
    if side:
        crossing_rows, crossing_bary = _level(vertices, faces, skin, place[1])
        rows = np.concatenate([rows, crossing_rows])
        bary = np.concatenate([bary, crossing_bary])
    points = np.einsum("pk,pkc->pc", bary, vertices[faces[rows]])
    allowed = (side * points[:, 0] >= _INNERMOST * abs(place[0])) & (
        points[:, 2] >= place[2]
    )
    allowed[0] = True
    yaws = np.radians(YAWS)[:, None]
    reach = side * (points[:, 0] * np.cos(yaws) + points[:, 2] * np.sin(yaws))
    best = np.where(allowed, reach, -np.inf).argmax(axis=1)
    return rows[best], bary[best]


def _level(
    vertices: np.ndarray, faces: np.ndarray, skin: np.ndarray, height: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where edges of triangles pass a height: triangles [P], coordinates [P, 3]."""
    above = vertices[faces[skin], 1] - height
    found_rows, found_bary = [], []
    for a in range(3):
        b = (a + 1) % 3
        crosses = (above[:, a] > 0) != (above[:, b] > 0)
        start, end = above[crosses, a], above[crosses, b]
        share = start / (start - end)
        bary = np.zeros((len(share), 3))
        bary[:, a], bary[:, b] = 1 - share, share
        found_rows.append(skin[crosses])
        found_bary.append(bary)
    return np.concatenate(found_rows), np.concatenate(found_bary)
