"""Reenactment with a trained FSRT model (arXiv 2404.09736), in stages.

>>> model = load("runs/fsrt")  # once: the folder of a training run or of convert
>>> scene = encode_sources(model, [picture])  # once per identity
>>> motion = describe_frames(model, frames)  # keypoints and expressions
>>> len(motion) == len(frames)
True
>>> result = animate(model, scene, motion, MotionOptions(relative=True))
>>> result.shape == (len(frames), model.image_size, model.image_size, 3)
True
>>> result.dtype
dtype('uint8')

Pictures are uint8 RGB at the edges, of any size, and already cropped to the face like
the training clips; what is constant is computed once; every compiled program has a
fixed shape, so that clips of any length compile once.
"""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.decoding import render
from face_jax.fsrt.model import Model, Scene, load
from face_jax.fsrt.motion import (
    SEMANTIC_HEAD,
    Motion,
    MotionOptions,
    find_best_frame,
    initial_index,
    transfer_jit,
)
from face_jax.fsrt.networks import describe, encode
from face_jax.fsrt.pictures import as_rgb, prepare
from face_jax.fsrt.smoothing import smooth
from face_jax.placement import place_rows
from face_jax.temporal.chunks import DEFAULT_CHUNK, batches, pad
from face_jax.types import Array, PyTree

__all__ = [
    "DEFAULT_CHUNK",
    "Model",
    "Motion",
    "MotionOptions",
    "Scene",
    "animate",
    "describe_frames",
    "encode_sources",
    "load",
    "render",
]


def encode_sources(
    model: Model,
    images: np.ndarray | Sequence[np.ndarray],
    landmark_keypoints: np.ndarray | None = None,
) -> Scene:
    """Encodes the pictures of one identity; the first one sets pose and expression.

    Args:
      model: the model.
      images: uint8 [S, H, W, 3], or S pictures of different sizes; grey pictures
        [H, W, 1] are repeated, alpha [H, W, 4] is dropped. S may differ from training.
      landmark_keypoints: float [S, K, 2] in pixel coordinates (±1 the picture's
        edges); needed by models with ``keypoints="landmarks"``, ignored by others.

    Returns:
      The scene, to be reused for any number of driving clips.

    Raises:
      ValueError: no picture, or pictures or landmarks of another shape or type.
    """
    if not len(images):
        raise ValueError("sources: at least one picture expected, got none")
    prepared = jnp.concatenate(
        [prepare(as_rgb(image[None]), model.image_size) for image in images]
    )
    points = _checked_landmarks(model, landmark_keypoints, len(images))
    memory, described = encode_pictures(model, prepared, points)
    return Scene(memory=memory, sources=jax.device_get(described))


def describe_frames(
    model: Model,
    frames: np.ndarray,
    landmark_keypoints: np.ndarray | None = None,
    batch: int = DEFAULT_CHUNK,
) -> Motion:
    """Keypoints and expression of every frame of a clip.

    Args:
      model: the model.
      frames: uint8 [T, H, W, 3] of any size, cropped like the training clips.
      landmark_keypoints: float [T, K, 2], as for ``encode_sources``.
      batch: frames per compiled program; the last batch is padded and trimmed.

    Returns:
      Motion of T frames, on the host.

    Raises:
      ValueError: no frame, or frames or landmarks of another shape or type.
    """
    frames = as_rgb(frames)
    points = _checked_landmarks(model, landmark_keypoints, len(frames))
    parts = []
    for part in batches(len(frames), batch):
        given = None if points is None else pad(points[part], batch)
        given = place_rows((pad(frames[part], batch), given), model.rows)
        described = describe_pictures(model, *given)
        parts.append(jax.device_get(described))
    return jax.tree.map(lambda *rows: np.concatenate(rows)[: len(frames)], *parts)


def animate(
    model: Model,
    scene: Scene,
    driving: np.ndarray | Motion,
    options: MotionOptions | None = None,
    *,
    initial: int | Literal["best"] = 0,
    smoothing: float = 0.0,
    frame_rate: float = 25.0,
    size: tuple[int, int] | None = None,
    chunk: int = DEFAULT_CHUNK,
    landmark_keypoints: np.ndarray | None = None,
    rounded: bool = True,
) -> np.ndarray:
    """Drives a scene by a clip that fits into memory.

    Args:
      model: the model.
      scene: the encoded sources.
      driving: uint8 [T, H, W, 3] frames, or their ``Motion``.
      options: how motion is transferred; None is the published rule (absolute).
      initial: the driving frame that shows the source's state, for relative motion;
        negative ones count from the end; ``"best"`` searches the one whose keypoints
        are most like the source's.
      smoothing: strength of the temporal filter, 0 (off) to 1.
      frame_rate: frames per second of the driver, for the filter.
      size: (height, width) of the result in pixels; None is the model's own size.
        Positions are continuous, so any size can be decoded, but frequencies above the
        training grid's were never constrained: far from it a texture may appear.
      chunk: frames per compiled program; does not change the result.
      landmark_keypoints: float [T, K, 2], as for ``describe_frames``.
      rounded: see ``render``.

    Returns:
      uint8 [T, height, width, 3], or float32 in [0, 1] where colours are not rounded.

    Raises:
      ValueError: arguments out of range or of another shape.
    """
    if not isinstance(driving, Motion):
        driving = describe_frames(model, driving, landmark_keypoints, chunk)
    motion = smooth(driving, smoothing, frame_rate)
    source = scene.sources.frame(0)
    if initial == "best":
        index = find_best_frame(source.keypoints, motion.keypoints)
    else:
        index = initial_index(initial, len(motion))
    initial_motion, options = motion.frame(index), complete(options, model)
    driven = transfer_jit(source, motion, initial_motion, options=options)
    return render(model, scene, driven, size=size, chunk=chunk, rounded=rounded)


def complete(options: MotionOptions | None, model: Model) -> MotionOptions:
    """Options with what the model knows about its keypoints, unless given."""
    options = options or MotionOptions()
    if options.head is None and model.networks.keypoints == "landmarks":
        return dataclasses.replace(options, head=SEMANTIC_HEAD)
    return options


@jax.jit
def describe_pictures(
    model: Model, images: Array, landmark_keypoints: Array | None
) -> Motion:
    """Motion of uint8 pictures [T, H, W, 3] in one program; see ``describe_frames``."""
    return _describe_prepared(
        model, prepare(images, model.image_size), landmark_keypoints
    )


def _describe_prepared(
    model: Model, images: Array, landmark_keypoints: Array | None
) -> Motion:
    return Motion(
        *describe(model.networks, model.variables, images, landmark_keypoints)
    )


@jax.jit
def encode_pictures(
    model: Model, images: Array, landmark_keypoints: Array | None
) -> tuple[PyTree, Motion]:
    """Memory and motion of prepared pictures [S, s, s, 3]; see ``encode_sources``."""
    sources = _describe_prepared(model, images, landmark_keypoints)
    one_item = (images[None], sources.keypoints[None], sources.expression[None])
    set_latent = encode(model.networks, model.variables, *one_item)
    decoder = model.networks.decoder
    memory = decoder.apply(model.variables["decoder"], set_latent, method="project")
    return memory, sources


def _checked_landmarks(
    model: Model, landmark_keypoints: np.ndarray | None, count: int
) -> np.ndarray | None:
    """Landmark keypoints of ``count`` pictures where the model uses them, else None."""
    if model.networks.keypoints != "landmarks":
        return None
    if landmark_keypoints is None:
        raise ValueError(
            "this model takes its keypoints from landmarks (keypoints='landmarks'): "
            f"landmark_keypoints [{count}, K, 2] expected, got none"
        )
    points = np.asarray(landmark_keypoints, np.float32)
    if points.ndim != 3 or points.shape[0] != count or points.shape[2] != 2:
        raise ValueError(
            f"landmark_keypoints: [{count}, K, 2] expected, got {list(points.shape)}"
        )
    if not np.isfinite(points).all():
        raise ValueError("landmark_keypoints: finite numbers expected")
    return points
