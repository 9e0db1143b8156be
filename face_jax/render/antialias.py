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
from face_jax.render.rasterize import Fragments, flat_rows
from face_jax.render.screen import image_size_of
from face_jax.render.silhouettes import pixel_positions, silhouette_edges
from face_jax.render.surface import Planes, columns, rows_at
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
    if vertices.ndim != 3 or len(vertices) != shape[0]:
        raise ValueError(f"vertices: expected [{shape[0]}, V, 3], got {vertices.shape}")
    image, vertices = (jnp.asarray(x, jnp.float32) for x in (image, vertices))
    depth = jnp.where(fragments.mask, fragments.zbuf, jnp.inf)
    return split_over_devices(_soften, image, vertices, depth, shared=topology.edges)


def _soften(image: Array, vertices: Array, depth: Array, edges: Array) -> Array:
    found = silhouette_edges(vertices, depth, edges)
    positions = pixel_positions(vertices, image_size_of(depth))
    ends = positions[:, edges[:, :2]].reshape(-1, 4)
    soft = image
    for kind, axis in enumerate((2, 1)):
        edge = found[:, kind]
        rows = flat_rows(edge, len(edges))
        place = _crossing_places(columns(rows_at(ends, rows)), edge, axis)
        share = jnp.where(edge < 0, 0.0, place - 0.5)
        soft += _exchange(image, share[..., None], axis)
    return soft


def _crossing_places(ends: Planes, edge: Array, axis: int) -> Array:
    """Where outlines cross the line to the next pixel, from 0 to 1.

    Args:
      ends: x0 y0 x1 y1 of every pixel's edge, in pixels.
      edge: int32 [B, H, W], negative for none.
      axis: 2 for neighbours to the right, 1 for neighbours below.

    Returns:
      float32 [B, H, W].
    """
    x0, y0, x1, y1 = (plane.reshape(edge.shape) for plane in ends)
    row, column = np.indices(edge.shape[1:], np.float32)
    if axis == 2:
        x0, y0, x1, y1, row, column = y0, x0, y1, x1, column, row
    length = jnp.where(edge < 0, 1.0, x1 - x0)
    return y0 + (column - x0) * (y1 - y0) / length - row


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
