"""Meshes as files that other programs open: OBJ, PLY and GLB."""

from face_jax.mesh_files.saving import save_mesh, save_sequence, save_shapes
from face_jax.mesh_files.surface import Surface, head_surface

__all__ = ["Surface", "head_surface", "save_mesh", "save_sequence", "save_shapes"]
