"""Random erasing: a rectangle of a picture is painted over (arXiv 1708.04896).

The choice is made here; the device paints, after it has changed the picture's colours.
"""

import math
from typing import NamedTuple

import numpy as np

AREAS = (0.02, 0.25)
"""Share of the picture that is erased."""
ASPECTS = (0.3, 3.3)
"""Height of the rectangle over its width."""


class Rectangle(NamedTuple):
    """Pixels of a picture: first row and column, and how many of each."""

    top: int
    left: int
    height: int
    width: int


def draw_erasing(
    rng: np.random.Generator, probability: float, size: int
) -> Rectangle | None:
    """Draws what is erased, with the limits that Latent-OFER (arXiv 2307.11404) uses.

    Area and the logarithm of the aspect are uniform, then the place is.

    Args:
      rng: the item's generator.
      probability: share of the pictures with a rectangle, 0 to 1.
      size: pixels of the picture along each side.

    Returns:
      The rectangle, all of it in the picture, or None.
    """
    chance, area = rng.random(), rng.uniform(*AREAS) * size**2
    aspect = math.exp(rng.uniform(*np.log(ASPECTS)))
    sides = np.sqrt([area * aspect, area / aspect])
    height, width = np.clip(np.rint(sides), 1, size).astype(int).tolist()
    top, left = (int(rng.integers(size - side + 1)) for side in (height, width))
    return Rectangle(top, left, height, width) if chance < probability else None


def erased_array(rectangle: Rectangle | None) -> np.ndarray:
    """The rectangle as the device takes it, int32 [4]; without one all are 0."""
    return np.array(rectangle or (0, 0, 0, 0), np.int32)
