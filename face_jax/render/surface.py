"""The surface at every pixel, and how it moves with the corners of its triangles.

Given the visible face of each pixel, this recomputes barycentric weights and blends
the corners' values with them. The rule for derivatives is closed. A weight w_k changes
by dw_k = sum_j T_kj w_j, where

    T_kj = -grad(l_k) . dv_j + [k = j] eps dA / (A (A + eps))

belongs to the face alone: v_j are the corners, dv_j their movement, A the signed area,
eps what is added to A in the division, and l_k = w_k (A + eps) / A the exact weight,
linear on the screen. A blended value sum_k w_k a_k thus changes by sum_j w_j U_j with
U_j = da_j + sum_k T_kj a_k: a blend again, of other values at the corners. Reverse mode
is the transpose, so a pixel only adds its weights times its gradient to the row of its
face, and all further work is done once for each face, not for each pixel.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from face_jax.render.screen import (
    AREA_EPSILON,
    Corners,
    barycentrics,
    blend,
    signed_area,
)
from face_jax.types import Array

Planes = tuple[Array, ...]
"""Columns of a table, apart: work on them runs through memory without strides."""


def columns(table: Array) -> Planes:
    """The columns of a table [N, D] as D arrays [N]; gradients come back joined."""
    parts = lax.split(table, (1,) * table.shape[1], axis=1)
    return tuple(part[:, 0] for part in parts)


def values_at(values: Array, places: Array | np.ndarray) -> Array:
    """Values of vertices at the corners of faces, or the ends of edges.

    Args:
      values: [B, V, D].
      places: [...] integers, the vertices; those outside [0, V) get NaN.

    Returns:
      [B, ..., D].
    """
    batch, count, _ = values.shape
    # One row more, and one long table: gathers that fill or have a batch are slower.
    padded = jnp.pad(values, ((0, 0), (0, 1), (0, 0)), constant_values=jnp.nan)
    known = jnp.where((places < 0) | (places > count), count, places)
    first = jnp.arange(batch, dtype=jnp.int32) * (count + 1)
    rows = jnp.expand_dims(first, range(1, known.ndim + 1)) + known
    return padded.reshape(batch * (count + 1), -1)[rows]


def rows_at(table: Array, rows: Array) -> Array:
    """Rows of a table [N, D], zeros where the index is N: [P, D]."""
    return table.at[rows].get(mode="fill", fill_value=0)


@jax.custom_jvp
def columns_at(table: Array, rows: Array) -> Planes:
    """Rows of a table [N, D] as columns, zeros where the index is N: D arrays [P].

    A gather from each column is several times as fast as one of whole rows. For the
    gradient the opposite holds: its scatter takes whole rows.
    """
    padded = jnp.pad(table.T, ((0, 0), (0, 1)))
    return tuple(column[rows] for column in padded)


@columns_at.defjvp
def _column_tangents(primals, tangents):
    table, rows = primals
    changes = columns(rows_at(tangents[0], rows))
    # Transposed, this holds the products apart that the scatter takes: XLA would
    # compute all that comes before once for each column.
    return columns_at(table, rows), lax.optimization_barrier(changes)


def blend_at(corner_values: Array, face: Array, weights: Corners) -> Planes:
    """Blends values at the corners of each point's face.

    Args:
      corner_values: [N, 3 * D] corner by corner.
      face: int32 [P] row of each point; N for none, which blends to zero.
      weights: three arrays [P].

    Returns:
      D arrays [P].
    """
    return _blend_columns(columns_at(corner_values, face), weights)


def _blend_columns(values: Planes, weights: Corners) -> Planes:
    depth = len(values) // 3
    return tuple(
        blend(weights, (values[d], values[d + depth], values[d + 2 * depth]))
        for d in range(depth)
    )


def _coordinates(planes: Sequence[Array]) -> tuple[Corners, Corners]:
    """x and y of the corners from the planes x0 y0 x1 y1 x2 y2."""
    x0, y0, x1, y1, x2, y2 = planes[:6]
    return (x0, x1, x2), (y0, y1, y2)


@jax.custom_jvp
def surface_at(
    corners: Array, tables: tuple[Array, ...], face: Array, points: Array
) -> tuple[Corners, tuple[Planes, ...]]:
    """Barycentric weights and blended values of points on given faces.

    Args:
      corners: float32 [N, 6] positions x0 y0 x1 y1 x2 y2 on the screen.
      tables: values of the corners, each float32 [N, 3 * D] corner by corner. The
        gradient leaves out tables whose values nobody used.
      face: int32 [P] row of each point; N for none: weights and values are zero.
      points: float32 [2, P] positions x, y on the screen; constants.

    Returns:
      Three weights [P], and for each table D values [P].
    """
    found = columns_at(jnp.concatenate([corners, *tables], axis=1), face)
    # Planes that are computed once: XLA would gather again for each use.
    planes = lax.optimization_barrier(found)
    x, y = _coordinates(planes)
    # A point without a face must not divide by zero, not even unused.
    divisor = jnp.where(face < len(corners), signed_area(x, y) + AREA_EPSILON, 1.0)
    weights = barycentrics(points[0], points[1], x, y, divisor)
    values, first = [], 6
    for table in tables:
        values.append(_blend_columns(planes[first : first + table.shape[1]], weights))
        first += table.shape[1]
    return weights, tuple(values)


@surface_at.defjvp
def _surface_tangents(primals, tangents):
    corners, tables, face, points = primals
    moves, table_changes = tangents[:2]
    weights, values = surface_at(corners, tables, face, points)
    slopes = _slopes(columns(corners), columns(moves))
    of_weights = jnp.stack([slopes[k][j] for j in range(3) for k in range(3)], axis=1)
    of_tables = [
        _through_weights(slopes, table) + change
        for table, change in zip(tables, table_changes, strict=True)
    ]
    return (weights, values), (
        blend_at(of_weights, face, weights),
        tuple(blend_at(change, face, weights) for change in of_tables),
    )


def _through_weights(slopes: list[list[Array]], table: Array) -> Array:
    """sum_k T_kj a_k for every corner j and value: [N, 3 * D] like the table."""
    # What is not finite is at no visible corner and must not spoil the others.
    values = columns(jnp.where(jnp.isfinite(table), table, 0.0))
    depth = len(values) // 3
    changes = [
        sum(slopes[k][j] * values[k * depth + d] for k in range(3))
        for j in range(3)
        for d in range(depth)
    ]
    return jnp.stack(changes, axis=1)


def _slopes(corners: Planes, moves: Planes) -> list[list[Array]]:
    """T of the module's text: change of weight k at corner j, zero for no area."""
    x, y = _coordinates(corners)
    area = signed_area(x, y)
    # Faces that cannot be visible must not spoil the others' gradients.
    usable = (jnp.abs(area) > AREA_EPSILON) & jnp.isfinite(area)
    x, y = _coordinates([jnp.where(usable, corner, 0.0) for corner in corners])
    area = jnp.where(usable, area, 1.0)
    # Twice the area's change as a corner moves; over the area, a weight's slope.
    normals = [(y[2] - y[1], x[1] - x[2]), (y[0] - y[2], x[2] - x[0])]
    normals += [(y[1] - y[0], x[0] - x[1])]
    area_change = sum(
        normals[k][0] * moves[2 * k] + normals[k][1] * moves[2 * k + 1]
        for k in range(3)
    )
    growth = AREA_EPSILON / (area * (area + AREA_EPSILON)) * area_change

    def slope(k, j):
        along = normals[k][0] * moves[2 * j] + normals[k][1] * moves[2 * j + 1]
        return growth - along / area if k == j else -along / area

    return [[slope(k, j) for j in range(3)] for k in range(3)]
