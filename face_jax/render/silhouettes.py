"""Where outlines run between the pixels: the integer half of ``antialias``.

An edge belongs to an outline when it has one face, or when both its faces lie on the
same side of it on the screen. Steep edges cross rows of pixels and separate pixels that
lie beside each other; flat edges cross columns and separate pixels that lie above each
other. So every edge has one axis along which it is followed, and every pair of
neighbours at most one edge: the nearest that crosses the line between their centres.

Positions are pixels here: column and row, whole at the centres.
"""

import functools
from collections.abc import Callable

import flax.struct
import jax.numpy as jnp
from jax import lax

from face_jax.render.batching import fold_mapped
from face_jax.render.nearest import (
    NOTHING,
    NOWHERE,
    Candidates,
    depth_keys,
    empty_buffers,
    last_begun,
    nearest_owners,
)
from face_jax.render.screen import SMALLEST_DEPTH, image_size_of, screen_extent
from face_jax.render.surface import Planes, columns, values_at
from face_jax.types import Array

TOLERANCE = 1e-3
"""How much nearer than the pixel behind it an edge must be, in units of depth: less is
a fold of the surface itself."""
CROSSINGS = 8
"""Rows, or columns, along which one work item follows an edge."""
CHUNK_ON_CPU = 4096
CHUNK_ELSEWHERE = 2**15
"""Work items handled at once."""


@flax.struct.dataclass
class Outlines:
    """Edges to follow; N of all pictures in descending order.

    Attributes:
      ends: int32 [N], number of work items of this edge and all edges before it.
      line: float32 [N, 5], where the edge starts along its axis and across it, its
        slope, its depth there and the depth's slope.
      place: int32 [N, 5], first item, first crossing, number of crossings, 1 for a
        steep edge, 1 if the surface lies at the larger coordinate across; else 0.
      edge: int32 [N], index of the edge among those of all pictures.
    """

    ends: Array
    line: Array
    place: Array
    edge: Array


def pixel_positions(points: Array, image_size: tuple[int, int]) -> Array:
    """Column and row [..., 2] of screen points [..., 2 or 3], whole at pixel centres."""
    height, width = image_size

    def along(axis: int, size: int, other: int) -> Array:
        # Inverse of ``screen.pixel_centres``; the axes point against the pixels' order.
        return (size - 1) / 2 - points[..., axis] * (size / screen_extent(size, other))

    return jnp.stack([along(0, width, height), along(1, height, width)], axis=-1)


def silhouette_edges(vertices: Array, depth: Array, edges: Array) -> Array:
    """Edges that outline what the pixels show.

    Under ``vmap`` the mapped axis is folded into the batch. Without gradient.

    Args:
      vertices: float32 [B, V, 3] in the screen frame.
      depth: float32 [B, H, W], infinite in the background.
      edges: int32 [E, 4], see ``Topology``.

    Returns:
      int32 [B, 2, H, W], for every pixel the edge between it and its right neighbour,
      and the edge between it and the one below; -1 where no outline passes.
    """
    positions = pixel_positions(vertices, image_size_of(depth))
    points = jnp.concatenate([positions, vertices[..., 2:]], axis=-1)
    # A face that is missing has corners that are nowhere, like one that is not drawn.
    corners = values_at(points, edges)
    return _search()(lax.stop_gradient(corners), lax.stop_gradient(depth))


@functools.cache
def _search() -> Callable[[Array, Array], Array]:
    """The search; cached, so that JAX traces it once."""

    def search(corners: Array, depth: Array) -> Array:
        def with_chunk(chunk: int) -> Callable[[Array, Array], Array]:
            return lambda corners, depth: follow_outlines(corners, depth, chunk)

        return lax.platform_dependent(
            corners,
            depth,
            cpu=with_chunk(CHUNK_ON_CPU),
            default=with_chunk(CHUNK_ELSEWHERE),
        )

    return fold_mapped(search)


def follow_outlines(corners: Array, depth: Array, chunk: int) -> Array:
    """Finds the nearest outline between neighbours.

    Args:
      corners: float32 [B, E, 4, 3], column, row and depth of the ends of every edge and
        of the vertices opposite; not finite where there are none.
      depth: float32 [B, H, W].
      chunk: work items handled at once; the result does not depend on it.

    Returns:
      As ``silhouette_edges``.
    """
    batch, num_edges = corners.shape[:2]
    outlines = list_outlines(corners, image_size_of(depth))

    def candidates(items: Array) -> Candidates:
        return _crossings(items, outlines, num_edges, depth)

    buffers = empty_buffers(2 * depth.size, 1)
    _, owners = nearest_owners(buffers, outlines.ends[-1], chunk, candidates)
    owners = owners.reshape(2, *depth.shape).swapaxes(0, 1)
    offset = jnp.arange(batch, dtype=jnp.int32)[:, None, None, None] * num_edges
    return jnp.where(owners == NOTHING, -1, owners - offset)


def list_outlines(corners: Array, image_size: tuple[int, int]) -> Outlines:
    """Picks the edges of outlines and counts what they cross.

    Args:
      corners: as for ``follow_outlines``.
      image_size: (height, width).
    """
    flat = corners.reshape(-1, 12)[::-1]
    # Planes that are computed once: XLA would gather again for each use.
    planes = lax.optimization_barrier(columns(flat))
    first_end, second_end, one_side, other_side = (
        planes[3 * k : 3 * k + 3] for k in range(4)
    )
    drawn = [_is_drawn(planes[3 * k : 3 * k + 3]) for k in range(4)]
    steep = jnp.abs(second_end[1] - first_end[1]) >= jnp.abs(
        second_end[0] - first_end[0]
    )

    def split(point: Planes) -> tuple[Array, Array]:
        """Coordinates along and across the axis on which the edge is followed."""
        column, row, _ = point
        return jnp.where(steep, row, column), jnp.where(steep, column, row)

    (start, base), (stop, end) = split(first_end), split(second_end)
    length = jnp.where(stop == start, 1.0, stop - start)
    slope = (end - base) / length

    def side(point: Planes) -> Array:
        along, across = split(point)
        return across - (base + slope * (along - start))

    sides = side(one_side), side(other_side)
    folded = jnp.where(
        drawn[2] & drawn[3], sides[0] * sides[1] > 0, drawn[2] | drawn[3]
    )
    outline = drawn[0] & drawn[1] & folded
    limit = jnp.where(steep, *image_size)
    first = _whole(jnp.minimum(start, stop), limit, outline)
    count = _whole(jnp.maximum(start, stop), limit, outline) - first
    items = -(-count // CROSSINGS)
    ends = jnp.cumsum(items)
    surface_beyond = jnp.where(drawn[2], *sides) > 0
    depth_slope = (second_end[2] - first_end[2]) / length
    integers = (ends - items, first, count, steep, surface_beyond)
    return Outlines(
        ends=ends,
        line=jnp.stack([start, base, slope, first_end[2], depth_slope], axis=1),
        place=jnp.stack([i.astype(jnp.int32) for i in integers], axis=1),
        edge=jnp.arange(len(flat) - 1, -1, -1, dtype=jnp.int32),
    )


def _is_drawn(point: Planes) -> Array:
    """Whether faces with such a corner are drawn at all."""
    column, row, depth = point
    finite = jnp.isfinite(column) & jnp.isfinite(row) & jnp.isfinite(depth)
    return finite & (depth >= SMALLEST_DEPTH)


def _whole(position: Array, limit: Array, valid: Array) -> Array:
    """First row or column at or after a position, in [0, limit]; int32."""
    # Clipped as floats: far away points do not fit into an integer.
    whole = jnp.clip(jnp.ceil(position), 0, limit)
    return jnp.where(valid, whole, 0).astype(jnp.int32)


def _crossings(
    items: Array, outlines: Outlines, num_edges: int, depth: Array
) -> Candidates:
    """Depths at which work items cross the lines between neighbours.

    Args:
      items: int32 [C].
      outlines: the edges.
      num_edges: of one picture.
      depth: float32 [B, H, W].

    Returns:
      Keys [C * CROSSINGS, 1], pairs of neighbours and edges [C * CROSSINGS], int32.
    """
    height, width = depth.shape[1:]
    owner = last_begun(outlines.ends, items)
    line = outlines.line.at[owner].get(mode="clip")[..., None]
    place = outlines.place.at[owner].get(mode="clip")[..., None]
    edge = outlines.edge.at[owner].get(mode="clip")[:, None]
    start, base, slope, edge_depth, depth_slope = line.swapaxes(0, 1)
    first_item, first, count, steep, surface_beyond = place.swapaxes(0, 1)
    number = (items[:, None] - first_item) * CROSSINGS + jnp.arange(CROSSINGS)
    along = first + number
    run = along - start
    across = jnp.floor(base + slope * run)
    limit = jnp.where(steep == 1, width, height)
    valid = (number < count) & (across >= 0) & (across < limit - 1)
    valid &= items[:, None] < outlines.ends[-1]
    across = jnp.where(valid, across, 0).astype(jnp.int32)
    step = jnp.where(steep == 1, 1, width)
    pixel = jnp.where(steep == 1, along * width + across, across * width + along)
    pixel += edge // num_edges * (height * width)
    flat = depth.reshape(-1)
    here, beyond = (
        flat.at[pixel].get(mode="clip"),
        flat.at[pixel + step].get(mode="clip"),
    )
    near = jnp.where(surface_beyond == 1, beyond, here)
    far = jnp.where(surface_beyond == 1, here, beyond)
    crossed = edge_depth + depth_slope * run
    valid &= (crossed < far - TOLERANCE) & (near < far)
    pair = jnp.where(valid, pixel + (1 - steep) * depth.size, NOWHERE)
    edges = jnp.broadcast_to(edge, pair.shape).reshape(-1)
    return depth_keys(crossed, valid).reshape(-1, 1), pair.reshape(-1), edges
