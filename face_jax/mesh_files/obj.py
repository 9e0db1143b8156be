"""Wavefront OBJ: text that keeps the order of vertices, with texture seams.

Written here and not by a mesh library: those double the vertices at seams, and what
was computed for a head's vertices would no longer fit the file's.
"""

import numpy as np

from face_jax.mesh_files.surface import Surface


def to_obj(surface: Surface) -> bytes:
    """An OBJ file with normals, and with texture coordinates and colours if any.

    Colours follow the positions in their lines, as Blender and MeshLab read them.
    Numbers have the nine digits that give float32 values back exactly.
    """
    positions = surface.vertices
    if surface.colors is not None:
        positions = np.concatenate([positions, surface.colors], axis=1)
    lines = ["# face_jax: metres, y up", *_numbers("v", positions)]
    if surface.uvs is not None:
        lines += _numbers("vt", surface.uvs)
    lines += _numbers("vn", surface.normals())
    lines += _faces(surface)
    return ("\n".join(lines) + "\n").encode("ascii")


def _numbers(word: str, rows: np.ndarray) -> list[str]:
    pattern = " ".join([word, *["%.9g"] * rows.shape[1]])
    return [pattern % tuple(row) for row in rows.tolist()]


def _faces(surface: Surface) -> list[str]:
    rows = surface.faces + 1
    if surface.uvs is None:
        return _lines("f {}//{} {}//{} {}//{}", np.stack([rows, rows], axis=-1))
    texture = rows if surface.faces_uv is None else surface.faces_uv + 1
    corners = np.stack([rows, texture, rows], axis=-1)
    return _lines("f {}/{}/{} {}/{}/{} {}/{}/{}", corners)


def _lines(pattern: str, corners: np.ndarray) -> list[str]:
    numbers = corners.reshape(len(corners), -1).tolist()
    return [pattern.format(*face) for face in numbers]
