"""A head as a picture that gradients pass through: inside by its shading, outside by
its silhouette."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from face_jax.fitting.unknowns import Unknowns
from face_jax.geometry.cameras import project_weak_perspective, to_screen
from face_jax.geometry.head import HeadModel, pose_head
from face_jax.geometry.mesh import face_corners, vertex_normals
from face_jax.render.antialias import Topology, antialias
from face_jax.render.interpolate import interpolate
from face_jax.render.rasterize import rasterize
from face_jax.render.shading import directional_shading
from face_jax.types import Array

MATERIAL_COLORS = {
    "skin": (0.80, 0.62, 0.52),
    "lips": (0.72, 0.38, 0.36),
    "scalp": (0.30, 0.22, 0.17),
    "brows": (0.30, 0.22, 0.17),
    "lashes": (0.15, 0.12, 0.10),
    "sclera": (0.93, 0.92, 0.90),
    "iris": (0.30, 0.40, 0.50),
    "pupil": (0.05, 0.05, 0.05),
    "teeth": (0.92, 0.90, 0.84),
    "gums": (0.70, 0.38, 0.38),
    "tongue": (0.72, 0.38, 0.38),
    "mouth_interior": (0.25, 0.10, 0.10),
}
"""Linear RGB by material; others, and heads without materials, are skin."""


def material_colors(head: HeadModel) -> np.ndarray:
    """Plain colours of a head's faces, float32 [F, 3] in [0, 1]."""
    skin = MATERIAL_COLORS["skin"]
    if head.face_materials is None:
        return np.tile(np.array(skin, np.float32), (len(head.faces), 1))
    palette = [MATERIAL_COLORS.get(name, skin) for name in head.material_names]
    return np.asarray(palette, np.float32)[np.asarray(head.face_materials)]


@dataclasses.dataclass(frozen=True, eq=False)
class HeadPainter:
    """Draws heads by unknowns.

    Attributes:
      head: the model.
      topology: of its faces.
      colors: [F, 3] float32 colours of its faces.
      image_size: side of the square picture, pixels.
      silhouettes: let gradients move outlines; without, only what lies inside them
        pulls at the head.
    """

    head: HeadModel
    topology: Topology
    colors: np.ndarray
    image_size: int
    silhouettes: bool = True

    def __call__(self, unknowns: Unknowns) -> Array:
        """Pictures [B, H, W, 4]: shaded RGB over black, and coverage, in [0, 1]."""
        faces = self.head.faces
        vertices = pose_head(self.head, unknowns.head_parameters()).vertices
        screen = to_screen(project_weak_perspective(vertices, unknowns.camera))
        fragments = rasterize(screen, faces, (self.image_size, self.image_size))
        attributes = self._attributes(vertex_normals(vertices, faces))
        drawn = interpolate(fragments, attributes)
        colors, normals, coverage = jnp.split(drawn, (3, 6), axis=-1)
        picture = jnp.concatenate(
            [colors * directional_shading(normals), coverage], axis=-1
        )
        if not self.silhouettes:
            return picture
        return antialias(picture, screen, self.topology, fragments)

    def _attributes(self, normals: Array) -> Array:
        """Colour, normal and a one for every corner, [B, F, 3, 7]."""
        corners = face_corners(normals, self.head.faces)
        colors = jnp.broadcast_to(self.colors[:, None], corners.shape)
        return jnp.concatenate([colors, corners, jnp.ones_like(corners[..., :1])], -1)


def head_painter(head: HeadModel, image_size: int) -> HeadPainter:
    """A painter of a head in plain colours, with silhouette gradients.

    Args:
      head: the model.
      image_size: side of the pictures, pixels.
    """
    topology = Topology.from_faces(head.faces)
    return HeadPainter(head, topology, material_colors(head), image_size)
