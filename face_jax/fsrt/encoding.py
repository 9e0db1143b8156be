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
    x = jnp.broadcast_to(_pixel_axis(width), (height, width))
    y = jnp.broadcast_to(_pixel_axis(height)[:, None], (height, width))
    return jnp.stack([x, y], axis=-1)


def _pixel_axis(length: int) -> np.ndarray:
    half = np.float32(length / 2)
    return (np.arange(length, dtype=np.float32) + np.float32(0.5) - half) / half
