"""Pictures on their way into the networks: bytes of any size to floats of one size."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.nn.resample import resize_antialiased
from face_jax.types import Array


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


@functools.partial(jax.jit, static_argnames="size")
def prepare(images: Array, size: int) -> Array:
    """Bytes of any size to float32 [N, size, size, 3] in [0, 1].

    The resize is the published inference's: antialiased, the aspect ratio not kept.
    """
    if images.shape[1:3] == (size, size):
        return images.astype(jnp.float32) / 255.0

    def resize(image: Array) -> Array:
        # One at a time: a large picture in floats is all that lives besides the bytes.
        return resize_antialiased(image[None].astype(jnp.float32) / 255.0, (size, size))

    return jax.lax.map(resize, images)[:, 0]
