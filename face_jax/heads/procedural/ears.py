"""Ears: a shell around the ear canal with helix, antihelix, concha and lobe."""

import numpy as np

from face_jax.heads.procedural import unwrap
from face_jax.heads.procedural.parts import Part, grid_faces, make_part, other_side

_CENTRE = np.array([69.5, -20.0, -97.0])
"""The left ear canal."""
_LEAN, _FLARE = np.radians(12.0), np.radians(28.0)
"""How far the ear leans back, and its angle to the side of the head."""
_SEGMENTS = 22

# fmt: off
_RINGS = (
    # radius, height of the rim side, height at the face side and lobe
    (0.08, -5.0, -3.0), (0.30, -5.5, -2.0), (0.46, 0.5, -1.0), (0.58, 3.5, 0.0),
    (0.74, 1.5, 0.5), (0.86, 5.0, 1.0), (0.97, 5.2, 1.0), (1.0, 3.0, 0.0),
    (0.93, 0.5, -2.0), (0.62, -9.0, -8.0),
)
# fmt: on


def ears() -> tuple[Part, Part]:
    """The left and the right ear."""
    turn = np.arange(_SEGMENTS) / _SEGMENTS * 2 * np.pi
    back, up = np.sin(turn), np.cos(turn)
    reach = _outline(back, up)
    # Helix and folds fade towards the face and in the lobe.
    folded = np.clip(1.15 + 1.3 * back, 0, 1) * np.clip(1.55 + 1.6 * up, 0, 1)
    radius, rim, plain = np.array(_RINGS).T[:, :, None]
    height = rim * folded + plain * (1 - folded) - 3.0 * np.clip(-back, 0, 1) * radius
    local = np.stack([radius * reach * back, radius * reach * up, height], -1)
    vertices = _CENTRE + local @ _axes()
    faces = grid_faces(len(_RINGS), _SEGMENTS, closed=True)[:, ::-1]
    middle = np.arange(_SEGMENTS)
    lid = np.stack([0 * middle[2:], middle[1:-1], middle[2:]], -1)[:, ::-1]
    square = (
        0.5
        + 0.49
        * np.stack([back, up], -1)
        * np.linspace(0.05, 1, len(_RINGS))[:, None, None]
    )
    square = square.reshape(-1, 2)
    left = make_part(
        "left_ear",
        vertices.reshape(-1, 3),
        np.concatenate([faces, lid]),
        "skin",
        unwrap.on_island("left_ear", square),
    )
    mirrored = unwrap.on_island("right_ear", square * [-1, 1] + [1, 0])
    return left, other_side(left, "right_ear", mirrored)


def _outline(back: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Distance in mm of the edge of the ear from its canal in a direction."""
    across = np.where(back > 0, 25.0, 9.0 + 3 * np.clip(up, 0, 1))
    along = np.where(up > 0, 34.0, 30.0)
    plain = 1 / np.sqrt((back / across) ** 2 + (up / along) ** 2)
    # The outline narrows to the lobe.
    return plain * (1 - 0.18 * np.clip(back, 0, 1) * np.clip(-up, 0, 1) * 2)


def _axes() -> np.ndarray:
    """Rows: directions of back, up and outwards of the left ear."""
    back = np.array([np.sin(_FLARE), 0.0, -np.cos(_FLARE)])
    up = np.array([0.0, 1.0, 0.0])
    out = np.cross(back, up)
    lean = np.cos(_LEAN), np.sin(_LEAN)
    return np.stack([lean[0] * back - lean[1] * up, lean[0] * up + lean[1] * back, out])
