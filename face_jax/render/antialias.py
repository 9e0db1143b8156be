"""Outlines that gradients can move: the edge splat.

A hard picture changes only when a pixel's centre passes under an edge, so its
derivative with respect to an outline is zero. Here an outline that crosses the line
between two neighbouring centres at t in [0, 1] mixes their colours by how far it is
from the middle: the mixed colour changes by their difference as t goes from 0 to 1, and
the covered area is right to first order.
"""

import jax.numpy as jnp
import numpy as np
from jax import lax

from face_jax.render.batching import split_over_devices
from face_jax.render.checks import check_points
from face_jax.render.rasterize import Fragments
from face_jax.render.screen import image_size_of
from face_jax.render.silhouettes import pixel_positions, silhouette_edges
from face_jax.render.surface import columns, rows_at
from face_jax.render.topology import Topology
from face_jax.types import Array


def antialias(
    image: Array, vertices: Array, topology: Topology, fragments: Fragments
) -> Array:
    """Smooths the outlines of a picture, and gives them exact gradients.

    Differentiable with respect to the picture and to the x and y of the vertices, in
    forward and reverse mode. Works on any channels: colours, masks, depth.

    Args:
      image: [B, H, W, C], the hard picture.
      vertices: [B, V, 3] in the screen frame, as drawn.
      topology: of the faces that were drawn.
      fragments: what ``rasterize`` made of them.

    Returns:
      float32 [B, H, W, C]; only pixels beside an outline differ from the picture.

    Raises:
      ValueError: shapes that do not fit.
    """
    shape = fragments.pix_to_face.shape
    if image.ndim != 4 or image.shape[:3] != shape:
        raise ValueError(f"image: expected {shape} and channels, got {image.shape}")
    check_points("vertices", vertices, 3)
    if len(vertices) != shape[0]:
        raise ValueError(
            f"vertices: expected {shape[0]} meshes as in fragments, got {len(vertices)}"
        )
    # Edges that are traced cannot be looked at.
    if isinstance(topology.edges, np.ndarray):
        needed = int(topology.edges.max(initial=-1)) + 1
        if vertices.shape[1] < needed:
            raise ValueError(
                f"vertices: expected at least {needed} of each mesh for this topology, "
                f"got {vertices.shape[1]}"
            )
    image, vertices = (jnp.asarray(x, jnp.float32) for x in (image, vertices))
    depth = jnp.where(fragments.mask, fragments.zbuf, jnp.inf)
    return split_over_devices(_soften, image, vertices, depth, shared=topology.edges)


def _soften(image: Array, vertices: Array, depth: Array, edges: Array) -> Array:
    found = silhouette_edges(vertices, depth, edges)
    positions = pixel_positions(vertices, image_size_of(depth))
    soft = image
    for kind, axis in enumerate((2, 1)):
        edge = found[:, kind]
        place = _crossing_places(positions, edges, edge, axis)
        share = jnp.where(edge < 0, 0.0, place - 0.5)
        soft += _exchange(image, share[..., None], axis)
    return soft


def _crossing_places(
    positions: Array, edges: Array | np.ndarray, edge: Array, axis: int
) -> Array:
    """Where outlines cross the line to the next pixel, from 0 to 1.

    Args:
      positions: [B, V, 2] of the vertices, in pixels.
      edges: int32 [E, 4].
      edge: int32 [B, H, W], negative for none.
      axis: 2 for neighbours to the right, 1 for neighbours below.

    Returns:
      float32 [B, H, W].
    """
    flat = positions.reshape(-1, 2)
    (x0, y0), (x1, y1) = (
        columns(rows_at(flat, rows)) for rows in _ends(edges, edge, positions.shape[1])
    )
    x0, y0, x1, y1 = (plane.reshape(edge.shape) for plane in (x0, y0, x1, y1))
    row, column = np.indices(edge.shape[1:], np.float32)
    if axis == 2:
        x0, y0, x1, y1, row, column = y0, x0, y1, x1, column, row
    length = jnp.where(edge < 0, 1.0, x1 - x0)
    return y0 + (column - x0) * (y1 - y0) / length - row


def _ends(
    edges: Array | np.ndarray, edge: Array, num_vertices: int
) -> tuple[Array, Array]:
    """Rows of both ends of every pixel's edge among the vertices of all pictures.

    Int32 [B * H * W]; one row beyond them where there is no edge.
    """
    nobody = edge.shape[0] * num_vertices
    first = jnp.arange(edge.shape[0], dtype=jnp.int32)[:, None, None] * num_vertices
    known = jnp.asarray(edges)[jnp.maximum(edge, 0), :2] + first[..., None]
    rows = jnp.where(edge[..., None] < 0, nobody, known).reshape(-1, 2)
    # XLA would compute the rows again for each use.
    rows = lax.optimization_barrier(rows)
    return rows[:, 0], rows[:, 1]


def _exchange(image: Array, share: Array, axis: int) -> Array:
    """What neighbours along an axis give each other.

    Args:
      image: [B, H, W, C].
      share: [B, H, W, 1]; above 0, how much of a pixel's colour the next one takes;
        below 0, how much of the next one's colour it takes.
      axis: of the neighbours.

    Returns:
      [B, H, W, C], to be added to the image.
    """
    last = image.shape[axis] - 1
    before, after = (
        lax.slice_in_dim(image, start, start + last, axis=axis) for start in (0, 1)
    )
    share = lax.slice_in_dim(share, 0, last, axis=axis)
    moved = share * (before - after)
    to_after = jnp.where(share > 0, moved, 0.0)

    def padded(change: Array, low: int) -> Array:
        widths = [(0, 0)] * image.ndim
        widths[axis] = (low, 1 - low)
        return jnp.pad(change, widths)

    return padded(to_after, 1) + padded(moved - to_after, 0)
