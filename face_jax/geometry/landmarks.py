"""Landmarks as points on the surface of a head."""

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.euler import euler_y
from face_jax.geometry.head import HeadModel, HeadParameters, LandmarkEmbedding
from face_jax.geometry.products import matmul
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.types import Array

NUM_CONTOURS = 79
"""Contours of 17 points: yaws 0 to 39 degrees, then -1 to -39."""

LARGEST_YAW = 39
"""Degrees; faces that turn further keep the contour of this yaw."""

SEVEN_OF_51 = (19, 22, 25, 28, 16, 31, 37)
"""Of the 51 points without contour: outer and inner corner of the right eye, inner and outer
corner of the left one, bottom of the nose, right and left corner of the mouth."""

# fmt: off
MEDIAPIPE_105 = (
    276, 282, 283, 285, 293, 295, 296, 300, 334, 336,
    46, 52, 53, 55, 63, 65, 66, 70, 105, 107,
    249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466,
    7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246,
    168, 6, 197, 195, 5, 4, 129, 98, 97, 2, 326, 327, 358,
    0, 13, 14, 17, 37, 39, 40, 61, 78, 80, 81, 82, 84, 87, 88, 91, 95, 146, 178, 181,
    185, 191, 267, 269, 270, 291, 308, 310, 311, 312, 314, 317, 318, 321, 324, 375,
    402, 405, 409, 415,
)
"""Vertices of MediaPipe's face mesh that ``mediapipe_105`` embeds, in its order: brows
(20), eyes (32), nose (13), lips (40)."""
# fmt: on


def surface_points(
    vertices: Array, faces: Array | np.ndarray, embedding: LandmarkEmbedding
) -> Array:
    """Points on the surface of a mesh.

    Args:
      vertices: [..., V, 3].
      faces: [F, 3] int32.
      embedding: of P points; leading axes before P broadcast against those of
        ``vertices``.

    Returns:
      [..., P, 3] in the frame of the vertices.
    """
    corners = jnp.asarray(faces)[embedding.faces]
    if corners.ndim == 2:
        found = vertices[..., corners, :]
    else:
        batch = jnp.broadcast_shapes(corners.shape[:-2], vertices.shape[:-2])
        vertices = jnp.broadcast_to(vertices, (*batch, *vertices.shape[-2:]))
        corners = jnp.broadcast_to(corners, (*batch, *corners.shape[-2:]))
        flat = corners.reshape(*batch, -1, 1)
        found = jnp.take_along_axis(vertices, flat, axis=-2)
        found = found.reshape(*corners.shape, 3)
    return jnp.sum(embedding.bary[..., None] * found, axis=-2)


def contour_row(pose_params: Array | None, neck_pose: Array | None = None) -> Array:
    """The row of ``contour_79`` that a head's yaw selects.

    The yaw of R_root R_neck in whole degrees, halves to even: rows 0 to 39 are yaw 0
    to 39, rows 40 to 78 are yaw -1 to -39; beyond, the last of either. The sign is
    SMIRK's. No gradient passes.

    Args:
      pose_params: [..., 3] axis-angle radians; None is no rotation.
      neck_pose: as ``pose_params``, broadcast against it.

    Returns:
      [...] int32.
    """
    still = jnp.zeros(3)
    root = axis_angle_to_matrix(still if pose_params is None else pose_params)
    neck = axis_angle_to_matrix(still if neck_pose is None else neck_pose)
    degrees = jnp.rad2deg(jax.lax.stop_gradient(euler_y(matmul(root, neck))))
    whole = jnp.round(jnp.clip(degrees, -LARGEST_YAW, LARGEST_YAW)).astype(jnp.int32)
    return jnp.where(whole < 0, LARGEST_YAW - whole, whole)


def landmarks_68(head: HeadModel, vertices: Array, parameters: HeadParameters) -> Array:
    """The 68 points of the Multi-PIE mark-up with the contour that is seen.

    The contour (17 points) slides along the surface with the yaw, as annotators of
    pictures draw it; the other 51 stay on their places.

    Args:
      head: with embeddings ``contour_79`` and ``static_51``.
      vertices: [..., V, 3] of the posed head.
      parameters: that posed it; root and neck rotations are read, whose leading axes
        broadcast against those of the vertices.

    Returns:
      [..., 68, 3].

    Raises:
      ValueError: the head lacks an embedding.
    """
    contours = _embedding(head, "contour_79")
    row = contour_row(parameters.pose_params, parameters.neck_pose)
    batch = jnp.broadcast_shapes(row.shape, vertices.shape[:-2])
    vertices = jnp.broadcast_to(vertices, (*batch, *vertices.shape[-2:]))
    seen = LandmarkEmbedding(contours.faces[row], contours.bary[row])
    contour = surface_points(vertices, head.faces, seen)
    inner = surface_points(vertices, head.faces, _embedding(head, "static_51"))
    return jnp.concatenate([contour, inner], axis=-2)


def landmarks_68_fixed(head: HeadModel, vertices: Array) -> Array:
    """The 68 points with a contour that is fixed to the surface.

    Args:
      head: with embedding ``full_68``.
      vertices: [..., V, 3] of the posed head.

    Returns:
      [..., 68, 3].

    Raises:
      ValueError: the head lacks the embedding.
    """
    return surface_points(vertices, head.faces, _embedding(head, "full_68"))


def landmarks_7(head: HeadModel, vertices: Array) -> Array:
    """The seven points by which heads and scans are aligned, see ``SEVEN_OF_51``.

    Args:
      head: with embedding ``static_51``.
      vertices: [..., V, 3] of the posed head.

    Returns:
      [..., 7, 3].

    Raises:
      ValueError: the head lacks the embedding.
    """
    inner = surface_points(vertices, head.faces, _embedding(head, "static_51"))
    return inner[..., SEVEN_OF_51, :]


def landmarks_mediapipe_105(head: HeadModel, vertices: Array) -> Array:
    """The points ``MEDIAPIPE_105`` of MediaPipe's face mesh.

    Args:
      head: with embedding ``mediapipe_105``.
      vertices: [..., V, 3] of the posed head.

    Returns:
      [..., 105, 3].

    Raises:
      ValueError: the head lacks the embedding.
    """
    return surface_points(vertices, head.faces, _embedding(head, "mediapipe_105"))


def _embedding(head: HeadModel, name: str) -> LandmarkEmbedding:
    if name not in head.landmarks:
        has = ", ".join(sorted(head.landmarks)) or "none"
        raise ValueError(f"head {head.name!r} has no landmarks {name!r}, it has: {has}")
    return head.landmarks[name]
