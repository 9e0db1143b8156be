"""Points of a triangle mesh that lie closest to given points.

Points and triangles are sorted into blocks of neighbours. A block of points visits blocks
of triangles from near to far, and stops where the next one is farther than what was found:
the result is that of comparing all pairs, and memory holds those of two blocks.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import LandmarkEmbedding
from face_jax.geometry.mesh import face_corners
from face_jax.types import Array

POINTS_AT_ONCE, FACES_AT_ONCE = 64, 64
"""Points and triangles of a block."""

CURVE_BITS = 10
"""Binary digits of a coordinate on the curve that sorts; three fit into 32."""


class _Triangles(NamedTuple):
    """What pairs need to know of triangles, computed once for each.

    Attributes:
      corner: [3, ...] coordinates of the first corner.
      edges: [2, 3, ...] from it to the second corner, and to the third.
      weights: [2, 3, ...] whose products with a vector from the first corner are what the
        second and the third corner weigh at the foot of its perpendicular; zero where
        there is no area.
      shares: [3, ...] inverse squared lengths of those edges, and of the one between; 0
        where there is no length.
      offset: [...] product of the edge from second to third corner with minus the first
        edge.
    """

    corner: Array
    edges: Array
    weights: Array
    shares: Array
    offset: Array


class _Nearest(NamedTuple):
    """Squared distance to a point of a triangle, and what two of its corners weigh there.

    Attributes:
      squared: the distance.
      second: weight of the second corner.
      third: of the third.
    """

    squared: Array
    second: Array
    third: Array


def closest_points(
    points: Array, vertices: Array, faces: Array | np.ndarray
) -> LandmarkEmbedding:
    """The points of a mesh that lie closest to given points, on faces, edges, corners.

    Triangles without an area count as the edge or the point that they are. Of several
    closest triangles one is taken.

    Args:
      points: [N, 3] float32.
      vertices: [V, 3] float32; coordinates about the origin keep most digits.
      faces: [F, 3] int32, F at least 1.

    Returns:
      N points on the surface; ``surface_points`` gives their coordinates.
    """
    corners = face_corners(vertices, jnp.asarray(faces, jnp.int32))
    near, faces_near = _curve_order(points), _curve_order(corners.mean(axis=1))
    searched = _in_blocks(corners[faces_near], FACES_AT_ONCE)
    boxes = searched.min(axis=(1, 2)), searched.max(axis=(1, 2))
    triangles = jax.vmap(_triangles)(searched)
    found = jax.lax.map(
        lambda block: _nearest_faces(block, triangles, boxes),
        _in_blocks(points[near], POINTS_AT_ONCE),
    )
    # The last block of triangles repeats the last one.
    rows = jnp.minimum(found.reshape(-1)[: len(points)], len(corners) - 1)
    chosen = jnp.zeros(len(points), jnp.int32).at[near].set(faces_near[rows])
    bary = _nearest_weights(points.T, _triangles(corners[chosen]))
    return LandmarkEmbedding(chosen, bary)


def _nearest_faces(
    points: Array, triangles: _Triangles, boxes: tuple[Array, Array]
) -> Array:
    """Numbers [P] of the triangles [blocks, ..., F] that are closest to points [P, 3]."""
    blocks, count = triangles.offset.shape
    gaps = jnp.maximum(boxes[0] - points.max(axis=0), points.min(axis=0) - boxes[1])
    bounds = jnp.square(jnp.maximum(gaps, 0.0)).sum(axis=-1)
    order = jnp.argsort(bounds)
    columns = points.T[:, :, None]

    def may_be_closer(state: tuple[Array, Array, Array]) -> Array:
        least, _, turn = state
        bound = bounds[order[jnp.minimum(turn, blocks - 1)]]
        return (turn < blocks) & (bound < least.min(axis=1).max())

    def visit(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        least, found, turn = state
        block = order[turn]
        visited = jax.tree.map(lambda x: x[block][..., None, :], triangles)
        squared = functools.reduce(
            jnp.minimum, (each.squared for each in _candidates(columns, visited))
        )
        closer = squared < least
        least = jnp.where(closer, squared, least)
        return least, jnp.where(closer, block, found), turn + 1

    nothing = jnp.full((len(points), count), jnp.inf)
    start = nothing, jnp.zeros(nothing.shape, jnp.int32), jnp.int32(0)
    least, found, _ = jax.lax.while_loop(may_be_closer, visit, start)
    place = jnp.argmin(least, axis=1)
    block = jnp.take_along_axis(found, place[:, None], axis=1)[:, 0]
    return block * count + place


def _nearest_weights(points: Array, triangles: _Triangles) -> Array:
    """Barycentric weights [N, 3] of the points of N triangles closest to N points."""
    # Finished before one is chosen: a compiler that computed them again for each weight,
    # rounded otherwise, would take the weights of a tie from two candidates.
    candidates = jax.lax.optimization_barrier(_candidates(points, triangles))
    best = jnp.argmin(jnp.stack([each.squared for each in candidates]), axis=0)
    best = jax.lax.optimization_barrier(best)
    second = jax.lax.select_n(best, *(each.second for each in candidates))
    third = jax.lax.select_n(best, *(each.third for each in candidates))
    return jnp.stack([1 - second - third, second, third], axis=-1)


def _candidates(points: Array, triangles: _Triangles) -> list[_Nearest]:
    """Points of triangles of which one is closest to points [3, ...]; both broadcast.

    One on each edge, and the foot of the perpendicular where it lies inside. Each is a
    point of the triangle whatever its shape, so that no triangle seems closer than it
    is.
    """
    (one, other), shares = triangles.edges, triangles.shares
    to_point = points - triangles.corner
    second, third = (_dot(weights, to_point) for weights in triangles.weights)
    inside = (second >= 0) & (third >= 0) & (second + third <= 1)
    along_one, along_other = _dot(one, to_point), _dot(other, to_point)
    across = along_other - along_one + triangles.offset
    opposite = jnp.clip(across * shares[2], 0.0, 1.0)
    zero = jnp.zeros_like(opposite)
    weights = (
        (jnp.where(inside, second, 0.0), jnp.where(inside, third, 0.0)),
        (jnp.clip(along_one * shares[0], 0.0, 1.0), zero),
        (zero, jnp.clip(along_other * shares[1], 0.0, 1.0)),
        (1 - opposite, opposite),
    )
    return [
        _Nearest(_squared(to_point - v * one - w * other), v, w) for v, w in weights
    ]


def _triangles(corners: Array) -> _Triangles:
    """Of corners [F, 3, 3]."""
    first, second, third = (corners[:, number] for number in range(3))
    one, other = second - first, third - first
    normal = jnp.cross(one, other)
    per_area = normal * _inverse(jnp.sum(normal**2, axis=-1, keepdims=True))
    weights = jnp.cross(other, per_area), jnp.cross(per_area, one)
    squares = [jnp.sum(edge**2, axis=-1) for edge in (one, other, other - one)]
    return _Triangles(
        corner=first.T,
        edges=jnp.stack([one.T, other.T]),
        weights=jnp.stack([vectors.T for vectors in weights]),
        shares=_inverse(jnp.stack(squares)),
        offset=jnp.sum(one * (one - other), axis=-1),
    )


def _inverse(values: Array) -> Array:
    """1 / values, 0 where they are 0."""
    return jnp.where(values > 0, 1 / jnp.where(values > 0, values, 1.0), 0.0)


def _dot(one: Array, other: Array) -> Array:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def _squared(vectors: Array) -> Array:
    return _dot(vectors, vectors)


def _in_blocks(rows: Array, size: int) -> Array:
    """Rows [blocks, size, ...], the last one repeated until the blocks are full."""
    filled = jnp.minimum(jnp.arange(-(-len(rows) // size) * size), len(rows) - 1)
    return rows[filled].reshape(-1, size, *rows.shape[1:])


def _curve_order(points: Array) -> Array:
    """An order of points [N, 3] in which neighbours mostly are neighbours in space.

    Morton's: by the binary digits of all coordinates, the first ones first.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    cells = (points - low) / jnp.maximum((high - low).max(), 1e-30)
    whole = (cells * (2**CURVE_BITS - 1)).astype(jnp.uint32)
    code = jnp.zeros(len(points), jnp.uint32)
    for bit in range(CURVE_BITS):
        for axis in range(3):
            code |= ((whole[:, axis] >> bit) & 1) << (3 * bit + axis)
    return jnp.argsort(code)
