"""Meshes and scans from OBJ and PLY files: positions and triangles, nothing else."""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import trimesh


class Mesh(NamedTuple):
    """What a file holds.

    Attributes:
      vertices: float64 [V, 3] in the file's unit and order.
      faces: int32 [F, 3]; polygons are cut into fans of triangles. F is 0 for points
        alone.
    """

    vertices: np.ndarray
    faces: np.ndarray


def read_mesh(path: str | os.PathLike[str]) -> Mesh:
    """Reads a mesh.

    Args:
      path: ends in ``.obj`` or ``.ply``.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the name has another ending, or the file is no such mesh.
    """
    path = Path(path)
    if path.suffix not in (".obj", ".ply"):
        raise ValueError(f"{path}: expected a name ending in .obj or .ply")
    if path.suffix == ".obj":
        with path.open(encoding="utf-8", errors="replace") as lines:
            vertices, faces = _read_obj(path, lines)
    else:
        vertices, faces = _read_ply(path)
    if not len(vertices) or not np.isfinite(vertices).all():
        raise ValueError(
            f"{path}: expected vertices of finite numbers, got others or none"
        )
    if faces.size and not 0 <= faces.min() <= faces.max() < len(vertices):
        raise ValueError(f"{path}: faces name vertices that are not there")
    return Mesh(vertices, faces)


def _read_obj(path: Path, lines: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read here and not by a mesh library: those change the order of vertices."""
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in enumerate(lines, start=1):
        word, *values = line.split() or [""]
        try:
            if word == "v":
                x, y, z = map(float, values[:3])
                vertices.append([x, y, z])
            elif word == "f":
                faces += _fan(values, len(vertices))
        except ValueError as error:
            raise ValueError(f"{path}: line {number} is no {word!r} of OBJ") from error
    return (
        np.array(vertices, np.float64).reshape(-1, 3),
        np.array(faces, np.int32).reshape(-1, 3),
    )


def _fan(corners: list[str], count: int) -> list[tuple[int, int, int]]:
    """Triangles of a polygon; numbers count from 1, or backwards from the last vertex."""
    given = [int(corner.split("/")[0]) for corner in corners]
    if len(given) < 3 or 0 in given:
        raise ValueError("expected three corners or more, counted from 1")
    rows = [row - 1 if row > 0 else count + row for row in given]
    return [(rows[0], *pair) for pair in itertools.pairwise(rows[1:])]


def _read_ply(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with path.open("rb") as file:
        try:
            found: Any = trimesh.load(file, file_type="ply", process=False)
            vertices = np.array(found.vertices, np.float64).reshape(-1, 3)
        except Exception as error:
            # Of a damaged file the reader's errors are of any type.
            raise ValueError(f"{path}: no PLY file that can be read") from error
    faces = getattr(found, "faces", np.zeros((0, 3)))
    return vertices, np.array(faces, np.int32).reshape(-1, 3)
