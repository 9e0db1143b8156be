"""Parts that a head is put together from, and how they are joined."""

import dataclasses
from collections.abc import Sequence

import numpy as np

FOLLOWED = 4
"""Number of skin vertices whose motion a vertex of another part takes over."""


@dataclasses.dataclass(frozen=True)
class Part:
    """One connected piece of surface.

    Attributes:
      name: such as ``skin``, ``left_eyeball``, ``teeth``.
      vertices: float64 [N, 3] millimetres.
      faces: int64 [M, 3] rows of ``vertices``, counter-clockwise from outside.
      materials: [M] names.
      uvs: float64 [U, 2].
      faces_uv: int64 [M, 3] rows of ``uvs``.
      mirror: int64 [N] vertices of the mirrored part that lie at (-x, y, z); parts on
        one side have a partner with the same order, parts in the middle their own.
      follow_rows: int64 [N, 4] skin vertices whose expressions move a vertex.
      follow_weights: float64 [N, 4] by how much each of them does.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    materials: np.ndarray
    uvs: np.ndarray
    faces_uv: np.ndarray
    mirror: np.ndarray
    follow_rows: np.ndarray
    follow_weights: np.ndarray


def make_part(
    name: str,
    vertices: np.ndarray,
    faces: np.ndarray,
    materials: Sequence[str] | str,
    uvs: np.ndarray,
    *,
    faces_uv: np.ndarray | None = None,
    mirror: np.ndarray | None = None,
    follow: tuple[np.ndarray, np.ndarray] | None = None,
) -> Part:
    """Fills in what most parts share: one material, one UV per vertex, no following."""
    count = len(vertices)
    if isinstance(materials, str):
        materials = [materials] * len(faces)
    nothing = np.zeros((count, FOLLOWED), int), np.zeros((count, FOLLOWED))
    rows, weights = nothing if follow is None else follow
    return Part(
        name,
        vertices,
        faces,
        np.asarray(materials),
        uvs,
        faces if faces_uv is None else faces_uv,
        np.arange(count) if mirror is None else mirror,
        rows,
        weights,
    )


def following(rows: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and weights [N, 4] of vertices that each follow one vertex of the skin [N]."""
    first = np.eye(FOLLOWED)[0]
    return rows[:, None] * first.astype(int), weights[:, None] * first


def grid_faces(
    rows: int, columns: int, *, closed: bool = False, turned: Sequence[int] = ()
) -> np.ndarray:
    """Triangles [2 (rows - 1) columns, 3] of a grid of vertices in row-major order.

    Seen from outside, rows go down and columns to the right; every quadrangle is two
    triangles that follow each other.

    Args:
      rows: number of rows of vertices.
      columns: number of columns of vertices.
      closed: whether the last column joins the first.
      turned: columns of quadrangles that are cut along the other diagonal, for a
        grid whose right half mirrors its left half.
    """
    count = columns if closed else columns - 1
    down, right = np.meshgrid(np.arange(rows - 1), np.arange(count), indexing="ij")
    here = down * columns + right
    beside = down * columns + (right + 1) % columns
    quads = np.stack([here, here + columns, beside + columns, beside], -1)
    triangles = np.where(
        np.isin(right, turned)[..., None],
        quads[..., [0, 1, 3, 1, 2, 3]],
        quads[..., [0, 1, 2, 0, 2, 3]],
    )
    return triangles.reshape(-1, 3)


def other_side(
    part: Part, name: str, uvs: np.ndarray, skin_mirror: np.ndarray | None = None
) -> Part:
    """The mirror image of a part of the left side, with the same order of vertices.

    Args:
      part: the part of the left side.
      name: of the part of the right side.
      uvs: its texture coordinates.
      skin_mirror: mirror of the skin's vertices, for a part that follows the skin.
    """
    rows = part.follow_rows if skin_mirror is None else skin_mirror[part.follow_rows]
    return dataclasses.replace(
        part,
        name=name,
        vertices=part.vertices * [-1, 1, 1],
        faces=part.faces[:, ::-1],
        faces_uv=part.faces_uv[:, ::-1],
        uvs=uvs,
        follow_rows=rows,
    )
