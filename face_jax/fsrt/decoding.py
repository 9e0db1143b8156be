"""Decodes every pixel of frames, with a work space that depends on no frame's size.

Source: FSRT, arXiv 2404.09736.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.encoding import pixel_grid
from face_jax.fsrt.model import Model, Scene
from face_jax.fsrt.motion import Motion
from face_jax.placement import place_rows
from face_jax.temporal.chunks import DEFAULT_CHUNK, batches, pad
from face_jax.types import Array, PyTree

QUERIES_PER_BLOCK = 4096
"""Query pixels, over all frames of a chunk, that are decoded at a time. At the
published sizes their attention scores take 200 MB for each source picture."""


def render(
    model: Model,
    scene: Scene,
    motion: Motion,
    *,
    size: tuple[int, int] | None = None,
    chunk: int = DEFAULT_CHUNK,
    rounded: bool = True,
) -> np.ndarray:
    """Decodes every pixel of every frame, chunk by chunk.

    Args:
      model: the model.
      scene: the encoded sources.
      motion: T frames of already transferred motion.
      size: (height, width) in pixels, None for the model's own.
      chunk: frames per compiled program; the last chunk is padded and trimmed.
      rounded: whether colours are bytes; otherwise float32 in [0, 1], for scores that
        chunks of another size shall not change.

    Returns:
      uint8 or float32 [T, height, width, 3].
    """
    motion = jax.device_get(motion)
    frames = []
    for part in batches(len(motion), chunk):
        rows = jax.tree.map(lambda values, part=part: values[part], motion)
        given = (model, scene, rows)
        started = render_chunk(*given, size=size, chunk=chunk, rounded=rounded)
        # Fetched at once: chunks that run side by side would each need a work space.
        frames.append(np.asarray(started))
    return np.concatenate(frames)[: len(motion)]


def render_chunk(
    model: Model,
    scene: Scene,
    motion: Motion,
    *,
    size: tuple[int, int] | None = None,
    chunk: int = DEFAULT_CHUNK,
    rounded: bool = True,
) -> Array:
    """Starts to decode one chunk and returns without waiting for it.

    Args:
      model: the model.
      scene: the encoded sources.
      motion: at most ``chunk`` frames.
      size: (height, width) in pixels, None for the model's own.
      chunk: frames of the compiled program.
      rounded: see ``render``.

    Returns:
      uint8 or float32 [chunk, height, width, 3] on the device; what is beyond the frames
      of ``motion`` repeats the last one.
    """
    size = size or (model.image_size, model.image_size)
    if min(size) < 1:
        raise ValueError(f"size: positive height and width expected, got {size}")
    padded = jax.tree.map(lambda rows: pad(np.asarray(rows), chunk), motion)
    padded = place_rows(padded, model.rows)
    pixels = pixel_blocks(*size, max(1, QUERIES_PER_BLOCK // chunk))
    given = (model, scene.memory, padded, pixels)
    return decode_blocks(*given, size=size, rounded=rounded)


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
    return pad(positions, count).reshape(-1, block, 2)


@functools.partial(jax.jit, static_argnames=("size", "rounded"))
def decode_blocks(
    model: Model,
    memory: PyTree,
    motion: Motion,
    pixels: Array,
    size: tuple[int, int],
    rounded: bool = True,
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
      rounded: see ``render``.

    Returns:
      uint8 or float32 [T, height, width, 3].
    """
    decoder, weights = model.networks.decoder, model.variables["decoder"]
    keypoints, expression = motion.keypoints[None], motion.expression[None]

    def decode_block(positions: Array) -> Array:
        colours = decoder.apply(
            weights, memory, positions, keypoints, expression, method="decode"
        )
        inside = jnp.clip(colours[0].astype(jnp.float32), 0.0, 1.0)
        return jnp.round(inside * 255.0).astype(jnp.uint8) if rounded else inside

    blocks = jax.lax.map(decode_block, pixels)
    frames = motion.keypoints.shape[0]
    rows = jnp.moveaxis(blocks, 0, 1).reshape(frames, -1, 3)
    return rows[:, : size[0] * size[1]].reshape(frames, *size, 3)
