"""Visible face of every pixel, by testing every pixel against every face.

Hundreds of times slower than ``face_jax.render.blocks`` and too simple to be wrong: what
that module is tested and timed against. It has no scatter, should a device be slow at
those.
"""

import jax.numpy as jnp
from jax import lax

from face_jax.render.screen import (
    corner_columns,
    depth_inside,
    is_drawable,
    pixel_grid,
    signed_area,
)
from face_jax.types import Array


def dense_visibility(
    triangles: Array,
    image_size: tuple[int, int],
    *,
    cull_backfaces: bool = False,
    perspective_correct: bool = False,
    chunk: int = 32,
) -> Array:
    """Index of the nearest face at every pixel.

    Args:
      triangles: float32 [B, F, 3, 3] corners in the screen frame.
      image_size: (height, width).
      cull_backfaces: drop faces that show their back.
      perspective_correct: take depths in the scene instead of on the screen.
      chunk: faces tested at once; memory grows with it.

    Returns:
      int32 [B, H, W] face index within its own mesh, -1 where there is none.
    """
    batch, faces = triangles.shape[:2]
    padding = -faces % chunk
    padded = jnp.pad(triangles, ((0, 0), (0, padding), (0, 0), (0, 0)))
    chunks = padded.reshape(batch, -1, chunk, 3, 3).swapaxes(0, 1)
    px, py = jnp.asarray(pixel_grid(image_size))

    def nearer(best, faces_of_chunk):
        best_depth, best_face = best
        first, corners = faces_of_chunk
        x, y, z = corner_columns(corners[:, :, None])
        area = signed_area(x, y)
        depth, inside = depth_inside(px, py, x, y, z, area, perspective_correct)
        inside &= is_drawable(x, y, z, area, cull_backfaces)
        depth = jnp.where(inside, depth, jnp.inf)
        face = first + jnp.argmin(depth, axis=1).astype(jnp.int32)
        depth = jnp.min(depth, axis=1)
        # Strictly nearer: a tie stays with the lower index.
        won = depth < best_depth
        return (
            jnp.where(won, depth, best_depth),
            jnp.where(won, face, best_face),
        ), None

    depth = jnp.full((batch, px.size), jnp.inf, jnp.float32)
    firsts = jnp.arange(len(chunks), dtype=jnp.int32) * chunk
    (_, face), _ = lax.scan(
        nearer, (depth, jnp.full(depth.shape, -1, jnp.int32)), (firsts, chunks)
    )
    return face.reshape(batch, *image_size)
