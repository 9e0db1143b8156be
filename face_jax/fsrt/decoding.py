"""Decodes every pixel of frames, with a work space that depends on no frame's size.

Source: FSRT, arXiv 2404.09736.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import PartitionSpec

from face_jax.fsrt.encoding import pixel_axis
from face_jax.fsrt.model import Model, Scene
from face_jax.fsrt.motion import Motion
from face_jax.nn.dot_product_attention import is_fused
from face_jax.placement import Rows, count_parts, place_everywhere
from face_jax.temporal.chunks import DEFAULT_CHUNK, batches, pad
from face_jax.types import Array, PyTree

QUERIES_PER_TILE = 4096
CPU_QUERIES_PER_TILE = 1024
FUSED_QUERIES_PER_TILE = 131072
"""Query pixels, over all frames of a chunk, that a device decodes at a time. At the
published sizes 4096 have attention scores of 200 MB for each source picture, where a
device holds them at all. On two CPU cores 1024 were a tenth faster than 4096. Where
attention is fused there are no scores; on an H100 in bfloat16 131072 were 1.4 times as
fast as 4096, and plan 1.2 GB."""


def pixels_per_tile(model: Model, frames: int, platform: str | None = None) -> int:
    """Pixels of a tile where so many frames share it.

    Args:
      model: the model.
      frames: of a chunk.
      platform: what it is decoded on, ``cpu``, ``gpu`` or ``tpu``; None for the devices
        at hand.
    """
    decoder, platform = model.networks.decoder, platform or jax.default_backend()
    queries = QUERIES_PER_TILE
    if platform == "cpu":
        queries = CPU_QUERIES_PER_TILE
    elif platform == "gpu" and is_fused(decoder.dtype, decoder.head_dim):
        queries = FUSED_QUERIES_PER_TILE
    return max(1, queries // frames)


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
    padded = place_everywhere(padded, model.rows)
    given = (model, scene.memory, padded)
    pixels = pixels_per_tile(model, chunk)
    return decode_tiles(*given, size=size, pixels=pixels, rounded=rounded)


@functools.partial(jax.jit, static_argnames=("size", "pixels", "rounded"))
def decode_tiles(
    model: Model,
    memory: PyTree,
    motion: Motion,
    size: tuple[int, int],
    pixels: int,
    rounded: bool = True,
) -> Array:
    """Pictures, tile by tile: the work space does not depend on their size.

    A tile is decoded for all frames together, which share the memory. Where the model's
    rows are divided over devices, each device decodes its own columns of all frames.

    Args:
      model: the model.
      memory: projected set latent of one identity.
      motion: T frames.
      size: (height, width).
      pixels: most pixels of a tile.
      rounded: see ``render``.

    Returns:
      uint8 or float32 [T, height, width, 3].
    """
    if model.networks.form == "plain":
        return _decode_plainly(model, memory, motion, size, rounded)
    parts = 1 if model.rows is None else count_parts(model.rows)
    tile, count = _tiles((size[0], -(-size[1] // parts)), pixels)
    x = _padded_axis(size[1], parts * count[1] * tile[1])
    y = _padded_axis(size[0], count[0] * tile[0])

    def decode(
        weights: PyTree, memory: PyTree, motion: Motion, x: Array, y: Array
    ) -> Array:
        def row(rows: Array) -> Array:
            return lax.map(
                lambda columns: _colours(*given, columns, rows, rounded),
                x.reshape(count[1], tile[1]),
            )

        given = (model, weights, memory, motion)
        tiles = lax.map(row, y.reshape(count[0], tile[0]))
        # [tiles down, tiles across, T, rows, columns, 3]
        frames, (down, across) = tiles.shape[2], count
        whole = tiles.transpose(2, 0, 3, 1, 4, 5)
        return whole.reshape(frames, down * tile[0], across * tile[1], 3)

    decode = _over_columns(decode, model.rows)
    found = decode(model.variables["decoder"], memory, motion, x, y)
    return found[:, : size[0], : size[1]]


def _decode_plainly(
    model: Model,
    memory: PyTree,
    motion: Motion,
    size: tuple[int, int],
    rounded: bool,
) -> Array:
    """The definition: all pixels of one frame after the other."""
    weights = model.variables["decoder"]
    axes = jnp.asarray(pixel_axis(size[1])), jnp.asarray(pixel_axis(size[0]))

    def frame(motion: Motion) -> Array:
        one = jax.tree.map(lambda row: row[None], motion)
        return _colours(model, weights, memory, one, *axes, rounded)[0]

    return lax.map(frame, motion)


def _colours(
    model: Model,
    weights: PyTree,
    memory: PyTree,
    motion: Motion,
    x: Array,
    y: Array,
    rounded: bool,
) -> Array:
    """Pictures [T, len(y), len(x), 3] of the pixels of a grid."""
    given = (memory, x, y, motion.keypoints[None], motion.expression[None])
    decoder = model.networks.decoder
    colours = decoder.apply(weights, *given, method="decode_grid")
    inside = jnp.clip(colours[0].astype(jnp.float32), 0.0, 1.0)
    return jnp.round(inside * 255.0).astype(jnp.uint8) if rounded else inside


def _tiles(
    size: tuple[int, int], pixels: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Sides (height, width) of tiles of about equal size, and how many lie each way."""
    height, width = size
    across = -(-width // pixels)
    tile_width = -(-width // across)
    down = -(-height // max(1, pixels // tile_width))
    return (-(-height // down), tile_width), (down, across)


def _padded_axis(length: int, count: int) -> Array:
    """Pixel coordinates along an axis; the last one is repeated up to a number."""
    return jnp.asarray(pad(pixel_axis(length), count))


def _over_columns(decode: Callable[..., Array], rows: Rows) -> Callable[..., Array]:
    """Each device's own columns: argument 3 and the result's axis 2 are divided."""
    if rows is None:
        return decode
    axes, everywhere = rows.spec[0], PartitionSpec()
    return jax.shard_map(
        decode,
        mesh=rows.mesh,
        in_specs=(everywhere, everywhere, everywhere, PartitionSpec(axes), everywhere),
        out_specs=PartitionSpec(None, None, axes),
        check_vma=False,
    )
