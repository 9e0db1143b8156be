"""Checks of what users pass to SMIRK's functions."""

from typing import Any

import numpy as np


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
