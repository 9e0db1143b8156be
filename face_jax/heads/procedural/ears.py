"""Ears: a shell around the ear canal with helix, antihelix, concha and lobe."""

import numpy as np

from face_jax.heads.procedural import unwrap
from face_jax.heads.procedural.parts import Part, grid_faces, make_part, other_side

_CENTRE = np.array([73.2, -21.0, -95.0])
"""The left ear canal."""
_LEAN, _FLARE = np.radians(10.0), np.radians(26.0)
"""How far the ear leans back, and the angle of its back half to the side of the head."""
_SEGMENTS = 24

# fmt: off
_REACH = (33, 36, 35, 30, 26.5, 26, 29, 27, 17, 11, 13, 24)
"""Distance in mm of the edge from the canal, every 30 degrees from the top backwards."""
_RADII = (0.1, 0.32, 0.47, 0.58, 0.72, 0.84, 0.94, 1.0, 0.93, 0.62)
"""Rings in parts of that distance; the last two lie behind the ear."""
_HELIX = (-2.0, -2.2, 0.5, 3.2, 0.6, 4.4, 5.2, 3.0, 0.0, -10.0)
_LOBE = (-2.0, -2.0, -0.5, 1.0, 1.6, 2.0, 1.6, 0.2, -1.5, -9.0)
_FRONT = (-2.0, -2.0, -1.0, 1.0, 2.0, 0.5, -2.0, -4.0, -6.0, -10.0)
"""Heights of the rings in mm: at the upper and back edge, in the lobe, at the tragus."""
# fmt: on
_LOBE_AT, _FRONT_AT = 190.0, 265.0
"""Degrees from the top backwards at which lobe and tragus lie."""


def ears() -> tuple[Part, Part]:
    """The left and the right ear."""
    degrees = np.arange(_SEGMENTS) * 360.0 / _SEGMENTS
    back, up = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    radii = np.array(_RADII)[:, None] * _reach(degrees)
    # The front half lies along the head; only the back half stands off.
    along_head = np.tan(_FLARE) * np.clip(-back, 0, None) * radii
    local = np.stack([radii * back, radii * up, _heights(degrees) + along_head], -1)
    vertices = _CENTRE + local.reshape(-1, 3) @ _axes()
    # Seen from outside, segments run clockwise and rings outwards: turn the faces.
    rings = grid_faces(len(_RADII), _SEGMENTS, closed=True)[:, ::-1]
    steps = np.arange(1, _SEGMENTS - 1)
    canal = np.stack([steps + 1, steps, 0 * steps], -1)
    square = 0.5 + 0.49 * np.stack([back, up], -1) * np.linspace(
        0.05, 1, len(_RADII)
    ).reshape(-1, 1, 1)
    square = square.reshape(-1, 2)
    left = make_part(
        "left_ear",
        vertices,
        np.concatenate([rings, canal]),
        "skin",
        unwrap.on_island("left_ear", square),
    )
    mirrored = unwrap.on_island("right_ear", square * [-1, 1] + [1, 0])
    return left, other_side(left, "right_ear", mirrored)


def _reach(degrees: np.ndarray) -> np.ndarray:
    """Distance [N] of the edge: the trigonometric polynomial through ``_REACH``."""
    waves = np.fft.rfft(_REACH) / len(_REACH)
    orders = np.arange(1, len(waves) - 1)
    turns = np.exp(1j * np.radians(degrees)[:, None] * orders)
    return waves[0].real + 2 * (turns * waves[1:-1]).real.sum(-1)


def _heights(degrees: np.ndarray) -> np.ndarray:
    """Heights [rings, N] of the surface over the plane of the ear."""
    lobe = np.exp(-((_turn(degrees - _LOBE_AT) / 38.0) ** 2))
    front = np.exp(-((_turn(degrees - _FRONT_AT) / 36.0) ** 2))
    helix = np.clip(1 - lobe - front, 0, 1)
    total = helix + lobe + front
    profiles = np.array([_HELIX, _LOBE, _FRONT])
    return np.einsum("kr,kn->rn", profiles, np.stack([helix, lobe, front]) / total)


def _turn(degrees: np.ndarray) -> np.ndarray:
    """Angles between -180 and 180 degrees."""
    return (degrees + 180.0) % 360.0 - 180.0


def _axes() -> np.ndarray:
    """Rows: directions of back, up and outwards of the left ear."""
    back = np.array([np.sin(_FLARE), 0.0, -np.cos(_FLARE)])
    up = np.array([0.0, 1.0, 0.0])
    out = np.cross(back, up)
    cos, sin = np.cos(_LEAN), np.sin(_LEAN)
    return np.stack([cos * back - sin * up, cos * up + sin * back, out])
