"""Colours of SMIRK's training pictures (arXiv 2404.04104): choices, and their use.

``draw_color_changes`` makes every random choice and returns it; ``change_colors``
applies given choices and is a pure function.
"""

import dataclasses
import math

import numpy as np

from data_pipelines.transforms import color_changes as changes
from data_pipelines.transforms.photometric import ColorJitter, draw_color_jitter
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
TILES = 8
"""Tiles along each side of a picture of ``SIDE``. Smaller pictures have fewer of the same
size: in smaller tiles a histogram is noise."""

SHIFT_PROBABILITY = 0.25
LARGEST_SHIFT = 20.0
"""Levels that a channel is shifted by."""

BLUR_PROBABILITY = 0.1
BLUR_SIDES = (3, 5, 7)
"""Pixels of a picture of ``SIDE``; smaller pictures are blurred in proportion."""

NOISE_PROBABILITY = 0.5
NOISE_VARIANCES = (10.0, 50.0)
"""Squared levels."""


@dataclasses.dataclass(frozen=True)
class ColorChanges:
    """The random choices of a picture; None leaves a change out.

    Attributes:
      levels: factor of contrast, and brightness as a share of the largest level.
      gamma: exponent of the levels, above 0.
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


def change_colors(image: np.ndarray, drawn: ColorChanges) -> np.ndarray:
    """Applies given choices, in the published order.

    Args:
      image: uint8 RGB [H, W, 3].
      drawn: the choices.

    Returns:
      uint8 [H, W, 3]; the picture itself where nothing was chosen.

    Raises:
      ValueError: the image is no uint8 [H, W, 3].
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"image: expected uint8 [H, W, 3], got {image.dtype} {image.shape}"
        )
    if drawn.levels is not None:
        image = changes.scale_and_shift_levels(image, *drawn.levels)
    if drawn.gamma is not None:
        image = changes.change_gamma(image, drawn.gamma)
    if drawn.jitter is not None:
        image = changes.jitter_colors(
            image, drawn.jitter.factors[0], drawn.jitter.order[0]
        )
    if drawn.equalization is not None:
        tiles = tiles_of(max(image.shape[:2]))
        image = changes.equalize_locally(image, drawn.equalization, tiles)
    if drawn.shifts is not None:
        image = changes.shift_channels(image, np.array(drawn.shifts))
    if drawn.blur is not None:
        image = changes.blur_box(image, blur_side(drawn.blur, max(image.shape[:2])))
    if drawn.noise is not None:
        image = changes.add_noise(image, *drawn.noise)
    return image


def tiles_of(size: int) -> int:
    """Tiles along each side of a picture of ``size`` pixels, 1 to ``TILES``."""
    return min(max(size * TILES // SIDE, 1), TILES)


def blur_side(side: int, size: int) -> int:
    """The odd number of pixels that blurs a picture of ``size`` like ``side`` of 224.

    Args:
      side: pixels of a picture of ``SIDE``, odd.
      size: pixels of the picture along its longer side.
    """
    return 2 * round((side * size / SIDE - 1) / 2) + 1 if size < SIDE else side
