"""From triangles on the screen to what every pixel sees of them."""

import flax.struct
import jax.numpy as jnp
import numpy as np
from jax import lax

from face_jax.render.batching import split_over_devices
from face_jax.render.checks import check_image_size, check_mesh, check_points
from face_jax.render.screen import correct_perspective, image_size_of, pixel_grid
from face_jax.render.surface import (
    Planes,
    blend_at,
    columns,
    rows_at,
    surface_at,
    values_at,
)
from face_jax.render.visibility import visible_faces
from face_jax.types import Array


@flax.struct.dataclass
class Fragments:
    """What the pixels of B pictures see.

    Attributes:
      pix_to_face: int32 [B, H, W] row of ``faces``, -1 for the background. It has no
        gradient.
      bary: float32 [B, H, W, 3] weights of the face's corners, zeros in the background.
        They add up to A / (A + 1e-8) for a face of (twice the) area A on the screen,
        as published, not quite to one.
      zbuf: float32 [B, H, W] depth z on the screen, 0 in the background.
    """

    pix_to_face: Array
    bary: Array
    zbuf: Array

    @property
    def mask(self) -> Array:
        """Bool [B, H, W], where a face is seen."""
        return self.pix_to_face >= 0


def rasterize(
    vertices: Array,
    faces: Array | np.ndarray,
    image_size: tuple[int, int],
    *,
    cull_backfaces: bool = False,
    perspective_correct: bool = False,
    implementation: str = "blocks",
) -> Fragments:
    """Draws triangle meshes: nearest face, barycentric weights and depth per pixel.

    A pixel belongs to a face when its centre lies strictly inside; the nearest face
    wins, at equal depth the one with the lower index. A face is dropped when (twice)
    its area on the screen is at most 1e-8, when a corner is not finite, or when a
    corner's z is below 1e-8: nothing is clipped at the camera. Which face is seen is
    constant to the gradient, so outlines have none (``antialias`` adds it); weights
    and depth have exact derivatives in forward and reverse mode.

    Args:
      vertices: [B, V, 3] in the screen frame (x left, y up, z into the scene; the shorter
        side of the picture spans [-1, 1]). Computed in float32 whatever its type.
      faces: [F, 3] integers, one topology for the whole batch.
      image_size: (height, width) in pixels.
      cull_backfaces: drop faces whose corners do not run counter-clockwise as seen
        from outside.
      perspective_correct: weights and depths on the surface in the scene, for points
        projected by a perspective camera, instead of on the screen.
      implementation: "blocks", or "dense" for the slow and simple one.

    Returns:
      ``Fragments``.

    Raises:
      ValueError: wrong shapes or types, an empty picture, or rows of ``faces`` beyond
        the vertices (seen only where the values are known, not under ``jit``; there
        such a face is dropped).
    """
    return rasterize_attributes(
        vertices,
        faces,
        image_size,
        None,
        cull_backfaces=cull_backfaces,
        perspective_correct=perspective_correct,
        implementation=implementation,
    )[0]


def rasterize_attributes(
    vertices: Array,
    faces: Array | np.ndarray,
    image_size: tuple[int, int],
    attributes: Array | None,
    *,
    cull_backfaces: bool = False,
    perspective_correct: bool = False,
    implementation: str = "blocks",
) -> tuple[Fragments, Array]:
    """``rasterize`` and ``interpolate`` in one step, with one pass for the gradient.

    Args:
      vertices: as for ``rasterize``.
      faces: as for ``rasterize``.
      image_size: as for ``rasterize``.
      attributes: [B, V, D] of the vertices; None for none.
      cull_backfaces: as for ``rasterize``.
      perspective_correct: as for ``rasterize``.
      implementation: as for ``rasterize``.

    Returns:
      ``Fragments`` and the attributes float32 [B, H, W, D], zeros in the background.

    Raises:
      ValueError: as ``rasterize``; attributes that do not fit the vertices.
    """
    check_mesh(vertices, faces)
    check_image_size(image_size)
    values = jnp.asarray(vertices, jnp.float32)
    if attributes is not None:
        check_points("attributes", attributes, None)
        if attributes.shape[:2] != vertices.shape[:2]:
            raise ValueError(
                f"attributes: expected {vertices.shape[:2]} rows as in vertices, "
                f"got {attributes.shape[:2]}"
            )
        joined = [values, jnp.asarray(attributes, jnp.float32)]
        values = jnp.concatenate(joined, axis=-1)

    def draw(values: Array, faces: Array) -> tuple[Fragments, Array]:
        corners = values_at(values, faces)
        pix_to_face = visible_faces(
            corners[..., :3],
            image_size,
            cull_backfaces=cull_backfaces,
            perspective_correct=perspective_correct,
            implementation=implementation,
        )
        return evaluate(corners, pix_to_face, perspective_correct)

    return split_over_devices(draw, values, shared=faces)


def flat_rows(pix_to_face: Array, num_faces: int) -> Array:
    """Row of each pixel in a table of all faces of the batch: int32 [B * H * W].

    The background points one row beyond the table.
    """
    batch = pix_to_face.shape[0]
    first = jnp.arange(batch, dtype=jnp.int32)[:, None, None] * num_faces
    rows = jnp.where(pix_to_face < 0, batch * num_faces, pix_to_face + first)
    # XLA would compute the rows again for each use, back to the order of the blocks.
    return lax.optimization_barrier(rows.reshape(-1))


def evaluate(
    corners: Array, pix_to_face: Array, perspective_correct: bool
) -> tuple[Fragments, Array]:
    """The differentiable half: weights, depths and attributes for known faces.

    Args:
      corners: float32 [B, F, 3, 3 + D] x, y, z and attributes of the faces' corners.
      pix_to_face: int32 [B, H, W] face of each pixel, -1 for none.
      perspective_correct: weights on the surface in the scene.

    Returns:
      As ``rasterize_attributes``.
    """
    batch, num_faces, _, depth = corners.shape
    x_y, z, attributes = (
        part.reshape(batch * num_faces, -1)
        for part in lax.split(corners, (2, 1, depth - 3), axis=3)
    )
    tables = (z, attributes) if depth > 3 else (z,)
    rows = flat_rows(pix_to_face, num_faces)
    points = jnp.tile(pixel_grid(image_size_of(pix_to_face)), (1, batch))
    if perspective_correct:
        on_screen, _ = surface_at(x_y, (), rows, points)
        z0, z1, z2 = columns(rows_at(z, rows))
        weights = correct_perspective(on_screen, (z0, z1, z2))
        values = tuple(blend_at(table, rows, weights) for table in tables)
    else:
        weights, values = surface_at(x_y, tables, rows, points)

    def image_of(planes: Planes) -> Array:
        images = [plane.reshape(pix_to_face.shape) for plane in planes]
        return jnp.stack(images, axis=-1)

    depths = image_of(values[0])[..., 0]
    fragments = Fragments(pix_to_face, image_of(weights), depths)
    drawn = image_of(values[1]) if depth > 3 else jnp.zeros((*depths.shape, 0))
    return fragments, drawn
