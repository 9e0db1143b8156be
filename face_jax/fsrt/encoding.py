"""Sine and cosine encodings of keypoints and pixel positions.

Source: FSRT, arXiv 2404.09736.
"""

import math

import jax.numpy as jnp
import numpy as np

from face_jax.types import Array


def positional_encoding(
    coordinates: Array, num_octaves: int, start_octave: int
) -> Array:
    """Sines, then cosines, of coordinates times pi times powers of two.

    The products and the sines are float32 on purpose: on the pixel centres of an
    n-pixel image the octaves from log2(n) on are constants in exact arithmetic, and
    what the published networks saw there is the rounding of a float32 product with
    a float32 pi. Lower precision would destroy the middle octaves.

    Args:
      coordinates: [..., D].
      num_octaves: powers of two, ``start_octave`` being the first exponent.
      start_octave: -1 gives the lowest octave a period of 4, which keeps points
        outside the image (±2) apart.

    Returns:
      [..., 2 * D * num_octaves] float32: the sines, all octaves of the first
      coordinate first, then the cosines alike.
    """
    octaves = np.arange(start_octave, start_octave + num_octaves)
    multipliers = np.float32(math.pi) * np.exp2(octaves).astype(np.float32)
    angles = coordinates.astype(jnp.float32)[..., None] * multipliers
    angles = angles.reshape(*coordinates.shape[:-1], -1)
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)


def encode_keypoints(keypoints: Array, num_octaves: int, start_octave: int) -> Array:
    """Encodes keypoints [..., K, 2] as one vector [..., 4 * K * num_octaves]."""
    flat = keypoints.reshape(*keypoints.shape[:-2], -1)
    return positional_encoding(flat, num_octaves, start_octave)


def pixel_grid(height: int, width: int) -> Array:
    """Pixel coordinates (x, y) of the pixel centres of an image.

    Returns:
      [height, width, 2] float32, ±1 being the image's edges.
    """
    # Only the axes are constants of a compiled program: a constant image would be
    # encoded while compiling, slowly.
    x = jnp.broadcast_to(pixel_axis(width), (height, width))
    y = jnp.broadcast_to(pixel_axis(height)[:, None], (height, width))
    return jnp.stack([x, y], axis=-1)


def axis_encodings(
    height: int, width: int, num_octaves: int, start_octave: int
) -> tuple[Array, Array]:
    """The pixel encoding of an image, apart by columns and rows.

    Every channel of the encoding of a pixel depends on one of its coordinates alone:
    256 + 256 vectors tell those of 65,536 pixels.

    Args:
      height: rows of the image.
      width: columns of the image.
      num_octaves: as in ``positional_encoding``.
      start_octave: likewise.

    Returns:
      [width, 2 * num_octaves] of x and [height, 2 * num_octaves] of y, float32, whose
      rows of a kernel ``split_axes`` gives.
    """
    x, y = (
        positional_encoding(
            jnp.asarray(pixel_axis(n))[:, None], num_octaves, start_octave
        )
        for n in (width, height)
    )
    return x, y


def split_axes(kernel: Array) -> tuple[Array, Array]:
    """The rows of a kernel [..., 4 * num_octaves, F] that see x, and those that see y.

    Args:
      kernel: of layers that see ``positional_encoding`` of (x, y).

    Returns:
      Two of [..., 2 * num_octaves, F], in the order of ``axis_encodings``.
    """
    sine_x, sine_y, cosine_x, cosine_y = jnp.split(kernel, 4, axis=-2)
    return (
        jnp.concatenate([sine_x, cosine_x], axis=-2),
        jnp.concatenate([sine_y, cosine_y], axis=-2),
    )


def pixel_axis(length: int) -> np.ndarray:
    """Coordinates of pixel centres along one axis, [length] float32, ±1 the edges."""
    half = np.float32(length / 2)
    return (np.arange(length, dtype=np.float32) + np.float32(0.5) - half) / half
