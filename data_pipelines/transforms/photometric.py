"""Draws of colour changes; the pixels themselves are changed on the device."""

from typing import NamedTuple

import numpy as np

NEUTRAL_FACTORS = (1.0, 1.0, 1.0, 0.0)
"""Brightness, contrast, saturation and hue that leave an image as it is."""


class ColorJitter(NamedTuple):
    """Colour changes of several views of one item.

    Attributes:
      factors: float32 ``[views, 4]``: brightness, contrast and saturation factors
        and the hue shift as a fraction of a turn.
      order: int32 ``[views, 4]``: column numbers of ``factors`` in the order in
        which the four operations are applied.
    """

    factors: np.ndarray
    order: np.ndarray


def draw_color_jitter(
    rng: np.random.Generator, strength: tuple[float, ...], views: int
) -> ColorJitter:
    """Draws one set of factors and one order of operations for each view.

    Args:
      rng: the item's generator.
      strength: largest change of brightness, contrast, saturation and hue; the
        factors are uniform around 1 (not below 0), the hue shift around 0.
      views: number of independently coloured views.
    """
    spread = np.asarray(strength, np.float64)
    low = np.asarray(NEUTRAL_FACTORS) - spread
    low[:3] = np.maximum(low[:3], 0.0)
    factors = rng.uniform(low, np.asarray(NEUTRAL_FACTORS) + spread, (views, 4))
    order = rng.permuted(np.tile(np.arange(4), (views, 1)), axis=1)
    return ColorJitter(factors.astype(np.float32), order.astype(np.int32))


def no_color_jitter(views: int) -> ColorJitter:
    """Factors that change nothing, operations in column order."""
    factors = np.tile(np.asarray(NEUTRAL_FACTORS, np.float32), (views, 1))
    return ColorJitter(factors, np.tile(np.arange(4, dtype=np.int32), (views, 1)))
