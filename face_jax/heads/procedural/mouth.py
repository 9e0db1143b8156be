"""Inside of the mouth: the cavity that hangs on the lips, and the tongue."""

import numpy as np

from face_jax.heads.procedural import chart, skin, unwrap
from face_jax.heads.procedural.parts import (
    FOLLOWED,
    Part,
    grid_faces,
    make_part,
)

# fmt: off
_RINGS = (
    (27.5, 7.0, 5.0, -13.0, 0.75), (30.5, 17.0, 3.0, -24.0, 0.35),
    (31.0, 22.0, -24.0, -32.0, 0.0), (24.0, 17.0, -52.0, -52.0, 0.0),
    (0.3, 0.3, -66.0, -66.0, 0.0),
)
# fmt: on
"""Half width, half height, z in the middle and at the side, share of the lips' motion."""
_MIDDLE_Y = -65.8
TONGUE_CENTRE = np.array([0.0, -75.5, -26.0])
_TONGUE_RADII = np.array([18.5, 7.5, 22.0])


def lip_rim() -> tuple[np.ndarray, np.ndarray]:
    """The edge that the cavity hangs on, once around, and which of it is upper lip.

    Returns:
      int64 [34] vertices of the skin, from the right corner over the upper lip and
      back under the lower one, and bool [34].
    """
    columns = range(-chart.MOUTH_CORNER, chart.MOUTH_CORNER + 1)
    upper = [skin.vertex("upper_inner", column) for column in columns]
    lower = [skin.vertex("lower_inner", column) for column in reversed(columns)]
    return np.array(upper + lower), np.arange(34) < 17


def cavity(skin_vertices: np.ndarray) -> Part:
    """The cavity; its first ring lies on the edge of the lips."""
    rim, is_upper = lip_rim()
    count = len(rim)
    along = np.linspace(-1, 1, 17)
    side = np.concatenate([along, along[::-1]])
    rise = np.where(is_upper, 1.0, -1.0) * np.sqrt(np.clip(1 - side**4, 0.0, 1))
    rings = [skin_vertices[rim]]
    for width, height, front, back, _ in _RINGS:
        z = front + (back - front) * np.abs(side) ** 2
        rings.append(np.stack([width * side, _MIDDLE_Y + height * rise, z], -1))
    vertices = np.concatenate(rings)
    faces = grid_faces(len(rings), count, closed=True)
    turned = np.where(is_upper, 16 - np.arange(count), 50 - np.arange(count))
    mirror = np.concatenate([turned + ring * count for ring in range(len(rings))])
    shares = np.repeat([1.0, *(ring[-1] for ring in _RINGS)], count)
    angle = np.arange(count) / count * 2 * np.pi
    radius = np.linspace(0.5, 0.02, len(rings))[:, None]
    square = 0.5 + np.stack([-radius * np.cos(angle), radius * np.sin(angle)], -1)
    follow = np.zeros((len(vertices), FOLLOWED), int)
    follow[:, 0] = np.tile(rim, len(rings))
    weights = np.zeros((len(vertices), FOLLOWED))
    weights[:, 0] = shares
    return make_part(
        "cavity",
        vertices,
        faces,
        "mouth_interior",
        unwrap.on_island("cavity", square.reshape(-1, 2)),
        mirror=mirror,
        follow=(follow, weights),
    )


def tongue() -> Part:
    """The tongue: upper part of a flat ellipsoid with a furrow, tip to the front."""
    rows, columns = 9, 9
    back, side = np.meshgrid(
        np.linspace(0.02, 0.75, rows) * np.pi,
        np.linspace(-0.62, 0.62, columns) * np.pi,
        indexing="ij",
    )
    # Rows go from the tip backwards; seen from above with the tip down they run up.
    x = np.sin(back) * np.sin(side)
    y = np.sin(back) * np.cos(side) - 0.25 * np.exp(-((x / 0.12) ** 2)) * np.sin(back)
    z = np.cos(back)
    points = TONGUE_CENTRE + _TONGUE_RADII * np.stack([x, y, z], -1)
    faces = grid_faces(rows, columns, middle=columns // 2)[:, ::-1]
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
