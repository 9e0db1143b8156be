"""Colours of SMIRK's training pictures (arXiv 2404.04104): what is drawn for them.

``draw_color_changes`` makes every random choice and returns it; ``level_arrays`` and
``color_arrays`` write given choices as the arrays by which the device changes pictures.
"""

import dataclasses
import math

import numpy as np

from data_pipelines.transforms.photometric import (
    ColorJitter,
    draw_color_jitter,
    no_color_jitter,
)
from data_pipelines.transforms.smirk_geometry import SIDE

LEVELS_PROBABILITY = 0.5
LARGEST_CONTRAST = 0.2
LARGEST_BRIGHTNESS = 0.2
"""Contrast about 1, and brightness as a share of the largest level, about 0."""

GAMMA_PROBABILITY = 0.5
GAMMAS = (0.8, 1.2)

JITTER_PROBABILITY = 0.25
JITTER_STRENGTH = (0.05, 0.05, 0.05, 0.05)
"""Largest change of brightness, contrast, saturation, and hue in turns."""

EQUALIZATION_PROBABILITY = 0.255
EQUALIZATION_LIMITS = (1.0, 4.0)
"""How many times its even share a level may get in the histogram of a tile."""

SHIFT_PROBABILITY = 0.25
LARGEST_SHIFT = 20.0
"""Levels that a channel is shifted by."""

BLUR_PROBABILITY = 0.1
BLUR_SIDES = (3, 5, 7)
"""Pixels of a picture of ``SIDE``; smaller pictures are blurred in proportion."""

NOISE_PROBABILITY = 0.5
NOISE_VARIANCES = (10.0, 50.0)
"""Squared levels."""

_LEVELS = np.arange(256, dtype=np.float64)


@dataclasses.dataclass(frozen=True)
class ColorChanges:
    """The random choices of a picture; None leaves a change out.

    Attributes:
      levels: factor of contrast, and brightness as a share of the largest level.
      gamma: exponent of the levels as shares of the largest one, above 0.
      jitter: one view's brightness, contrast, saturation and hue, with their order.
      equalization: largest growth of local contrast, above 0.
      shifts: levels added to red, green and blue.
      blur: side of the box in pixels of a picture of ``SIDE``, odd.
      noise: standard deviation in levels, and what the noise is drawn from.
    """

    levels: tuple[float, float] | None = None
    gamma: float | None = None
    jitter: ColorJitter | None = None
    equalization: float | None = None
    shifts: tuple[float, ...] | None = None
    blur: int | None = None
    noise: tuple[float, int] | None = None


def draw_color_changes(rng: np.random.Generator) -> ColorChanges:
    """Draws the choices of a training picture, as published.

    Args:
      rng: the item's generator.
    """
    chances = rng.random(7)
    contrast, brightness = rng.uniform(-1, 1, 2)
    levels = 1 + LARGEST_CONTRAST * contrast, LARGEST_BRIGHTNESS * brightness
    gamma = rng.uniform(*GAMMAS)
    jitter = draw_color_jitter(rng, JITTER_STRENGTH, views=1)
    limit = rng.uniform(*EQUALIZATION_LIMITS)
    shifts = tuple(rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 3).tolist())
    side = int(rng.choice(BLUR_SIDES))
    noise = math.sqrt(rng.uniform(*NOISE_VARIANCES)), int(rng.integers(2**32))
    return ColorChanges(
        levels=levels if chances[0] < LEVELS_PROBABILITY else None,
        gamma=gamma if chances[1] < GAMMA_PROBABILITY else None,
        jitter=jitter if chances[2] < JITTER_PROBABILITY else None,
        equalization=limit if chances[3] < EQUALIZATION_PROBABILITY else None,
        shifts=shifts if chances[4] < SHIFT_PROBABILITY else None,
        blur=side if chances[5] < BLUR_PROBABILITY else None,
        noise=noise if chances[6] < NOISE_PROBABILITY else None,
    )


def draw_level_changes(rng: np.random.Generator) -> ColorChanges:
    """Draws those choices alone that change every pixel by its own levels.

    What looks at the rest of the picture would give the pixels beside an occluder other
    colours than the same pixels have without it; noise would have to be reconstructed.

    Args:
      rng: the item's generator.
    """
    drawn = draw_color_changes(rng)
    return ColorChanges(levels=drawn.levels, gamma=drawn.gamma, shifts=drawn.shifts)


def level_arrays(drawn: ColorChanges) -> dict[str, np.ndarray]:
    """The changes of every pixel by its own levels, as the device takes them.

    The curve is made here, in float64: one of 256 levels costs nothing, and pictures
    look the same on every device.

    Args:
      drawn: the choices; those of other changes are left out.

    Returns:
      ``color_curve`` uint8 [256], what becomes of each level by contrast and brightness,
      then by gamma; ``color_shifts`` float32 [3], levels added to red, green and blue.
    """
    curve = np.arange(256, dtype=np.uint8)
    if drawn.levels is not None:
        factor, shift = drawn.levels
        curve = _rounded(factor * _LEVELS + shift * 255)
    if drawn.gamma is not None:
        curve = _rounded(255 * (_LEVELS / 255) ** drawn.gamma)[curve]
    shifts = (0, 0, 0) if drawn.shifts is None else drawn.shifts
    return {"color_curve": curve, "color_shifts": np.array(shifts, np.float32)}


def color_arrays(drawn: ColorChanges, size: int) -> dict[str, np.ndarray]:
    """All choices for a picture, as the device takes them.

    Args:
      drawn: the choices.
      size: pixels of the picture along its longer side.

    Returns:
      Those of ``level_arrays``; ``color_factors`` float32 [4] and ``color_order`` int32
      [4] of the jitter; ``color_equalization`` float32 [], its limit; ``color_blur``
      int32 [], pixels of the box along each side; ``color_noise`` float32 [], standard
      deviation in levels, and ``color_noise_seed`` uint32 []. What was not drawn changes
      nothing: its limit or deviation is 0, its box a pixel.
    """
    jitter = drawn.jitter or no_color_jitter(views=1)
    deviation, seed = drawn.noise or (0.0, 0)
    side = 1 if drawn.blur is None else blur_side(drawn.blur, size)
    return level_arrays(drawn) | {
        "color_factors": jitter.factors[0],
        "color_order": jitter.order[0],
        "color_equalization": np.array(drawn.equalization or 0.0, np.float32),
        "color_blur": np.array(side, np.int32),
        "color_noise": np.array(deviation, np.float32),
        "color_noise_seed": np.array(seed, np.uint32),
    }


def blur_side(side: int, size: int) -> int:
    """The odd number of pixels that blurs a picture of ``size`` like ``side`` of 224.

    Args:
      side: pixels of a picture of ``SIDE``, odd.
      size: pixels of the picture along its longer side.
    """
    return 2 * round((side * size / SIDE - 1) / 2) + 1 if size < SIDE else side


def _rounded(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
