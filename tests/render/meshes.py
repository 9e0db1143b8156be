"""Small meshes with known shapes."""

import functools

import numpy as np


@functools.cache
def icosphere(level: int) -> tuple[np.ndarray, np.ndarray]:
    """A sphere of radius 1: vertices [V, 3] float32, faces [20 * 4 ** level, 3]."""
    golden = (1 + 5**0.5) / 2
    corners = [(s, t * golden, 0.0) for s in (-1, 1) for t in (-1, 1)]
    points = np.array([np.roll(c, k) for k in range(3) for c in corners])
    points /= np.linalg.norm(points[0])
    near = np.linalg.norm(points[:, None] - points[None], axis=-1) < 1.1
    faces = [
        (a, b, c)
        for a in range(12)
        for b in range(a + 1, 12)
        for c in range(b + 1, 12)
        if near[a, b] and near[b, c] and near[a, c]
    ]
    faces = np.array(faces)
    for _ in range(level):
        points, faces = _subdivide(points, faces)
    return points.astype(np.float32), _outwards(points, faces)


def _subdivide(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sides = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]], axis=-1)
    unique, number = np.unique(sides.reshape(-1, 2), axis=0, return_inverse=True)
    middles = points[unique].mean(axis=1)
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    m = number.reshape(-1, 3) + len(points)
    quarters = [np.stack([faces[:, k], m[:, k], m[:, k - 1]], axis=1) for k in range(3)]
    return np.concatenate([points, middles]), np.concatenate([*quarters, m])


def _outwards(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Turns faces so that they are counter-clockwise from outside."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    inwards = np.sum(np.cross(b - a, c - a) * a, axis=1) < 0
    turned = np.where(inwards[:, None], faces[:, ::-1], faces)
    return turned.astype(np.int32)
