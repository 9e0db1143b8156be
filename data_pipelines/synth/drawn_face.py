"""A drawn, moving face: the built-in clip that needs no download.

Faces are painted by OpenCV from a head surface and curves on it; the 68 landmarks are
points of the same curves and thus exact. Everything follows from seeds.
"""

import numpy as np

from data_pipelines.synth import face_painting as painting
from data_pipelines.synth.canvas import Canvas
from data_pipelines.synth.face_features import features
from data_pipelines.synth.face_parameters import (
    FaceParameters,
    Identity,
    sample_identity,
    sample_motion,
)
from data_pipelines.synth.head_shape import project

SAMPLES = 4
"""Painted pixels per pixel and axis; their mean makes edges smooth."""


def render_clip(
    num_frames: int, size: int = 64, seed: int = 0, motion_seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draws a clip of one person.

    Args:
      num_frames: length of the clip.
      size: side of the square frames in pixels.
      seed: who is seen.
      motion_seed: what they do; ``seed`` if None. Two people with the same motion seed
        do the same.

    Returns:
      uint8 RGB [T, size, size, 3] and landmarks float32 [T, 68, 2] in pixels.

    Raises:
      ValueError: there is no frame, or frames are smaller than 16 pixels.
    """
    if num_frames < 1:
        raise ValueError(f"expected at least one frame, got {num_frames}")
    identity = sample_identity(seed)
    motion = sample_motion(num_frames, seed if motion_seed is None else motion_seed)
    drawn = [render_frame(identity, parameters, size) for parameters in motion]
    return np.stack([image for image, _ in drawn]), np.stack(
        [points for _, points in drawn]
    )


def render_frame(
    identity: Identity, parameters: FaceParameters, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws one frame.

    Args:
      identity: who.
      parameters: pose, gaze and expression.
      size: side of the square frame in pixels.

    Returns:
      uint8 RGB [size, size, 3] and landmarks float32 [68, 2] in pixels (the centre of
      the first pixel is 0, 0).

    Raises:
      ValueError: the frame is smaller than 16 pixels.
    """
    if size < 16:
        raise ValueError(f"expected frames of at least 16 pixels, got {size}")
    face = features(identity, parameters)
    canvas = Canvas(painting.background(identity, size * SAMPLES))
    painting.paint_body(canvas, identity, parameters)
    painting.paint_head(canvas, identity, parameters)
    painting.paint_beard(canvas, identity, parameters, face)
    painting.paint_nose(canvas, identity, parameters, face)
    painting.paint_mouth(canvas, identity, parameters, face)
    painting.paint_eyes(canvas, identity, parameters, face)
    painting.paint_brows(canvas, identity, parameters, face)
    painting.paint_glasses(canvas, identity, parameters)
    landmarks = project(face.landmarks(), parameters)[:, :2] * size - 0.5
    return canvas.reduced(size), landmarks.astype(np.float32)
