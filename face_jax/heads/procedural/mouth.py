"""Inside of the mouth: the cavity that hangs on the lips, and the tongue."""

import numpy as np

from face_jax.heads.procedural import chart, skin, unwrap
from face_jax.heads.procedural.parts import Part, following, grid_faces, make_part

# fmt: off
_RINGS = (
    (27.5, 7.0, 5.0, -13.0, 0.75), (30.5, 17.0, 3.0, -24.0, 0.35),
    (31.0, 22.0, -24.0, -32.0, 0.0), (24.0, 17.0, -52.0, -52.0, 0.0),
    (0.3, 0.3, -66.0, -66.0, 0.0),
)
# fmt: on
"""Half width, half height, z in the middle and at the side, share of the lips' motion."""
_MIDDLE_Y = -65.8
_TONGUE_CENTRE = np.array([0.0, -73.5, -25.0])
_TONGUE_RADII = np.array([18.5, 7.5, 22.0])


_RIM_COLUMNS = np.arange(-chart.MOUTH_CORNER, chart.MOUTH_CORNER + 1)
_UPPER = len(_RIM_COLUMNS)
RIM = 2 * _UPPER
"""Vertices around the opening: from the right corner over the upper lip, and back
under the lower one."""
_RIGHT = (*range(_UPPER // 2), *range(_UPPER + _UPPER // 2, RIM))
"""Those of them after which an edge of the right half begins."""


def cavity(skin_vertices: np.ndarray) -> Part:
    """The cavity; its first ring lies on the edge of the lips."""
    rim = _lip_rim()
    rings = np.stack([skin_vertices[rim], *(_ring(*ring[:4]) for ring in _RINGS)])
    shares = np.array([1.0, *(ring[4] for ring in _RINGS)])
    numbers = np.arange(len(rings) * RIM).reshape(len(rings), 2, _UPPER)
    return make_part(
        "cavity",
        rings.reshape(-1, 3),
        grid_faces(len(rings), RIM, closed=True, turned=_RIGHT),
        "mouth_interior",
        unwrap.on_island("cavity", _disc(len(rings))),
        mirror=numbers[..., ::-1].ravel(),
        follow=following(np.tile(rim, len(rings)), np.repeat(shares, RIM)),
    )


def _lip_rim() -> np.ndarray:
    """Vertices [RIM] of the skin that the cavity hangs on."""
    upper = [skin.vertex("upper_inner", int(column)) for column in _RIM_COLUMNS]
    lower = [skin.vertex("lower_inner", int(column)) for column in _RIM_COLUMNS[::-1]]
    return np.array(upper + lower)


def _ring(width: float, height: float, front: float, back: float) -> np.ndarray:
    """Points [RIM, 3] of a ring of given half axes; ``back`` is its depth at the sides."""
    along = _RIM_COLUMNS / chart.MOUTH_CORNER
    side = np.concatenate([along, along[::-1]])
    rise = np.sqrt(1 - 0.98 * side**4) * np.repeat([1.0, -1.0], _UPPER)
    depth = front + (back - front) * side**2
    return np.stack([width * side, _MIDDLE_Y + height * rise, depth], -1)


def _disc(rings: int) -> np.ndarray:
    """Texture coordinates [rings * RIM, 2] of rings around the middle of a square."""
    angle = np.arange(RIM) / RIM * 2 * np.pi
    radius = np.linspace(0.5, 0.02, rings)[:, None, None]
    disc = 0.5 + radius * np.stack([-np.cos(angle), np.sin(angle)], -1)
    return disc.reshape(-1, 2)


def tongue() -> Part:
    """The tongue: upper part of a flat ellipsoid with a furrow, tip to the front."""
    rows, columns = 9, 9
    back, side = np.meshgrid(
        np.linspace(0.02, 0.75, rows) * np.pi,
        np.linspace(-0.62, 0.62, columns) * np.pi,
        indexing="ij",
    )
    x = np.sin(back) * np.sin(side)
    furrow = 0.25 * np.exp(-((x / 0.12) ** 2))
    y = np.sin(back) * (np.cos(side) - furrow)
    points = _TONGUE_CENTRE + _TONGUE_RADII * np.stack([x, y, np.cos(back)], -1)
    # Rows go from the tip backwards: up, for who looks down on it from the front.
    faces = grid_faces(rows, columns, turned=range(columns // 2))[:, ::-1]
    numbers = np.arange(rows * columns).reshape(rows, columns)
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    return make_part(
        "tongue",
        points.reshape(-1, 3),
        faces,
        "tongue",
        unwrap.on_island("tongue", np.stack([u, v], -1).reshape(-1, 2)),
        mirror=numbers[:, ::-1].ravel(),
    )
