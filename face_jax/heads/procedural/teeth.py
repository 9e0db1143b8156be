"""Teeth: an upper and a lower arch of scalloped crowns above their gums."""

import numpy as np

from face_jax.heads.procedural import unwrap
from face_jax.heads.procedural.parts import Part, grid_faces, make_part

_HALF_WIDTH, _DEPTH = 25.0, 40.0
"""Half axes of the arch of the upper teeth, mm."""
_UPPER_FRONT, _LOWER_FRONT, _LOWER_SCALE = 2.0, -0.6, 0.94
_UPPER_EDGE, _LOWER_EDGE = -68.2, -67.2
"""y of the edges of the incisors."""
_RISE = 3.5
"""How much shorter the row of teeth is at its ends, mm."""
_UPPER_TEETH = (8.6, 6.8, 7.6, 7.0, 6.8, 9.0)
_LOWER_TEETH = (5.5, 6.0, 7.0, 7.0, 7.2, 10.0)
"""Widths of the teeth of one side from the middle backwards, mm."""
_PROFILE = (
    (16.5, -1.5, 0.0, 0.0),
    (9.6, 0.2, -0.7, -1.4),
    (5.0, 0.7, 0.0, -1.6),
    (0.0, 0.0, 0.9, -1.0),
    (0.3, -1.6, 0.8, 0.0),
    (7.0, -5.0, 0.0, 0.0),
)
"""Rows from the gum over the edge to the back, in mm: height above the edge, depth in
front of the arch, and what is added to both where teeth meet."""


def arches() -> tuple[Part, Part]:
    """The upper and the lower teeth with their gums."""
    upper = _arch("upper_teeth", _UPPER_TEETH, 1.0, _UPPER_FRONT, _UPPER_EDGE, 1)
    lower = _arch(
        "lower_teeth", _LOWER_TEETH, _LOWER_SCALE, _LOWER_FRONT, _LOWER_EDGE, -1
    )
    return upper, lower


def _arch(
    name: str,
    widths: tuple[float, ...],
    scale: float,
    front: float,
    edge: float,
    up: int,
) -> Part:
    """One arch; ``up`` is 1 for teeth that hang and -1 for teeth that stand."""
    way, meets = _stations(widths)
    curve, outward = _curve(way / scale)
    rise = _RISE * (way / way[-1]) ** 2
    rows = []
    for height, depth, height_between, depth_between in _PROFILE:
        out = scale * depth + depth_between * meets
        x, z = (scale * curve + out[:, None] * outward).T
        y = edge + up * (height + height_between * meets + rise)
        rows.append(np.stack([x, y, front + z], -1))
    return _part(name, np.stack(rows if up > 0 else rows[::-1]), up)


def _part(name: str, grid: np.ndarray, up: int) -> Part:
    rows, columns = grid.shape[:2]
    faces = grid_faces(rows, columns, turned=range(columns // 2))
    numbers = np.arange(rows * columns).reshape(rows, columns)
    strip = faces.min(1) // columns
    gum = strip == (0 if up > 0 else rows - 2)
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0.47, 0, rows))
    square = np.stack([u, v + (0.52 if up > 0 else 0.0)], -1).reshape(-1, 2)
    return make_part(
        name,
        grid.reshape(-1, 3),
        faces,
        list(np.where(gum, "gums", "teeth")),
        unwrap.on_island("teeth", square),
        mirror=numbers[:, ::-1].ravel(),
    )


def _stations(widths: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Ways [N] along the arch, from right to left, and where teeth meet (1)."""
    half, meets = [0.0], [1.0]
    for width in widths:
        start = half[-1]
        half += [start + 0.18 * width, start + 0.82 * width, start + width]
        meets += [0.0, 0.0, 1.0]
    way = np.array(half)
    return np.concatenate([-way[:0:-1], way]), np.array(meets[:0:-1] + meets)


def _curve(way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The arch, half an ellipse, by length of arc from its front.

    Args:
      way: [N] lengths in mm, positive to the left.

    Returns:
      x and z [N, 2], and the unit vectors [N, 2] out of the mouth.
    """
    angles = np.linspace(0, 0.75 * np.pi, 400)
    speed = np.hypot(_HALF_WIDTH * np.cos(angles), _DEPTH * np.sin(angles))
    length = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 2)])
    angle = np.sign(way) * np.interp(np.abs(way), length * angles[1], angles)
    sin, cos = np.sin(angle), np.cos(angle)
    outward = np.stack([_DEPTH * sin, _HALF_WIDTH * cos], -1)
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    return np.stack([_HALF_WIDTH * sin, _DEPTH * (cos - 1)], -1), outward
