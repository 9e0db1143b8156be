"""The renderer once more: float64 numpy, one face or edge after the other.

Written from the definitions, without a line of ``face_jax.render``.
"""

import dataclasses

import numpy as np

EPSILON = 1e-8
FOLD = 1e-3
"""Depth by which an outline must be nearer than what is behind it."""


@dataclasses.dataclass(frozen=True)
class Picture:
    """One mesh: [H, W] faces, [H, W, 3] weights, [H, W] depths.

    ``clear`` tells the pixels whose face float32 cannot mistake.
    """

    face: np.ndarray
    weights: np.ndarray
    depth: np.ndarray
    clear: np.ndarray


def pixel_centres(size):
    height, width = size
    x = (width - 1 - 2 * np.arange(width)) / min(size)
    y = (height - 1 - 2 * np.arange(height)) / min(size)
    return np.meshgrid(x, y)


def twice_area(a, b, c):
    """Positive where a, b, c run counter-clockwise with x to the left, y up."""
    return (c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])


def face_weights(corners, points, perspective):
    """Weights [..., 3] of points (x, y) on one face [3, 3]."""
    a, b, c = corners
    divisor = twice_area(a, b, c) + EPSILON
    parts = [twice_area(*side, points) for side in ((b, c), (c, a), (a, b))]
    weights = np.stack(parts, axis=-1) / divisor
    if perspective:
        weights = weights / corners[:, 2]
        weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights


def is_drawn(corners, cull):
    if not np.isfinite(corners).all() or (corners[:, 2] < 1e-8).any():
        return False
    area = twice_area(*corners)
    return abs(area) > EPSILON and (area > 0 or not cull)


def rounding(corners, points):
    """How wrong float32 weights [..., 3] can be."""
    doubts = []
    for k in range(3):
        a, b = corners[k - 2], corners[k - 1]
        run, rise = np.abs(b[:2] - a[:2])
        across, along = np.abs(points[0] - a[0]), np.abs(points[1] - a[1])
        doubts.append((across + 1) * rise + (along + 1) * run)
    return 3e-7 * np.stack(doubts, axis=-1) / abs(twice_area(*corners))


def draw(triangles, size, *, cull=False, perspective=False):
    """Draws one mesh [F, 3, 3]."""
    points = pixel_centres(size)
    depth, at_least, at_most = np.full((3, len(triangles), *size), np.inf)
    weights = np.zeros((len(triangles), *size, 3))
    for index, corners in enumerate(np.asarray(triangles, np.float64)):
        if not is_drawn(corners, cull):
            continue
        flat = face_weights(corners, points, False)
        doubt = rounding(corners, points)
        weights[index] = face_weights(corners, points, perspective)
        here = weights[index] @ corners[:, 2]
        slack = 1e-5 * corners[:, 2].max() + doubt @ corners[:, 2]
        depth[index] = np.where((flat > 0).all(-1), here, np.inf)
        at_least[index] = np.where((flat > -doubt).all(-1), here - slack, np.inf)
        at_most[index] = np.where((flat > doubt).all(-1), here + slack, np.inf)
    face = depth.argmin(axis=0)[None]
    nearest, farthest = (np.take_along_axis(x, face, 0)[0] for x in (depth, at_most))
    seen = np.isfinite(nearest)
    untouched = np.isinf(at_least).all(axis=0)
    np.put_along_axis(at_least, face, np.inf, 0)
    return Picture(
        face=np.where(seen, face[0], -1),
        weights=np.take_along_axis(weights, face[..., None], 0)[0] * seen[..., None],
        depth=np.where(seen, nearest, 0.0),
        clear=np.where(seen, at_least.min(axis=0) > farthest, untouched),
    )


def surface(corners, face, perspective=False):
    """Weights and blended values where the faces are known.

    Args:
      corners: [F, 3, 3 + D], positions and values.
      face: [H, W].
      perspective: weights on the surface in the scene.

    Returns:
      [H, W, 3] weights and [H, W, 1 + D] depths and values, zeros for no face.
    """
    x, y = pixel_centres(face.shape)
    weights = np.zeros((*face.shape, 3))
    values = np.zeros((*face.shape, corners.shape[-1] - 2))
    for row, column in np.argwhere(face >= 0):
        found = corners[face[row, column]]
        point = (x[row, column], y[row, column])
        weights[row, column] = face_weights(found[:, :3], point, perspective)
        values[row, column] = weights[row, column] @ found[:, 2:]
    return weights, values


def pixel_positions(points, size):
    """Columns and rows [..., 2] of screen points, whole at pixel centres."""
    height, width = size
    offset = np.array([width - 1, height - 1])
    return (offset - np.asarray(points)[..., :2] * min(size)) / 2


def screen_points(columns_rows, depth, size):
    """Inverse of ``pixel_positions``: [..., 3]."""
    height, width = size
    offset = np.array([width - 1, height - 1])
    x_y = (offset - 2 * np.asarray(columns_rows)) / min(size)
    return np.concatenate([x_y, np.full((*x_y.shape[:-1], 1), depth)], axis=-1)


def outlines(vertices, depth, edges):
    """Nearest outline between neighbours.

    Args:
      vertices: [V, 3].
      depth: [H, W], infinite in the background.
      edges: [E, 4].

    Returns:
      [2, H, W] edges to the right and below, -1 for none; bool [2, H, W], where
      rounding does not decide.
    """
    found = np.full((2, *depth.shape), -1)
    nearest = np.full((2, *depth.shape), np.inf)
    clear = np.ones((2, *depth.shape), bool)
    points = np.asarray(vertices, np.float64)
    drawable = np.isfinite(points).all(axis=1) & (points[:, 2] >= 1e-8)
    for index, edge in enumerate(edges):
        sides = [v for v in edge[2:] if v >= 0 and drawable[v]]
        if (edge[:2] < 0).any() or not drawable[edge[:2]].all() or not sides:
            continue
        for pair, crossed, doubtful in _crossings(points, edge[:2], sides, depth):
            clear[pair] &= abs(crossed - nearest[pair]) > 1e-5
            clear[pair] &= not doubtful
            if crossed < nearest[pair]:
                found[pair], nearest[pair] = index, crossed
    return found, clear


def _crossings(points, ends, sides, depth):
    """Pairs of pixels that an outline parts, its depth there, and doubt of it."""
    places = pixel_positions(points, depth.shape)
    run, rise = np.abs(places[ends[1]] - places[ends[0]])
    axis = 0 if rise >= run else 1
    # Steep: along the rows, and the columns at which the edge crosses them.
    along, across = (places[:, 1], places[:, 0]) if axis == 0 else places.T
    start, stop = along[ends]
    if start == stop:
        return
    slope = np.diff(across[ends])[0] / (stop - start)
    offsets = across[sides] - across[ends[0]] - slope * (along[sides] - start)
    if len(sides) == 2 and offsets[0] * offsets[1] <= 0:
        return
    for step in range(depth.shape[axis]):
        share = (step - start) / (stop - start)
        place = across[ends[0]] + slope * (step - start)
        first = int(np.floor(place))
        if not (min(start, stop) <= step < max(start, stop)):
            continue
        if not 0 <= first < depth.shape[1 - axis] - 1:
            continue
        here, there = (step, first), (step, first + 1)
        if axis == 1:
            here, there = here[::-1], there[::-1]
        near, far = (there, here) if offsets[0] > 0 else (here, there)
        crossed = points[ends, 2] @ [1 - share, share]
        if crossed < depth[far] - FOLD and depth[near] < depth[far]:
            yield (axis, *here), crossed, abs(place - round(place)) < 1e-3


def splat(image, vertices, found, edges):
    """Mixes the colours beside outlines; ``found`` as of ``outlines``."""
    size = image.shape[:2]
    places = pixel_positions(vertices, size)
    soft = image.astype(np.float64)
    for kind, row, column in np.argwhere(found >= 0):
        (x0, y0), (x1, y1) = places[edges[found[kind, row, column], :2]]
        if kind == 0:
            other = (row, column + 1)
            crossing = x0 + (row - y0) * (x1 - x0) / (y1 - y0) - column
        else:
            other = (row + 1, column)
            crossing = y0 + (column - x0) * (y1 - y0) / (x1 - x0) - row
        change = (crossing - 0.5) * (image[row, column] - image[other])
        soft[other if crossing > 0.5 else (row, column)] += change
    return soft
