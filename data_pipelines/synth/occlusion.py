"""Which directions of light reach each vertex of a head past the head itself."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.cameras import to_screen
from face_jax.render.rasterize import rasterize

DIRECTIONS = 96
_SIDE = 160
_TOLERANCE = 0.0035
"""Metres that a surface may lie behind the nearest one and still count as lit."""
_SHARPNESS = 26.0
"""Of the interpolation between directions: the softness of shadows."""


def light_directions() -> np.ndarray:
    """Unit vectors spread evenly over the sphere, [DIRECTIONS, 3] float32."""
    step = np.arange(DIRECTIONS) + 0.5
    height, turn = 1.0 - 2.0 * step / DIRECTIONS, np.pi * (1.0 + 5**0.5) * step
    across = np.sqrt(1.0 - height**2)
    spread = [across * np.cos(turn), height, across * np.sin(turn)]
    return np.stack(spread, axis=1).astype(np.float32)


def visible_directions(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Looks at a mesh from all directions and notes which vertices are seen.

    Args:
      vertices: [V, 3] float32 metres.
      faces: [F, 3] int32.

    Returns:
      [V, DIRECTIONS] float32, 1 where a vertex is seen from a direction, else 0.
    """
    used = np.unique(faces)
    middle = 0.5 * (vertices[used].min(0) + vertices[used].max(0))
    scale = 0.95 / np.linalg.norm(vertices[used] - middle, axis=1).max()
    draw = jax.jit(functools.partial(rasterize, image_size=(_SIDE, _SIDE)))
    columns = []
    for direction in light_directions():
        turned = (vertices - middle) @ _view_of(direction).T * scale
        screen = to_screen(
            jnp.asarray(turned * np.array([1, -1, -1], np.float32))[None]
        )
        depth = np.asarray(draw(screen, faces).zbuf[0])
        columns.append(_seen(np.asarray(screen[0]), depth, _TOLERANCE * scale))
    return np.stack(columns, axis=1)


def evened(seen: np.ndarray, faces: np.ndarray, rounds: int = 2) -> np.ndarray:
    """Values [V, n] of vertices, averaged with their neighbours': softer shadows.

    Args:
      seen: [V, n].
      faces: [F, 3] int32.
      rounds: how many times.
    """
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ends = np.unique(np.sort(sides, axis=1), axis=0)
    for _ in range(rounds):
        total, count = seen.copy(), np.ones((len(seen), 1), np.float32)
        for one, other in (ends.T, ends.T[::-1]):
            np.add.at(total, one, seen[other])
            np.add.at(count, one, 1.0)
        seen = total / count
    return seen


def _seen(screen: np.ndarray, depth: np.ndarray, tolerance: float) -> np.ndarray:
    """Which points [V, 3] lie nearest at their pixel of a depth picture, [V]."""
    columns = np.clip(np.round((1.0 - screen[:, 0]) * _SIDE / 2 - 0.5), 0, _SIDE - 1)
    rows = np.clip(np.round((1.0 - screen[:, 1]) * _SIDE / 2 - 0.5), 0, _SIDE - 1)
    nearest = depth[rows.astype(int), columns.astype(int)]
    return ((nearest < 0) | (screen[:, 2] < nearest + tolerance)).astype(np.float32)


def _view_of(direction: np.ndarray) -> np.ndarray:
    """Rotation [3, 3] that turns a direction towards the viewer."""
    up = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0, 0])
    right = np.cross(up, direction)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(direction, right), direction]).astype(np.float32)


def openness(seen: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Share of the light from all around that reaches vertices, [V] float32.

    Args:
      seen: [V, DIRECTIONS] of ``visible_directions``.
      normals: [V, 3] float32 unit.
    """
    facing = np.maximum(normals @ light_directions().T, 0.0)
    return (seen * facing).sum(1) / np.maximum(facing.sum(1), 1e-6)


def direction_weights(directions):
    """Weights that interpolate ``seen`` at directions [..., 3] -> [..., DIRECTIONS]."""
    closeness = _SHARPNESS * (directions @ light_directions().T - 1.0)
    weights = jnp.exp(closeness)
    return weights / weights.sum(-1, keepdims=True)
