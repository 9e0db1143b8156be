"""Cameras, and the frames between the model and the picture.

Model space: x to the subject's left, y up, z towards the viewer. ``projected`` points:
x to the right of the picture, y down, z away from the viewer, [-1, 1] across a square
picture; a camera in front of the face sees the subject's left at the picture's right.
Screen points, which the rasterizer takes: x to the left, y up, z into the scene, the
shorter side of the picture spans [-1, 1]. Pixels: x to the right, y down, (0, 0) is the
centre of the first one. Nowhere else does y change its sign.
"""

import jax.numpy as jnp

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
