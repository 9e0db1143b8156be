"""Reenactment with a trained FSRT model (arXiv 2404.09736), in stages.

    model = load("work/run1")                          # once
    scene = encode_sources(model, [picture])           # once per identity
    motion = describe_frames(model, driving_frames)    # keypoints and expressions
    result = animate(model, scene, motion)             # uint8 [T, H, W, 3]

Pictures are uint8 RGB at the edges, of any size, and already cropped to the face like
the training clips; what is constant is computed once; every compiled program has a
fixed shape, so that clips of any length compile once.
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.encoding import pixel_grid
from face_jax.fsrt.motion import (
    SEMANTIC_HEAD,
    Motion,
    MotionOptions,
    find_best_frame,
    initial_index,
    transfer_jit,
)
from face_jax.fsrt.networks import Networks, build_networks, describe, encode
from face_jax.fsrt.smoothing import smooth
from face_jax.nn.resample import resize_antialiased
from face_jax.types import Array, PyTree, Variables

DEFAULT_CHUNK = 16
"""Frames per compiled program."""
QUERIES_PER_BLOCK = 4096
"""Query pixels, over all frames of a chunk, that are decoded at a time. At the
published sizes their attention scores take 200 MB for each source picture."""
USED_NETWORKS = ("keypoint_detector", "expression_encoder", "encoder", "decoder")


@flax.struct.dataclass
class Model:
    """A trained model, ready to run; passes through ``jax.jit`` as an argument.

    Attributes:
      variables: weights by network name, on the device.
      networks: the modules; part of a compiled program's identity.
    """

    variables: Variables
    networks: Networks = flax.struct.field(pytree_node=False)

    @property
    def image_size(self) -> int:
        """Side of the pictures that the networks see, pixels."""
        return self.networks.image_size


@flax.struct.dataclass
class Scene:
    """One identity, encoded.

    Attributes:
      memory: the decoder's projections (keys and values of every block) of one set
        latent over all sources.
      sources: keypoints [S, K, 2] and expression [S, E] of the source pictures, on
        the host.
    """

    memory: PyTree
    sources: Motion


def load(path: str | Path, step: int | None = None) -> Model:
    """Loads a model from a work directory of training.

    Args:
      path: the work directory or its checkpoint folder.
      step: training step; None takes the newest intact one.

    Returns:
      The model, its variables on the default device.

    Raises:
      FileNotFoundError: no checkpoint there.
      ValueError: the checkpoint is not one of FSRT.
    """
    from face_jax.train.checkpoints import load_variables

    variables, config = load_variables(path, step=step)
    system = config.get("system")
    if system != "fsrt":
        raise ValueError(f"{path}: a checkpoint of fsrt expected, got {system!r}")
    missing = [name for name in USED_NETWORKS if name not in variables]
    if missing:
        raise ValueError(f"{path}: the checkpoint lacks {', '.join(missing)}")
    used = {name: variables[name] for name in USED_NETWORKS}
    return Model(
        variables=jax.device_put(used),
        networks=build_networks(**config["task"]["networks"]),
    )


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
        [_prepare_jit(as_rgb(image[None]), model.image_size) for image in images]
    )
    points = _checked_landmarks(model, landmark_keypoints, len(images))
    memory, described = _encode(model, prepared, points)
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
    for part in _batches(len(frames), batch):
        given = None if points is None else _pad(points[part], batch)
        described = _describe(model, _pad(frames[part], batch), given)
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

    Returns:
      uint8 [T, height, width, 3].

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
    return render(model, scene, driven, size=size, chunk=chunk)


def complete(options: MotionOptions | None, model: Model) -> MotionOptions:
    """Options with what the model knows about its keypoints, unless given."""
    options = options or MotionOptions()
    if options.head is None and model.networks.keypoints == "landmarks":
        return dataclasses.replace(options, head=SEMANTIC_HEAD)
    return options


def render(
    model: Model,
    scene: Scene,
    motion: Motion,
    *,
    size: tuple[int, int] | None = None,
    chunk: int = DEFAULT_CHUNK,
) -> np.ndarray:
    """Decodes every pixel of every frame, chunk by chunk.

    Args:
      model: the model.
      scene: the encoded sources.
      motion: T frames of already transferred motion.
      size: (height, width) in pixels, None for the model's own.
      chunk: frames per compiled program; the last chunk is padded and trimmed.

    Returns:
      uint8 [T, height, width, 3].
    """
    motion = jax.device_get(motion)
    rendered = [
        render_chunk(
            model,
            scene,
            jax.tree.map(lambda rows, part=part: rows[part], motion),
            size=size,
            chunk=chunk,
        )
        for part in _batches(len(motion), chunk)
    ]
    return np.concatenate([np.asarray(frames) for frames in rendered])[: len(motion)]


def render_chunk(
    model: Model,
    scene: Scene,
    motion: Motion,
    *,
    size: tuple[int, int] | None = None,
    chunk: int = DEFAULT_CHUNK,
) -> Array:
    """Starts to decode one chunk and returns without waiting for it.

    Args:
      model: the model.
      scene: the encoded sources.
      motion: at most ``chunk`` frames.
      size: (height, width) in pixels, None for the model's own.
      chunk: frames of the compiled program.

    Returns:
      uint8 [chunk, height, width, 3] on the device; what is beyond the frames of
      ``motion`` repeats the last one.
    """
    size = size or (model.image_size, model.image_size)
    if min(size) < 1:
        raise ValueError(f"size: positive height and width expected, got {size}")
    padded = jax.tree.map(lambda rows: _pad(np.asarray(rows), chunk), motion)
    pixels = pixel_blocks(*size, max(1, QUERIES_PER_BLOCK // chunk))
    return _decode_blocks(model, scene.memory, padded, pixels, size=size)


def pixel_blocks(height: int, width: int, block: int) -> np.ndarray:
    """Pixel positions of a picture in blocks of one size.

    Args:
      height: rows of the picture.
      width: columns of the picture.
      block: pixels per block.

    Returns:
      float32 [number of blocks, block, 2] (x, y), row-major; the last block repeats
      the last position.
    """
    positions = np.asarray(pixel_grid(height, width), np.float32).reshape(-1, 2)
    count = -(-len(positions) // block) * block
    return _pad(positions, count).reshape(-1, block, 2)


def as_rgb(images: np.ndarray) -> np.ndarray:
    """Checks pictures at an entry point and gives them three channels.

    Args:
      images: uint8 [N, H, W, C], C = 1 (repeated), 3, or 4 (alpha dropped).

    Returns:
      uint8 [N, H, W, 3].

    Raises:
      ValueError: another shape or type, or no picture.
    """
    images = np.asarray(images)
    usable = images.ndim == 4 and images.shape[-1] in (1, 3, 4) and images.size
    if images.dtype != np.uint8 or not usable:
        raise ValueError(
            "pictures: uint8 [N, H, W, 3] with N, H, W >= 1 expected, "
            f"got {images.dtype} {list(images.shape)}"
        )
    if images.shape[-1] == 1:
        return np.repeat(images, 3, axis=-1)
    return images[..., :3]


def _prepare(images: Array, size: int) -> Array:
    """Bytes of any size to float32 [N, size, size, 3] in [0, 1].

    The resize is the published inference's: antialiased, the aspect ratio not kept.
    """
    if images.shape[1:3] == (size, size):
        return images.astype(jnp.float32) / 255.0

    def resize(image: Array) -> Array:
        # One at a time: a large picture in floats is all that lives besides the bytes.
        return resize_antialiased(image[None].astype(jnp.float32) / 255.0, (size, size))

    return jax.lax.map(resize, images)[:, 0]


_prepare_jit = jax.jit(_prepare, static_argnames="size")


@jax.jit
def _describe(model: Model, images: Array, landmark_keypoints: Array | None) -> Motion:
    return _describe_prepared(
        model, _prepare(images, model.image_size), landmark_keypoints
    )


def _describe_prepared(
    model: Model, images: Array, landmark_keypoints: Array | None
) -> Motion:
    return Motion(
        *describe(model.networks, model.variables, images, landmark_keypoints)
    )


@jax.jit
def _encode(
    model: Model, images: Array, landmark_keypoints: Array | None
) -> tuple[PyTree, Motion]:
    sources = _describe_prepared(model, images, landmark_keypoints)
    one_item = (images[None], sources.keypoints[None], sources.expression[None])
    set_latent = encode(model.networks, model.variables, *one_item)
    decoder = model.networks.decoder
    memory = decoder.apply(model.variables["decoder"], set_latent, method="project")
    return memory, sources


@functools.partial(jax.jit, static_argnames="size")
def _decode_blocks(
    model: Model,
    memory: PyTree,
    motion: Motion,
    pixels: Array,
    size: tuple[int, int],
) -> Array:
    """Pictures, block by block: the work space does not depend on their size.

    The pixels are an argument: as a constant their encodings would be computed by the
    compiler.

    Args:
      model: the model.
      memory: projected set latent of one identity.
      motion: T frames.
      pixels: [blocks, block, 2] from ``pixel_blocks``.
      size: (height, width).

    Returns:
      uint8 [T, height, width, 3].
    """
    decoder, weights = model.networks.decoder, model.variables["decoder"]
    keypoints, expression = motion.keypoints[None], motion.expression[None]

    def decode_block(positions: Array) -> Array:
        colours = decoder.apply(
            weights, memory, positions, keypoints, expression, method="decode"
        )
        return jnp.round(jnp.clip(colours[0], 0.0, 1.0) * 255.0).astype(jnp.uint8)

    blocks = jax.lax.map(decode_block, pixels)
    rows = jnp.moveaxis(blocks, 0, 1).reshape(len(motion), -1, 3)
    return rows[:, : size[0] * size[1]].reshape(len(motion), *size, 3)


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


def _batches(total: int, size: int) -> Iterator[slice]:
    """Consecutive batches; the last one may be shorter."""
    for begin in range(0, total, size):
        yield slice(begin, min(begin + size, total))


def _pad(rows: np.ndarray, count: int) -> np.ndarray:
    """Repeats the last row until the first axis has ``count``."""
    missing = count - len(rows)
    if not missing:
        return rows
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
