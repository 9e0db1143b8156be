"""PLY, binary: positions, normals, and colours and texture coordinates if any."""

import numpy as np

from face_jax.mesh_files.surface import Surface


def to_ply(surface: Surface) -> bytes:
    """A PLY file; vertices on seams of the texture are doubled.

    Texture coordinates are the vertex properties ``s`` and ``t``, colours ``red``,
    ``green``, ``blue`` and ``alpha``.
    """
    # Imported here: it takes as long as JAX, and other formats do without it.
    from trimesh import Trimesh
    from trimesh.exchange.ply import export_ply

    rows, texture_rows, faces = surface.seams()
    colors = surface.colors
    mesh = Trimesh(
        vertices=surface.vertices[rows],
        faces=faces,
        vertex_normals=surface.normals()[rows],
        vertex_colors=None if colors is None else _bytes(colors[rows]),
        process=False,
        validate=False,
    )
    if surface.uvs is not None:
        for name, column in zip("st", surface.uvs[texture_rows].T, strict=True):
            mesh.vertex_attributes[name] = column
    return export_ply(mesh, vertex_normal=True)


def _bytes(colors: np.ndarray) -> np.ndarray:
    return np.rint(255 * np.clip(colors, 0, 1)).astype(np.uint8)
