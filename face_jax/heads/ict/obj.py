"""Wavefront OBJ text to arrays that keep the order of the file.

Mesh libraries merge and renumber vertices; directions of a morphable model are
differences between files, so every vertex must stay in its row.
"""

import dataclasses
from pathlib import Path

import numpy as np

NO_CORNER = -1
"""Fills the fourth corner of triangles."""


@dataclasses.dataclass(frozen=True)
class ObjMesh:
    """Triangles and quadrangles as an OBJ file lists them.

    Attributes:
      vertices: [V, 3] float32 in the file's units.
      faces: [Q, 4] int32 rows of ``vertices``; the last is -1 for triangles.
      uvs: [U, 2] float32.
      faces_uv: [Q, 4] int32 rows of ``uvs``, -1 like ``faces``.
    """

    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    faces_uv: np.ndarray


def read_vertices(path: Path) -> np.ndarray:
    """Positions alone, [V, 3] float32.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file holds no positions, or text where numbers belong.
    """
    return _numbers(path, _lines(path), "v", 3)


def read_mesh(path: Path) -> ObjMesh:
    """Positions, faces and texture coordinates.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is no OBJ of textured triangles and quadrangles.
    """
    lines = _lines(path)
    vertices, uvs = _numbers(path, lines, "v", 3), _numbers(path, lines, "vt", 2)
    faces, faces_uv = _faces(path, lines)
    for name, rows, count in (
        ("position", faces, len(vertices)),
        ("texture coordinate", faces_uv, len(uvs)),
    ):
        corners = rows[faces != NO_CORNER]
        if corners.min() < 0 or corners.max() >= count:
            raise ValueError(f"{path}: a face names a {name} outside 1 to {count}")
    return ObjMesh(vertices, faces, uvs, faces_uv)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii", errors="replace").splitlines()


def _numbers(path: Path, lines: list[str], word: str, columns: int) -> np.ndarray:
    """The numbers [n, columns] float32 of all lines that begin with a word."""
    rows = [line for line in lines if line.startswith(f"{word} ")]
    if not rows:
        raise ValueError(f"{path}: not an OBJ mesh, it has no line {word!r}")
    try:
        values = np.loadtxt(rows, np.float64, None, usecols=range(1, columns + 1))
    except ValueError as error:
        raise ValueError(
            f"{path}: expected {columns} numbers in every line {word!r} ({error})"
        ) from error
    if not np.isfinite(values).all():
        raise ValueError(f"{path}: a line {word!r} holds a value that is not finite")
    return values.reshape(-1, columns).astype(np.float32)


def _faces(path: Path, lines: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of positions and of texture coordinates, each [Q, 4] int32."""
    texts = [line[2:].replace("/", " ") for line in lines if line.startswith("f ")]
    if not texts:
        raise ValueError(f"{path}: not an OBJ mesh, it has no line 'f'")
    rows = [text if len(text.split()) == 8 else f"{text} 0 0" for text in texts]
    try:
        numbers = np.loadtxt(rows, np.int32, None, ndmin=2)
    except ValueError as error:
        raise ValueError(_corners_expected(path)) from error
    if numbers.shape[1] != 8:
        raise ValueError(_corners_expected(path))
    corners = numbers.reshape(-1, 4, 2) - 1
    return corners[..., 0], corners[..., 1]


def _corners_expected(path: Path) -> str:
    return f"{path}: expected faces of three or four corners position/texture, as 12/7"
