"""The contour of the face: where the silhouette runs at each yaw of the head."""

import numpy as np

from face_jax.heads.procedural.places import Place, embed

# fmt: off
_SIDE: tuple[Place, ...] = (
    ("jaw_line", 5.2, 0.0), ("jaw_line", 9.6, 0.0), ("jaw_line", 13.2, -0.3),
    ("chin_3", 16.5, 0.0), ("lower_lip", 17.3, 0.0), ("philtrum_1", 17.7, 0.0),
    ("under_tip", 18.0, 0.0), ("nose_1", 18.2, 0.0),
)
# fmt: on
"""Points 9 to 16 of the contour, from the chin to the left ear."""
_CHIN: Place = ("jaw_line", 0.0, 0.0)
_INNERMOST = 9.0
"""Column up to which the silhouette may move towards the nose."""
_STEPS = 41
YAWS = (*range(40), *(-yaw for yaw in range(1, 40)))
"""Yaws in degrees in the order of their rows."""


def contour_79(
    vertices: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Contours of 17 points [79, 17] from the right ear past the chin to the left.

    A point slides along its row of the chart, between its place in front of the ear
    and the cheek, to where the turned head reaches furthest to its side.

    Args:
      vertices: [V, 3] of the neutral head.
      faces: [F, 3].

    Returns:
      int32 [79, 17] faces and float32 [79, 17, 3] barycentric coordinates.
    """
    paths = [_path(place) for place in _SIDE]
    tracks = [[_flip(place) for place in path] for path in paths[::-1]]
    tracks += [[_CHIN] * _STEPS, *paths]
    rows, bary = embed(faces, [place for track in tracks for place in track])
    points = np.einsum("pk,pkc->pc", bary, vertices[faces[rows]])
    points = points.reshape(17, _STEPS, 3)
    yaws = np.radians(YAWS)[:, None, None]
    reach = points[..., 0] * np.cos(yaws) + points[..., 2] * np.sin(yaws)
    side = np.sign(np.arange(17) - 8)[:, None]
    best = np.argmax(reach * side, -1) + _STEPS * np.arange(17)
    return rows[best], bary[best]


def _path(place: Place) -> list[Place]:
    row, column, further = place
    inner = min(_INNERMOST, column)
    return [(row, at, further) for at in np.linspace(column, inner, _STEPS)]


def _flip(place: Place) -> Place:
    return place[0], -place[1], place[2]
