"""Points on a face: where photographs lend a few pixels, and where those are put.

Points are drawn on the surface, so that the same points of the same face can be found
again under another expression. Source: SMIRK, arXiv 2404.04104, and its public code.
"""

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import LandmarkEmbedding
from face_jax.geometry.landmarks import surface_points
from face_jax.geometry.mesh import face_corners, face_normals, vertex_normals
from face_jax.nn.checks import check_shape
from face_jax.types import Array

FACING = 0.05
"""Largest mean z of a triangle's normals at which it counts as seen: z points away
from the viewer, so triangles a little beyond the edge are counted too."""
COUNTS = 2**30
"""What the weights of all triangles sum to, in whole numbers; int32 holds no more."""


def num_points(mask_ratio: float, image_size: int) -> int:
    """Points of a picture: 501 for the published 0.01 and 224 pixels."""
    return int(mask_ratio * image_size**2)


def sampling_weights(
    projected: Array, faces: Array | np.ndarray, region_weights: Array | np.ndarray
) -> Array:
    """How likely each triangle is to be drawn, up to a factor.

    The weight of its region times its area in the picture; nothing for triangles that
    look away. What lies in front of a triangle does not matter.

    Args:
      projected: [..., V, 3] of the whole mesh: x right, y down, z away.
      faces: [F, 3] int32.
      region_weights: [F].

    Returns:
      float32 [..., F], at least 0.

    Raises:
      ValueError: there is not one weight for each triangle, or vertices are no points.
    """
    check_shape("projected", projected, (*np.shape(projected)[:-2], "V", 3))
    check_shape("region_weights", region_weights, (len(faces),))
    normals = face_corners(vertex_normals(projected, faces), faces)
    seen = normals[..., 2].mean(axis=-1) < FACING
    area = 0.5 * jnp.abs(face_normals(projected, faces)[..., 2])
    return jnp.asarray(region_weights, jnp.float32) * seen * area


def choose_triangles(weights: Array, uniforms: Array) -> Array:
    """Draws triangles with replacement, by the inverse of the distribution.

    Args:
      weights: [B, F] float32, at least 0; where all are 0 the first triangle is chosen.
      uniforms: [B, N] in [0, 1).

    Returns:
      int32 [B, N], rows of triangles whose weight is above 2^-31 of the sum.

    Raises:
      ValueError: the shapes do not fit together.
    """
    check_shape("weights", weights, ("B", "F"))
    check_shape("uniforms", uniforms, (weights.shape[0], "N"))

    def choose(weights: Array, uniforms: Array) -> Array:
        total = jnp.maximum(jnp.sum(weights), jnp.finfo(jnp.float32).tiny)
        # Whole numbers: running sums of floats depend on their order, so that some
        # fall, and triangles without weight get a share.
        reached = jnp.cumsum(jnp.round(weights / total * COUNTS).astype(jnp.int32))
        mark = (uniforms * reached[-1]).astype(jnp.int32)
        mark = jnp.minimum(mark, reached[-1] - 1)
        return jnp.searchsorted(reached, mark, side="right").astype(jnp.int32)

    return jax.vmap(choose)(weights, uniforms)


def triangle_points(uniforms: Array) -> Array:
    """Barycentric coordinates of uniform points in a triangle.

    Args:
      uniforms: [..., 2] (u, v) in [0, 1]; both are reflected where u + v > 1.

    Returns:
      [..., 3]: 1 - u - v, u, v.
    """
    outside = jnp.sum(uniforms, axis=-1, keepdims=True) > 1
    inside = jnp.where(outside, 1 - uniforms, uniforms)
    first = 1 - inside[..., :1] - inside[..., 1:]
    return jnp.concatenate([first, inside], axis=-1)


def sample_surface(
    projected: Array,
    faces: Array | np.ndarray,
    region_weights: Array | np.ndarray,
    triangles: Array,
    places: Array,
) -> LandmarkEmbedding:
    """Draws points on meshes, uniformly over the seen part of the picture.

    Args:
      projected: [B, V, 3] of the whole meshes: x right, y down, z away.
      faces: [F, 3] int32.
      region_weights: [F].
      triangles: [B, N] uniform in [0, 1), for the choice of triangles.
      places: [B, N, 2] uniform in [0, 1), for the places in them.

    Returns:
      N points of each mesh, to be used on it or on another of the same faces.

    Raises:
      ValueError: the shapes do not fit together.
    """
    check_shape("projected", projected, ("B", "V", 3))
    check_shape("places", places, (*np.shape(triangles), 2))
    weights = sampling_weights(projected, faces, region_weights)
    return LandmarkEmbedding(
        choose_triangles(weights, triangles), triangle_points(places)
    )


def point_pixels(
    projected: Array,
    faces: Array | np.ndarray,
    points: LandmarkEmbedding,
    image_size: int,
) -> Array:
    """Pixels that points on meshes fall into; those outside take the nearest one.

    Args:
      projected: [B, V, 3] of the whole meshes.
      faces: [F, 3] int32.
      points: N of each mesh.
      image_size: S, side of the picture.

    Returns:
      int32 [B, N, 2], x and y in [0, S - 1].
    """
    found = surface_points(projected, faces, points)[..., :2]
    # Towards zero, as published: -0.5 becomes pixel 0 by this or by the limit.
    pixels = jnp.trunc(0.5 * (1 + found) * image_size).astype(jnp.int32)
    return jnp.clip(pixels, 0, image_size - 1)


def transfer_pixels(image: Array, source: Array, target: Array) -> Array:
    """Moves single pixels of pictures to other places; all else is black.

    Args:
      image: [B, H, W, C].
      source: int32 [B, N, 2] (x, y) inside the picture, where pixels are taken.
      target: int32 [B, N, 2], where they are put. Of several with one place the last
        wins, on every device.

    Returns:
      [B, H, W, C].

    Raises:
      ValueError: the shapes do not fit together.
    """
    check_shape("image", image, ("B", "H", "W", "C"))
    check_shape("source", source, (image.shape[0], "N", 2))
    check_shape("target", target, np.shape(source))

    def transfer(image: Array, source: Array, target: Array) -> Array:
        number = jnp.arange(len(target))
        last = jnp.full(image.shape[:2], -1).at[target[:, 1], target[:, 0]].max(number)
        taken = image[source[:, 1], source[:, 0]]
        return jnp.where(last[..., None] < 0, 0.0, taken[last])

    return jax.vmap(transfer)(image, source, target)
