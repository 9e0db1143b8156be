"""A mesh before a weak-perspective camera, grey and lit from five sides (SMIRK)."""

import flax.struct
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.cameras import project_weak_perspective, to_screen
from face_jax.geometry.mesh import Submesh, vertex_normals
from face_jax.render.checks import check_points
from face_jax.render.rasterize import Fragments, rasterize_attributes
from face_jax.render.shading import ALBEDO, directional_shading
from face_jax.types import Array


@flax.struct.dataclass
class Rendering:
    """Pictures of B meshes.

    Attributes:
      image: float32 [B, H, W, 1] grey in [0, 1), 0 in the background.
      projected: float32 [B, V, 3], all vertices of the whole mesh: x right, y down, z
        away, [-1, 1] across the shorter side.
      normals: float32 [B, K, 3] of the drawn vertices, in model space.
      fragments: what the pixels see; ``fragments.mask`` is the covered part.
    """

    image: Array
    projected: Array
    normals: Array
    fragments: Fragments


def render_mesh(
    vertices: Array,
    camera: Array,
    part: Submesh,
    image_size: tuple[int, int],
    *,
    albedo: float = ALBEDO,
) -> Rendering:
    """Draws meshes as SMIRK does (arXiv 2404.04104).

    Grey skin under five lamps that stay with the model's axes. Normals are those of the
    drawn part alone and are not made unit length between the vertices; nothing hides
    the back of faces. Differentiable with respect to vertices and camera, except for
    outlines (see ``antialias``).

    Args:
      vertices: [B, V, 3] in model space, metres. Computed in float32 whatever its type,
        as the camera.
      camera: [B, 3] (s, tx, ty) of ``project_weak_perspective``.
      part: which vertices and faces are drawn; ``submesh`` cuts it out, e.g. the face
        of a head.
      image_size: (height, width) in pixels.
      albedo: of the skin, in [0, 1].

    Returns:
      The pictures.

    Raises:
      ValueError: shapes that do not fit.
    """
    check_points("vertices", vertices, 3)
    needed = int(part.vertices.max(initial=-1)) + 1
    if vertices.shape[1] < needed:
        raise ValueError(
            f"vertices: expected at least {needed} of each mesh for this part, "
            f"got {vertices.shape[1]}"
        )
    if np.shape(camera) != (vertices.shape[0], 3):
        raise ValueError(
            f"camera: expected {(vertices.shape[0], 3)}, got {np.shape(camera)}"
        )
    vertices, camera = (jnp.asarray(x, jnp.float32) for x in (vertices, camera))
    projected = project_weak_perspective(vertices, camera)
    normals = vertex_normals(vertices[:, part.vertices], part.faces)
    fragments, drawn = rasterize_attributes(
        to_screen(projected[:, part.vertices]),
        part.faces,
        image_size,
        surface_attributes(normals, albedo),
    )
    return Rendering(shade(drawn), projected, normals, fragments)


def surface_attributes(normals: Array, albedo: float = ALBEDO) -> Array:
    """What vertices bring along to be shaded: albedo and normal, [B, V, 4]."""
    grey = jnp.full_like(normals[..., :1], albedo)
    return jnp.concatenate([grey, normals], axis=-1)


def shade(drawn: Array) -> Array:
    """Light of interpolated ``surface_attributes``, [..., 4] to [..., 1]."""
    return drawn[..., :1] * directional_shading(drawn[..., 1:])
