"""Values at vertices or at corners of faces, carried to the pixels."""

import jax.numpy as jnp
import numpy as np

from face_jax.render.batching import split_over_devices
from face_jax.render.checks import check_triangles
from face_jax.render.rasterize import Fragments, flat_rows
from face_jax.render.surface import blend_at, columns, values_at
from face_jax.types import Array


def interpolate(
    fragments: Fragments,
    attributes: Array,
    faces: Array | np.ndarray | None = None,
    *,
    fill: float = 0.0,
) -> Array:
    """Blends attributes at every pixel by the weights of the face's corners.

    Differentiable with respect to the attributes and to ``fragments.bary``. Where the
    attributes are known before, ``rasterize_attributes`` does the same with less work
    for the gradient.

    Args:
      fragments: what the pixels see.
      attributes: with ``faces``, of the vertices: [B, V, D], or [V, D] for all meshes
        of the batch; without, of the faces' corners: [B, F, 3, D] or [F, 3, D].
        Computed in float32.
      faces: [F, 3] integers.
      fill: value in the background.

    Returns:
      float32 [B, H, W, D].

    Raises:
      ValueError: shapes that do not fit.
    """
    values = _of_batch(attributes, faces, fragments.pix_to_face.shape[0])
    if faces is not None:
        check_triangles(faces, values.shape[1])

    def blend(fragments: Fragments, values: Array, faces: Array | None) -> Array:
        corners = values if faces is None else values_at(values, faces)
        return _blended(fragments, corners)

    images = split_over_devices(blend, fragments, values, shared=faces)
    return images if fill == 0.0 else jnp.where(fragments.mask[..., None], images, fill)


def _blended(fragments: Fragments, corners: Array) -> Array:
    batch, num_faces, _, depth = corners.shape
    rows = flat_rows(fragments.pix_to_face, num_faces)
    table = corners.reshape(batch * num_faces, 3 * depth)
    first, second, third = columns(fragments.bary.reshape(-1, 3))
    planes = blend_at(table, rows, (first, second, third))
    return jnp.stack(planes, axis=-1).reshape(*fragments.pix_to_face.shape, depth)


def _of_batch(attributes: Array, faces: Array | np.ndarray | None, batch: int) -> Array:
    """Attributes as float32 [B, V, D] with ``faces``, else [B, F, 3, D]."""
    axes = 4 if faces is None else 3
    values = jnp.asarray(attributes, jnp.float32)
    if values.ndim == axes - 1:
        values = jnp.broadcast_to(values, (batch, *values.shape))
    wanted = "[B, F, 3, D]" if faces is None else "[B, V, D]"
    fits = values.ndim == axes and values.shape[0] == batch
    if not fits or (faces is None and values.shape[2] != 3):
        raise ValueError(
            f"attributes: expected {wanted} with B = {batch}, or without B, "
            f"got {np.shape(attributes)}"
        )
    return values
