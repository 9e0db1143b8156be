"""Eyeballs: spheres with a slight cornea; iris and pupil are rings of faces."""

import numpy as np

from face_jax.heads.procedural import unwrap
from face_jax.heads.procedural.lids import EYE_CENTRE, EYE_RADIUS
from face_jax.heads.procedural.parts import Part, grid_faces, make_part, other_side

SEGMENTS = 24
_RINGS = (0.0, 5.5, 11.0, 17.0, 23.5, 29.0, 31.5, 40.0, 52.0, 68.0, 88.0, 120.0, 180.0)
"""Angles in degrees from the optical axis, the first and the last being poles."""
_PUPIL_RINGS, _IRIS_RINGS = 2, 5
"""Rings from the pole to the edges of the pupil and the iris."""
_CORNEA = 0.4
"""How far the cornea stands out of the sphere, mm."""


def eyeballs() -> tuple[Part, Part]:
    """The left and the right eyeball."""
    angles = np.radians(_RINGS)[:, None]
    turn = np.arange(SEGMENTS) / SEGMENTS * 2 * np.pi
    bulge = _CORNEA * np.clip(1 - (angles / np.radians(30)) ** 2, 0, None)
    x, y = np.sin(angles) * np.sin(turn), np.sin(angles) * np.cos(turn)
    z = np.cos(angles) + 0 * turn
    directions = np.stack([x, y, z], -1)
    ball = EYE_CENTRE + (EYE_RADIUS + bulge)[..., None] * directions
    picture = np.stack([x, y], -1) / np.sin(angles).clip(1e-9)[..., None]
    square = 0.5 + 0.49 * picture * np.sqrt(angles / np.pi)[..., None]
    left = _ball(ball.reshape(-1, 3), square.reshape(-1, 2))
    uvs = unwrap.on_island(
        "right_eyeball", _one_pole(square.reshape(-1, 2)) * [-1, 1] + [1, 0]
    )
    return left, other_side(left, "right_eyeball", uvs)


def _ball(vertices: np.ndarray, square: np.ndarray) -> Part:
    grid = grid_faces(len(_RINGS), SEGMENTS, closed=True)
    # Seen from the front, columns run clockwise and rows outwards: turn the faces.
    grid = grid[:, ::-1]
    ring = grid.min(1) // SEGMENTS
    faces = np.clip(grid - SEGMENTS + 1, 0, (len(_RINGS) - 2) * SEGMENTS + 1)
    solid = (np.diff(np.sort(faces, axis=1), axis=1) > 0).all(1)
    names = np.where(
        ring < _PUPIL_RINGS, "pupil", np.where(ring < _IRIS_RINGS, "iris", "sclera")
    )
    uvs = unwrap.on_island("left_eyeball", _one_pole(square))
    return make_part(
        "left_eyeball", _one_pole(vertices), faces[solid], list(names[solid]), uvs
    )


def _one_pole(values: np.ndarray) -> np.ndarray:
    """Drops the repetitions of the two poles from values of the grid of rings."""
    return np.concatenate([values[:1], values[SEGMENTS : 1 - SEGMENTS]])
