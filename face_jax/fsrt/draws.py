"""Every random choice of one FSRT iteration, drawn apart from its use.

Source: FSRT, arXiv 2404.09736.
"""

from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp

from face_jax.fsrt.encoding import pixel_grid
from face_jax.types import Array


class Draws(flax.struct.PyTreeNode):
    """Random choices of one iteration.

    Attributes:
      coin: [B] uniform in [0, 1): below 0.5 the driving frame's first view is colour
        view 2, else colour view 1. Rows of one statistics shard share a value.
      selection: [B, D] uniform in [0, 1): below the task's threshold a driving frame
        is expressed by its first view, else by its expression crop.
      sampled: int32 [B, D, N], positions in the row-major image that are rendered
        with gradient, without repetition.
      remaining: int32 [B, D, M], positions rendered without gradient; together with
        ``sampled`` the whole image, or M = 0.
      lattice: int32 [B], which lattice is ``sampled``, see ``lattice``; None where the
        positions are in any order.
    """

    coin: Array
    selection: Array
    sampled: Array
    remaining: Array
    lattice: Array | None = None


class Positions(NamedTuple):
    """Query pixels of driving frames; see the fields of ``Draws``.

    Attributes:
      sampled: int32 [B, D, N].
      remaining: int32 [B, D, M].
      lattice: int32 [B], or None.
    """

    sampled: Array
    remaining: Array
    lattice: Array | None = None


def draw(
    key: Array,
    batch_size: int,
    num_driving: int,
    positions: Positions,
    shards: int = 1,
) -> Draws:
    """Draws the choices of an iteration.

    Args:
      key: random key.
      batch_size: B.
      num_driving: D.
      positions: from one of the functions below.
      shards: statistics shards; each has one coin for all its rows.

    Returns:
      The draws.
    """
    coin_key, selection_key = jax.random.split(key)
    coins = jax.random.uniform(coin_key, (shards,))
    return Draws(
        coin=jnp.repeat(coins, batch_size // shards),
        selection=jax.random.uniform(selection_key, (batch_size, num_driving)),
        **positions._asdict(),
    )


def random_positions(
    key: Array, batch_size: int, num_driving: int, num_pixels: int, image_size: int
) -> Positions:
    """A few pixels of each driving frame, without repetition; none remain.

    Args:
      key: random key.
      batch_size: B.
      num_driving: D.
      num_pixels: N.
      image_size: side of the image, pixels.

    Returns:
      int32 [B, D, N] and int32 [B, D, 0].
    """
    total = image_size * image_size
    keys = jax.random.split(key, (batch_size, num_driving))
    pick = jax.vmap(jax.vmap(lambda k: jax.random.permutation(k, total)[:num_pixels]))
    return Positions(pick(keys), jnp.zeros((batch_size, num_driving, 0), jnp.int32))


def focused_positions(
    key: Array,
    keypoints: Array,
    num_pixels: int,
    image_size: int,
    focus: float,
    radius: float,
) -> Positions:
    """As ``random_positions``, with pixels near keypoints more often than others.

    Pixels are drawn one after the other with probabilities proportional to
    ``1 + focus exp(-d^2 / (2 radius^2))``, d the distance to the nearest keypoint: the
    largest of their logarithms plus Gumbel noise are such a draw.

    Args:
      key: random key.
      keypoints: [B, D, K, 2] of the driving frames, (x, y) in [-1, 1].
      num_pixels: N.
      image_size: side of the image, pixels.
      focus: how much more likely a pixel at a keypoint is.
      radius: in units of half the image side.

    Returns:
      int32 [B, D, N] and int32 [B, D, 0].
    """
    grid = jnp.asarray(pixel_grid(image_size, image_size)).reshape(-1, 2)
    offsets = grid[:, None] - keypoints[..., None, :, :]
    nearest = jnp.min(jnp.sum(offsets**2, axis=-1), axis=-1)
    weights = 1 + focus * jnp.exp(nearest / (-2 * radius**2))
    scores = jnp.log(weights) + jax.random.gumbel(key, weights.shape)
    _, positions = jax.lax.top_k(scores, num_pixels)
    return Positions(positions, jnp.zeros((*positions.shape[:-1], 0), jnp.int32))


def random_split(
    key: Array, batch_size: int, num_driving: int, num_pixels: int, image_size: int
) -> Positions:
    """A random split of each image into ``num_pixels`` sampled ones and the rest."""
    total = image_size * image_size
    keys = jax.random.split(key, (batch_size, num_driving))
    order = jax.vmap(jax.vmap(lambda k: jax.random.permutation(k, total)))(keys)
    return Positions(order[..., :num_pixels], order[..., num_pixels:])


def lattice_positions(
    key: Array, batch_size: int, num_driving: int, stride: int, image_size: int
) -> Positions:
    """One strided lattice of each item's frames, and the other lattices after it.

    Args:
      key: random key.
      batch_size: B.
      num_driving: D; frames of an item share their lattice.
      stride: of the lattice; it holds 1/stride**2 of the pixels.
      image_size: side of the image, pixels.

    Returns:
      int32 [B, D, N], int32 [B, D, M] and int32 [B].

    Raises:
      ValueError: the stride does not divide the side.
    """
    offsets = jax.random.randint(key, (batch_size, 2), 0, stride)
    sampled, remaining = jax.vmap(lambda o: lattice(o[0], o[1], stride, image_size))(
        offsets
    )
    frames = (batch_size, num_driving)
    return Positions(
        jnp.broadcast_to(sampled[:, None], (*frames, sampled.shape[-1])),
        jnp.broadcast_to(remaining[:, None], (*frames, remaining.shape[-1])),
        _number(offsets[:, 0], offsets[:, 1], stride),
    )


def _number(x0: Array, y0: Array, stride: int) -> Array:
    """Lattices are numbered by column offset, then row offset."""
    return x0 * stride + y0


def lattice(x0: Array, y0: Array, stride: int, image_size: int) -> tuple[Array, Array]:
    """Positions of the lattice with an offset, and of all others.

    Args:
      x0: first column, int32 [].
      y0: first row, int32 [].
      stride: of the lattice.
      image_size: side of the image, pixels.

    Returns:
      int32 [N] row-major positions of pixels ``[y0::stride, x0::stride]``, and int32
      [M] of the other lattices, ordered by column offset, then row offset.

    Raises:
      ValueError: the stride does not divide the side.
    """
    if image_size % stride:
        raise ValueError(
            f"lattice_stride = {stride} does not divide the image side {image_size}"
        )
    chosen = _number(x0, y0, stride)
    rank = jnp.arange(1, stride * stride)
    others = jnp.where(rank <= chosen, rank - 1, rank)
    side = image_size // stride
    rows, columns = jnp.meshgrid(jnp.arange(side), jnp.arange(side), indexing="ij")

    def positions(number: Array) -> Array:
        row = rows * stride + number % stride
        return (row * image_size + columns * stride + number // stride).reshape(-1)

    return positions(chosen), jax.vmap(positions)(others).reshape(-1)
