"""Brows and lashes: strips just above the skin that follow its motion."""

import numpy as np

from face_jax.heads.procedural import chart, skin, unwrap
from face_jax.heads.procedural.parts import Part, grid_faces, make_part, other_side

# fmt: off
_BROW = (
    # column, middle in rows above the row "brow", half width in rows
    (2.9, -0.05, 0.1), (3.4, -0.03, 0.32), (4.5, 0.0, 0.4), (6.0, 0.02, 0.4),
    (7.5, 0.06, 0.37), (9.0, 0.1, 0.33), (10.5, 0.1, 0.28), (12.0, 0.08, 0.22),
    (13.4, 0.0, 0.15), (14.8, -0.1, 0.03),
)
# fmt: on
_BROW_LIFT = 0.9


def brows(skin_vertices: np.ndarray) -> tuple[Part, Part]:
    """The left and the right brow."""
    shape = np.array(_BROW).T
    inner = np.arange(np.ceil(shape[0, 0]), shape[0, -1])
    column = np.concatenate([shape[0, :1], inner, shape[0, -1:]])
    middle, half = (np.interp(column, shape[0], values) for values in shape[1:])
    up = np.stack([middle + half, middle, middle - half])
    columns = np.broadcast_to(column, up.shape)
    rows = chart.ROWS["brow"] - up
    lift = _BROW_LIFT * np.array([0.4, 1.0, 0.4])[:, None] * half / half.max()
    return _strips("brow", "brows", rows, columns, lift, skin_vertices)


def lashes(skin_vertices: np.ndarray) -> tuple[Part, Part]:
    """The left and the right upper lashes."""
    column = np.linspace(4.8, 12.8, 10)
    tip = 0.4 * np.sin(np.linspace(0.15, 0.95, 10) * np.pi) ** 0.5
    rows = chart.ROWS["upper_margin"] + np.stack([-tip, 0 * tip + 0.3])
    columns = np.broadcast_to(column, rows.shape)
    lift = np.stack([2.4 * tip, 0 * tip + 0.1])
    return _strips("lashes", "lashes", rows, columns, lift, skin_vertices)


def _strips(
    name: str,
    material: str,
    rows: np.ndarray,
    columns: np.ndarray,
    lift: np.ndarray,
    skin_vertices: np.ndarray,
) -> tuple[Part, Part]:
    corners, weights = _on_grid(rows.ravel(), columns.ravel())
    base = np.einsum("nk,nkc->nc", weights, skin_vertices[corners])
    out = _outward(corners, skin_vertices)
    points = base + lift.reshape(-1, 1) * out
    faces = grid_faces(*rows.shape)
    u, v = np.meshgrid(np.linspace(0, 1, rows.shape[1]), np.linspace(1, 0, len(rows)))
    square = np.stack([u, v], -1).reshape(-1, 2)
    left = make_part(
        f"left_{name}",
        points,
        faces,
        material,
        unwrap.on_island(f"left_{name}", square),
        follow=(corners, weights),
    )
    uvs = unwrap.on_island(f"right_{name}", square * [-1, 1] + [1, 0])
    return left, other_side(left, f"right_{name}", uvs, skin.mirror())


def _on_grid(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners [N, 4] of the grid cells around fractional places, and their weights."""
    row, column = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - row, columns - column
    corners = np.stack(
        [
            1 + (row + i - 1) * skin.COLUMNS + (column + j + skin.MIDDLE) % skin.COLUMNS
            for i in (0, 1)
            for j in (0, 1)
        ],
        -1,
    )
    weights = np.stack(
        [
            (1 - down) * (1 - right),
            (1 - down) * right,
            down * (1 - right),
            down * right,
        ],
        -1,
    )
    return corners, weights


def _outward(corners: np.ndarray, skin_vertices: np.ndarray) -> np.ndarray:
    """Unit normals [N, 3] of the cells with the given corners."""
    a, b, c, d = np.moveaxis(skin_vertices[corners], 1, 0)
    normal = np.cross(c - b, d - a)
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)
