"""Triangles that are hard to draw, and functions that are compiled once."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params

from face_jax.render import rasterize_attributes
from tests.render.meshes import icosphere

SIZE = (16, 24)
NUM_FACES = 80
NUM_VERTICES = 3 * NUM_FACES
FACES = np.arange(NUM_VERTICES, dtype=np.int32).reshape(-1, 3)
"""Every face has corners of its own."""


def soup(seed, batch=2, count=NUM_FACES, size=SIZE):
    """Triangles [batch, count, 3, 3] of all kinds: see ``KINDS``."""
    rng = np.random.default_rng(seed)
    triangles = [_triangles(rng, count, size) for _ in range(batch)]
    return np.stack(triangles).astype(np.float32)


def _triangles(rng, count, size):
    reach = np.array([size[1], size[0]]) / min(size)
    kinds = rng.permutation(np.arange(count) % len(KINDS))
    triangles = np.zeros((count, 3, 3))
    for index, kind in enumerate(kinds):
        corners = np.zeros((3, 3))
        corners[:, :2] = rng.uniform(-1.1, 1.1, 2) * reach
        corners[:, 2] = rng.uniform(1, 5) + rng.uniform(-0.5, 0.5, 3)
        triangles[index] = KINDS[kind](rng, corners, triangles[:index], size)
    return triangles


def _spread(corners, rng, scale):
    corners[:, :2] += scale * rng.uniform(-1, 1, (3, 2))
    return corners


def _ordinary(rng, corners, earlier, size):
    return _spread(corners, rng, 0.5)


def _filling(rng, corners, earlier, size):
    corners[:, 2] += 3
    return _spread(corners, rng, 6.0)


def _below_a_pixel(rng, corners, earlier, size):
    return _spread(corners, rng, 1.0 / min(size))


def _sliver(rng, corners, earlier, size):
    corners = _spread(corners, rng, 2.0)
    middle = (corners[0, :2] + corners[1, :2]) / 2
    corners[2, :2] = middle + rng.uniform(-0.02, 0.02, 2)
    return corners


def _behind(rng, corners, earlier, size):
    corners[rng.integers(3), 2] = rng.choice([-1.0, 0.0, 1e-9])
    return _spread(corners, rng, 1.0)


def _again(rng, corners, earlier, size):
    if not len(earlier):
        return _spread(corners, rng, 0.5)
    again = earlier[rng.integers(len(earlier))]
    return again[::-1] if rng.integers(2) else again


def _on_centres(rng, corners, earlier, size):
    corners = _spread(corners, rng, 0.7)
    corners[:, :2] = (np.round(corners[:, :2] * min(size) / 2) * 2 + 1) / min(size)
    corners[:, 2] = 2.0
    return corners


def _broken(rng, corners, earlier, size):
    corners = _spread(corners, rng, 1.0)
    value = rng.choice([np.nan, np.inf, -np.inf, 1e8, -1e8, 1e30])
    corners[rng.integers(3), rng.integers(3)] = value
    return corners


def _without_area(rng, corners, earlier, size):
    corners = _spread(corners, rng, 1.0)
    corners[2] = corners[rng.integers(2)]
    return corners


KINDS = (
    _ordinary,
    _ordinary,
    _ordinary,
    _filling,
    _below_a_pixel,
    _sliver,
    _behind,
    _again,
    _on_centres,
    _broken,
    _without_area,
)


def spheres(batch=2):
    """Spheres of 80 faces that overlap the picture's middle: [batch, 80, 3, 3]."""
    points, faces = icosphere(1)
    turns = np.linspace(0.1, 0.8, batch)
    triangles = [turned(points, turn)[faces] for turn in turns]
    places = np.linspace([-0.3, 0.1, 3.0], [0.2, -0.1, 2.5], batch)
    scaled = 0.7 * np.stack(triangles) + places[:, None, None]
    return scaled.astype(np.float32)


def turned(points, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    about_z = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    about_y = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return points @ (about_z @ about_y).T


def loose(triangles):
    """Triangles [B, F, 3, 3] as vertices [B, 3 F, 3] of ``FACES``."""
    return jnp.asarray(triangles.reshape(len(triangles), -1, 3))


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def features(batch=2):
    """Attributes [batch, NUM_VERTICES, 2]."""
    return jnp.asarray(normal(7, batch, NUM_VERTICES, 2))


def central_differences(function, point, step=1e-5):
    """Slopes of a number with each coordinate of a point, in float64."""
    slopes = np.zeros(point.shape)
    for place in np.ndindex(point.shape):
        move = np.zeros(point.shape)
        move[place] = step
        slopes[place] = (function(point + move) - function(point - move)) / (2 * step)
    return slopes


def types_within(function, *arguments):
    """Types of everything that a function computes, not of its arguments."""

    def types(jaxpr):
        for equation in jaxpr.eqns:
            yield from (str(result.aval.dtype) for result in equation.outvars)
            for inner in jaxprs_in_params(equation.params):
                yield from types(inner)

    return set(types(jax.make_jaxpr(function)(*arguments).jaxpr))


def cotangents(batch, depth=2):
    """Random weights of bary, zbuf and attributes."""
    weights = normal(3, batch, *SIZE, 4 + depth)
    return weights[..., :3], weights[..., 3], weights[..., 4:]


@functools.partial(jax.jit, static_argnames=("cull", "perspective"))
def drawn(vertices, faces, attributes, *, cull=False, perspective=False):
    """Fragments, attributes, and their gradients for fixed random weights."""

    def draw(vertices, attributes):
        fragments, images = rasterize_attributes(
            vertices,
            faces,
            SIZE,
            attributes,
            cull_backfaces=cull,
            perspective_correct=perspective,
        )
        return (fragments.bary, fragments.zbuf, images), (fragments, images)

    _, pull, result = jax.vjp(draw, vertices, attributes, has_aux=True)
    return result, pull(cotangents(len(vertices), attributes.shape[-1]))
