"""Triangles on the screen: pixel centres, signed areas, barycentric coordinates.

Screen frame: x to the left, y up, z into the scene; the shorter side of the picture
spans [-1, 1] (``face_jax.geometry.cameras``). Every other module of this package
evaluates these few formulas in this order of operations, so that the search for the
visible faces and the gradient never disagree about a pixel.

Corners travel as nine separate arrays that broadcast against the pixels: ``x``, ``y``
and ``z`` are triples of arrays, one for each corner.
"""

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array

AREA_EPSILON = np.float32(1e-8)
"""Added to every signed area that is divided by; also the smallest area drawn."""
SMALLEST_DEPTH = 1e-8
"""A face with a corner nearer than this is dropped as a whole; nothing is clipped."""

Corners = tuple[Array, Array, Array]
"""One coordinate of the three corners; the arrays broadcast against pixels."""


def screen_extent(size: int, other: int) -> np.float32:
    """Length that a side of ``size`` pixels spans when the other has ``other``."""
    if size <= other:
        return np.float32(2)
    return np.float32(size * 2) / np.float32(other)


def image_size_of(images: Array) -> tuple[int, int]:
    """Height and width of pictures [B, H, W, ...]."""
    _, height, width = images.shape[:3]
    return height, width


def pixel_centres(image_size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Screen coordinates of the pixel centres.

    Args:
      image_size: (height, width) in pixels.

    Returns:
      x of the columns, float32 [W], falling; y of the rows, float32 [H], falling.
    """
    height, width = image_size
    return _centres(width, height), _centres(height, width)


def pixel_grid(image_size: tuple[int, int]) -> np.ndarray:
    """Screen coordinates x, y of all pixel centres, row by row: float32 [2, H * W]."""
    return np.stack(np.meshgrid(*pixel_centres(image_size))).reshape(2, -1)


def _centres(size: int, other: int) -> np.ndarray:
    extent = screen_extent(size, other)
    # The screen's axes point to the left and up: the last pixel comes first.
    position = np.arange(size - 1, -1, -1).astype(np.float32)
    half = extent / np.float32(2)
    return -half + (extent * position + half) / np.float32(size)


def corner_columns(triangles: Array) -> tuple[Corners, Corners, Corners]:
    """Splits triangles [..., 3, 3] (corner, coordinate) into x, y and z triples."""

    def of(coordinate: int) -> Corners:
        first, second, third = (triangles[..., k, coordinate] for k in range(3))
        return first, second, third

    return of(0), of(1), of(2)


def edge_function(px, py, ax, ay, bx, by):
    """Twice the signed area of (p, a, b): the side of the line ab that p is on."""
    return (px - ax) * (by - ay) - (py - ay) * (bx - ax)


def signed_area(x: Corners, y: Corners) -> Array:
    """Twice the signed area; positive where the corners run as seen from outside."""
    return edge_function(x[2], y[2], x[0], y[0], x[1], y[1])


def is_drawable(
    x: Corners, y: Corners, z: Corners, area: Array, cull_backfaces: bool
) -> Array:
    """Whether faces can cover pixels at all; bool like ``area``.

    A face is dropped when it has (almost) no area, reaches behind the camera, or has a
    coordinate that is not finite; with ``cull_backfaces`` also when it shows its back.
    """
    keep = (jnp.abs(area) > AREA_EPSILON) & jnp.isfinite(area)
    for coordinate in (*x, *y, *z):
        keep &= jnp.isfinite(coordinate)
    for depth in z:
        keep &= depth >= SMALLEST_DEPTH
    return keep & (area > 0) if cull_backfaces else keep


def barycentrics(px: Array, py: Array, x: Corners, y: Corners, divisor) -> Corners:
    """Weights of the three corners at points of the screen.

    Args:
      px: x of the points.
      py: y of the points.
      x: corners.
      y: corners.
      divisor: ``signed_area(x, y) + AREA_EPSILON``. The weights therefore add up to
        slightly less or more than one, as published; gradients depend on it.

    Returns:
      Three weights, all positive strictly inside the triangle.
    """
    return (
        edge_function(px, py, x[1], y[1], x[2], y[2]) / divisor,
        edge_function(px, py, x[2], y[2], x[0], y[0]) / divisor,
        edge_function(px, py, x[0], y[0], x[1], y[1]) / divisor,
    )


def correct_perspective(weights: Corners, z: Corners) -> Corners:
    """Turns weights on the screen into weights on the surface in the scene."""
    a = weights[0] * z[1] * z[2]
    b = weights[1] * z[0] * z[2]
    c = weights[2] * z[0] * z[1]
    total = jnp.maximum(a + b + c, SMALLEST_DEPTH)
    return a / total, b / total, c / total


def blend(weights: Corners, corner_values: Corners) -> Array:
    """Value at a point: the corners' values by their weights, in this order."""
    first, second, third = (
        weight * value for weight, value in zip(weights, corner_values, strict=True)
    )
    return first + second + third


def depth_inside(
    px: Array,
    py: Array,
    x: Corners,
    y: Corners,
    z: Corners,
    area: Array,
    perspective_correct: bool,
) -> tuple[Array, Array]:
    """Depth of triangles at points, and whether the points lie strictly inside.

    A point exactly on an edge lies inside of neither triangle.
    """
    weights = barycentrics(px, py, x, y, area + AREA_EPSILON)
    inside = (weights[0] > 0) & (weights[1] > 0) & (weights[2] > 0)
    if perspective_correct:
        weights = correct_perspective(weights, z)
    return blend(weights, z), inside
