"""Cameras, and the frames between the model and the picture.

Model space: x to the subject's left, y up, z towards the viewer. ``projected`` points:
x to the right of the picture, y down, z away from the viewer, [-1, 1] across the shorter
side; a camera in front of the face sees the subject's left at the picture's right.
Screen points, which the rasterizer takes: the same scale, x to the left, y up, z into
the scene. Pixels: x to the right, y down, (0, 0) is the
centre of the first one. Nowhere else does y change its sign.
"""

import math

import flax.struct
import jax.numpy as jnp

from face_jax.geometry.products import einsum
from face_jax.types import Array

SCREEN_DEPTH = 10.0
"""Depth of the model's origin on screen; the whole head must lie at positive depth."""


def project_weak_perspective(points: Array, camera: Array) -> Array:
    """Projects points by a scaled orthographic camera (SMIRK, arXiv 2404.04104).

    The translation is applied before the scale: x' = s (x + tx), y' = -s (y + ty),
    z' = -s z.

    Args:
      points: [..., P, 3] float32 in model space, metres.
      camera: [..., 3] float32 (s, tx, ty); s per metre, about 7 for a face that fills
        a picture; tx, ty in metres.

    Returns:
      [..., P, 3] projected points.
    """
    scale = camera[..., None, :1]
    x = scale * (points[..., :1] + camera[..., None, 1:2])
    y = scale * (points[..., 1:2] + camera[..., None, 2:3])
    return jnp.concatenate([x, -y, -scale * points[..., 2:]], axis=-1)


@flax.struct.dataclass
class PerspectiveCamera:
    """A pinhole camera; leading axes are free.

    Attributes:
      rotation: [..., 3, 3] from model space to the camera's frame (x right, y up, z
        towards the viewer; a camera in front of the face has the identity).
      translation: [..., 3] metres, the model's origin in that frame; z is negative
        for a head before the camera.
      focal: [...] focal length, in halves of the picture's shorter side.
      centre: [..., 2] principal point in projected units, (0, 0) in the middle.
    """

    rotation: Array
    translation: Array
    focal: Array
    centre: Array


def camera_in_front(field_of_view: float, distance: float) -> PerspectiveCamera:
    """A camera that looks straight at the face.

    Args:
      field_of_view: radians in (0, pi), across the picture's shorter side.
      distance: metres from the camera to the model's origin, above 0.

    Raises:
      ValueError: an argument is out of its range.
    """
    if not 0 < field_of_view < math.pi:
        raise ValueError(f"field_of_view: expected (0, pi), got {field_of_view}")
    if not distance > 0:
        raise ValueError(f"distance: expected above 0, got {distance}")
    return PerspectiveCamera(
        rotation=jnp.eye(3),
        translation=jnp.array([0.0, 0.0, -distance]),
        focal=jnp.float32(1 / math.tan(field_of_view / 2)),
        centre=jnp.zeros(2),
    )


def project_perspective(points: Array, camera: PerspectiveCamera) -> Array:
    """Projects points by a pinhole camera.

    Args:
      points: [..., P, 3] float32 in model space, metres.
      camera: its leading axes broadcast against those of ``points`` before P.

    Returns:
      [..., P, 3] projected x and y, and the depth in metres from the camera. Points
      behind the camera (depth <= 0) have no picture: their x and y mean nothing.
    """
    turned = einsum("...ij,...pj->...pi", camera.rotation, points)
    turned += camera.translation[..., None, :]
    depth = -turned[..., 2:]
    spread = camera.focal[..., None, None] / jnp.where(depth > 0, depth, 1.0)
    x = spread * turned[..., :1] + camera.centre[..., None, :1]
    y = -spread * turned[..., 1:2] + camera.centre[..., None, 1:]
    # The focal length and the principal point may have axes that the depth has not.
    return jnp.concatenate([x, y, jnp.broadcast_to(depth, x.shape)], axis=-1)


def to_screen(projected: Array, depth: float = SCREEN_DEPTH) -> Array:
    """Projected points in the rasterizer's frame: x left, y up, z into the scene.

    Args:
      projected: [..., P, 3]; one unit is half the picture's shorter side.
      depth: added to z. The default moves a weak-perspective head, whose z are around
        0, before the viewer; points of a perspective camera need 0.

    Returns:
      [..., P, 3] screen points.
    """
    x, y, z = jnp.split(projected, 3, axis=-1)
    return jnp.concatenate([-x, -y, z + depth], axis=-1)


def projected_to_pixels(projected: Array, image_size: tuple[int, int]) -> Array:
    """Places in a picture of projected points.

    The shorter side spans [-1, 1] and the middle of the picture is (0, 0).

    Args:
      projected: [..., 2 or 3]; a third coordinate is dropped.
      image_size: (height, width) in pixels.

    Returns:
      [..., 2] pixels (x, y), (0, 0) at the centre of the first one.
    """
    height, width = image_size
    middle = (jnp.array([width, height], jnp.float32) - 1) / 2
    return projected[..., :2] * (min(image_size) / 2) + middle


def pixels_to_projected(pixels: Array, image_size: tuple[int, int]) -> Array:
    """Inverse of ``projected_to_pixels``, [..., 2] to [..., 2]."""
    height, width = image_size
    middle = (jnp.array([width, height], jnp.float32) - 1) / 2
    return (pixels - middle) / (min(image_size) / 2)
