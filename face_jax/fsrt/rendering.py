"""Rendering many query pixels in blocks, so that memory does not grow with them.

Source: FSRT, arXiv 2404.09736.
"""

import jax
import jax.numpy as jnp

from face_jax.fsrt.decoder import Decoder
from face_jax.fsrt.encoding import pixel_grid
from face_jax.fsrt.networks import Networks
from face_jax.nn.apply import apply
from face_jax.types import Array, Variables


def render_positions(
    networks: Networks,
    variables: Variables,
    set_latent: Array,
    positions: Array,
    keypoints: Array,
    expression: Array,
    image_size: int,
    block_size: int = 4096,
) -> Array:
    """Colours at row-major positions of the image.

    Args:
      networks: the modules.
      variables: must hold ``decoder``.
      set_latent: [B, L, C].
      positions: int32 [B, D, N].
      keypoints: [B, D, K, 2] of the driving frames.
      expression: [B, D, E] of the driving frames.
      image_size: side of the image, pixels.
      block_size: most pixels of a frame that are in work at once; blocks are
        recomputed in the backward pass.

    Returns:
      RGB [B, D, N, 3] float32, not clamped.
    """
    grid = jnp.asarray(pixel_grid(image_size, image_size)).reshape(-1, 2)
    pixels = jnp.take(grid, positions, axis=0)
    decoder, weights = networks.decoder, variables["decoder"]
    memory = apply(decoder, weights, set_latent, method=Decoder.project)

    def decode(pixels: Array) -> Array:
        inputs = (memory, pixels, keypoints, expression)
        return apply(decoder, weights, *inputs, method=Decoder.decode)

    if networks.form == "plain":
        return decode(pixels)
    return _in_blocks(decode, pixels, block_size)


def render_images(
    networks: Networks,
    variables: Variables,
    set_latent: Array,
    keypoints: Array,
    expression: Array,
    image_size: int,
    block_size: int = 4096,
) -> Array:
    """Whole square images [B, D, H, W, 3]; arguments as in ``render_positions``."""
    everything = jnp.arange(image_size * image_size)
    frames = keypoints.shape[:2]
    positions = jnp.broadcast_to(everything, (*frames, everything.size))
    colors = render_positions(
        networks,
        variables,
        set_latent,
        positions,
        keypoints,
        expression,
        image_size,
        block_size,
    )
    return colors.reshape(*frames, image_size, image_size, 3)


def assemble(
    sampled: Array,
    remaining: Array,
    colors: Array,
    remaining_colors: Array,
    image_size: int,
) -> Array:
    """Images from pixels in any order.

    Args:
      sampled: int32 [B, D, N] positions of ``colors``.
      remaining: int32 [B, D, M] positions of ``remaining_colors``.
      colors: [B, D, N, 3].
      remaining_colors: [B, D, M, 3].
      image_size: side of the image; N + M is its square.

    Returns:
      [B, D, H, W, 3].
    """

    def place(order: Array, values: Array) -> Array:
        empty = jnp.zeros((image_size * image_size, 3), values.dtype)
        return empty.at[order].set(values, unique_indices=True)

    order = jnp.concatenate([sampled, remaining], axis=-1)
    values = jnp.concatenate([colors, remaining_colors], axis=-2)
    flat = jax.vmap(jax.vmap(place))(order, values)
    return flat.reshape(*order.shape[:2], image_size, image_size, 3)


def assemble_lattices(
    colors: Array, remaining_colors: Array, lattice: Array, stride: int, image_size: int
) -> Array:
    """What ``assemble`` makes of lattices, without placing pixel by pixel.

    Args:
      colors: [B, D, N, 3] of one lattice.
      remaining_colors: [B, D, M, 3] of the others, one after the other.
      lattice: int32 [B], the number of the one.
      stride: of the lattices.
      image_size: side of the image.

    Returns:
      [B, D, H, W, 3].
    """
    count, side = stride * stride, image_size // stride
    frames = colors.shape[:2]
    others = jnp.split(remaining_colors, count - 1, axis=2)
    chosen = lattice[:, None, None, None]
    # Before the chosen one the others have their own number, after it one less.
    below, above = [*others, colors], [colors, *others]
    lattices = [
        jnp.where(
            number == chosen,
            colors,
            jnp.where(number < chosen, below[number], above[number]),
        )
        for number in range(count)
    ]
    stacked = jnp.stack(lattices, axis=2).reshape(
        *frames, stride, stride, side, side, 3
    )
    # [B, D, column offset, row offset, rows, columns, 3]
    image = stacked.transpose(0, 1, 4, 3, 5, 2, 6)
    return image.reshape(*frames, image_size, image_size, 3)


def pixels_at(images: Array, positions: Array) -> Array:
    """Colours [B, D, N, 3] of images [B, D, H, W, 3] at int32 [B, D, N]."""
    flat = images.reshape(*images.shape[:2], -1, images.shape[-1])
    return jnp.take_along_axis(flat, positions[..., None], axis=2)


def _in_blocks(decode, pixels: Array, block_size: int) -> Array:
    total = pixels.shape[2]
    if total <= block_size:
        return decode(pixels)
    size = max(n for n in range(1, block_size + 1) if total % n == 0)
    batch, frames = pixels.shape[:2]
    blocks = pixels.reshape(batch, frames, total // size, size, 2)
    colors = jax.lax.map(jax.checkpoint(decode), jnp.moveaxis(blocks, 2, 0))
    return jnp.moveaxis(colors, 0, 2).reshape(batch, frames, total, 3)
