"""Refusing arrays of a wrong shape before something fails on them."""

from typing import Any

import numpy as np

from face_jax.types import Array


def check_images(
    images: Array, name: str, channels: int = 3, multiple: int = 1, minimum: int = 1
) -> None:
    """Checks axes, channels and sides of a batch of pictures.

    Args:
      images: what a network was given.
      name: what the message calls them.
      channels: expected number of channels.
      multiple: what height and width must be divisible by, pixels.
      minimum: smallest height and width, pixels.

    Raises:
      ValueError: the shape is not [B, H, W, channels] with such sides.
    """
    sides = ""
    if multiple > 1:
        sides += f", H and W divisible by {multiple}"
    if minimum > 1:
        sides += f", H and W at least {minimum}"
    shape = tuple(images.shape)
    fits = len(shape) == 4 and shape[3] == channels
    if fits:
        fits = all(side >= minimum and side % multiple == 0 for side in shape[1:3])
    if not fits:
        raise ValueError(
            f"{name}: expected [B, H, W, {channels}]{sides}, got {list(shape)}"
        )


def check_shape(name: str, array: Any, expected: tuple[int | str, ...]) -> None:
    """Refuses an array of another shape; under ``jit``, while it is traced.

    Args:
      name: what to call the array in an error.
      array: what should have the shape.
      expected: a size for each axis; a letter stands for any size, everywhere the same.

    Raises:
      ValueError: the array has another number of axes, or an axis another size.
    """
    shape = np.shape(array)
    sizes: dict[str, int] = {}
    fits = len(shape) == len(expected) and all(
        (sizes.setdefault(wanted, size) if isinstance(wanted, str) else wanted) == size
        for wanted, size in zip(expected, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(size) for size in expected)
        raise ValueError(f"{name}: expected [{wanted}], got {shape}")
