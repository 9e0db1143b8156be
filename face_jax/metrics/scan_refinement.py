"""Turns, moves and scales a mesh until a scan's vertices lie as close to it as they can.

The sum of squared distances from scan vertices to the mesh is minimised by damped
Gauss-Newton steps (Levenberg, Marquardt). A step counts the distances along the lines to
the closest points; steps that do not bring the scan closer are not taken.
"""

import dataclasses
import functools

import flax.struct
import jax
import jax.numpy as jnp

from face_jax.geometry.alignment import Alignment, move_points
from face_jax.geometry.closest_points import closest_points
from face_jax.geometry.landmarks import surface_points
from face_jax.geometry.mesh import face_normals
from face_jax.geometry.products import einsum, matmul
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.types import Array

MOST_STEPS = 60
"""Steps that are tried."""

SMALLEST_GAIN = 1e-6
"""Share of the sum of squares by which a step must lower it; below, nothing is left."""

SMALLEST_LOSS = 1e-13
"""Mean squared distance, in units of the scan's radius, that is none in float32."""

_ON_SURFACE = 1e-6
"""Distance, in units of the scan's radius, below which its direction is the normal's."""

_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-9, 1e4


@flax.struct.dataclass
class Fit:
    """A mesh in its place.

    Attributes:
      alignment: of the mesh to the scan.
      distances: [N] of the scan's vertices to it.
      matrix: [7, 7] of the normal equations: rotation, translation, logarithm of scale.
      gradient: [7] of half the mean squared distance.
      loss: [] mean squared distance.
    """

    alignment: Alignment
    distances: Array
    matrix: Array
    gradient: Array
    loss: Array


@functools.partial(jax.jit, static_argnames="scaled")
def refine_alignment(
    vertices: Array,
    faces: Array,
    scan: Array,
    weights: Array,
    alignment: Alignment,
    *,
    scaled: bool = True,
) -> Fit:
    """Refines an alignment.

    Args:
      vertices: [V, 3] float32 of the mesh.
      faces: [F, 3] int32.
      scan: [N, 3] float32, about the origin and of a radius of about 1.
      weights: [N], 1 for vertices that count and 0 for others; one of them counts.
      alignment: of the mesh to the scan, to start from.
      scaled: whether the scale is refined too.

    Returns:
      The alignment with the least mean squared distance that was found.
    """
    measure = functools.partial(_measure, vertices, faces, scan, weights, scaled)

    def unfinished(state: tuple[Fit, Array, Array, Array]) -> Array:
        _, damping, tried, finished = state
        return (tried < MOST_STEPS) & (damping < _MOST_DAMPING) & ~finished

    def step(state: tuple[Fit, Array, Array, Array]):
        best, damping, tried, _ = state
        found = measure(_moved(best, damping))
        gain = best.loss - found.loss
        better = gain > 0
        kept = jax.tree.map(lambda new, old: jnp.where(better, new, old), found, best)
        less = jnp.maximum(damping / 10, _LEAST_DAMPING)
        settled = better & (gain <= SMALLEST_GAIN * best.loss)
        finished = settled | (kept.loss <= SMALLEST_LOSS)
        return kept, jnp.where(better, less, 10 * damping), tried + 1, finished

    first = measure(alignment)
    start = first, jnp.float32(_DAMPING), jnp.int32(0), first.loss <= SMALLEST_LOSS
    return jax.lax.while_loop(unfinished, step, start)[0]


def _measure(
    vertices: Array,
    faces: Array,
    scan: Array,
    weights: Array,
    scaled: bool,
    alignment: Alignment,
) -> Fit:
    """Distances of a scan to an aligned mesh, and how they change with its place."""
    placed = move_points(alignment, vertices)
    embedding = closest_points(scan, placed, faces)
    closest = surface_points(placed, faces, embedding)
    between = closest - scan
    distances = jnp.linalg.norm(between, axis=-1)
    normals = face_normals(placed, faces)[embedding.faces]
    directions = _unit(jnp.where(distances[:, None] > _ON_SURFACE, between, normals))
    signed = jnp.sum(directions * between, axis=-1)
    growth = jnp.sum(directions * closest, axis=-1) * scaled
    changes = [jnp.cross(closest, directions), directions, growth[:, None]]
    rows = jnp.concatenate(changes, axis=-1)
    share = weights / weights.sum()
    return Fit(
        alignment,
        distances,
        matrix=einsum("n,na,nb->ab", share, rows, rows),
        gradient=einsum("n,na,n->a", share, rows, signed),
        loss=jnp.sum(share * distances**2),
    )


def _moved(fit: Fit, damping: Array) -> Alignment:
    """The alignment after one step: a turn about the origin, a shift and a growth."""
    damped = fit.matrix + damping * jnp.eye(len(fit.matrix))
    turn, shift, growth = jnp.split(-jnp.linalg.solve(damped, fit.gradient), (3, 6))
    rotation, scale = axis_angle_to_matrix(turn), jnp.exp(growth[0])
    old = fit.alignment
    return dataclasses.replace(
        old,
        scale=scale * old.scale,
        rotation=matmul(rotation, old.rotation),
        target_centre=scale * matmul(rotation, old.target_centre) + shift,
    )


def _unit(vectors: Array) -> Array:
    """Vectors [N, 3] of length 1; zero where there is no direction."""
    length = jnp.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / jnp.where(length > 0, length, 1.0)
