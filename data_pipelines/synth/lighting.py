"""Light: a few directional lamps with soft edges, and light from all around.

Directions point from the head to the light, in model space: x to the subject's left, y
up, z to the viewer. Colours are linear RGB.
"""

import dataclasses
from collections.abc import Sequence

import flax.struct
import numpy as np

LAMPS = 3
"""Lamps of a scene: key, fill and rim; a missing one is black."""


@flax.struct.dataclass
class Lights:
    """Light of one picture, or of [B] pictures with a leading axis.

    Attributes:
      directions: [LAMPS, 3] float32 unit vectors to the lamps.
      colours: [LAMPS, 3] float32 irradiance of a surface that faces the lamp.
      sky: [3] float32, ambient light from above.
      ground: [3] float32, ambient light from below.
      exposure: [] float32, factor of all light.
      tint: [3] float32, white balance of the camera.
      contrast: [] float32, of the camera, about 1.
    """

    directions: np.ndarray
    colours: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    exposure: np.ndarray | np.float32
    tint: np.ndarray
    contrast: np.ndarray | np.float32


def stack_lights(lights: Sequence[Lights]) -> Lights:
    """Joins the lights of several pictures along a new leading axis."""
    return Lights(
        *(
            np.stack([getattr(light, field.name) for light in lights])
            for field in dataclasses.fields(Lights)
        )
    )


def draw_lights(seed: int) -> Lights:
    """Draws the light of a picture: daylight, studio, window, evening or hard lamp.

    Args:
      seed: not negative.

    Returns:
      The light; equal for equal seeds.

    Raises:
      ValueError: the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed: expected at least 0, got {seed}")
    random = np.random.default_rng([seed, 20])
    setting = random.choice(("day", "studio", "window", "evening", "hard"), p=_LIKELY)
    side = -1.0 if random.random() < 0.5 else 1.0
    key, fill, ambient, warmth = _SETTINGS[str(setting)]
    key_turn = side * random.uniform(*key[1])
    lamps = [
        (random.uniform(*key[0]), key_turn, random.uniform(*key[2]), warmth[0]),
        (random.uniform(*fill), -0.9 * key_turn, random.uniform(0.0, 0.4), warmth[1]),
        (
            random.choice([0.0, 1.0], p=[0.45, 0.55]) * random.uniform(0.5, 1.5),
            -side * random.uniform(2.0, 2.7),
            random.uniform(0.1, 0.9),
            random.uniform(-0.4, 0.4),
        ),
    ]
    level = random.uniform(*ambient)
    sky = level * _white(random.normal(warmth[1], 0.1))
    bounce = _white(random.normal(0.25, 0.15)) * random.uniform(0.35, 0.7)
    return _assemble(random, lamps, sky, level * bounce)


_LIKELY = (0.28, 0.3, 0.2, 0.12, 0.1)
_SETTINGS = {
    # key: strength, turn, height; fill strength; ambient; warmth of key and of the rest
    "day": (((0.5, 1.0), (0.1, 0.9), (0.5, 1.1)), (0.0, 0.2), (0.5, 0.75), (0.0, -0.2)),
    "studio": (
        ((0.8, 1.2), (0.35, 0.9), (0.25, 0.7)),
        (0.2, 0.5),
        (0.25, 0.45),
        (0.0, 0.0),
    ),
    "window": (
        ((0.9, 1.4), (0.7, 1.35), (0.0, 0.5)),
        (0.0, 0.2),
        (0.2, 0.4),
        (-0.15, 0.25),
    ),
    "evening": (
        ((0.8, 1.2), (0.3, 1.2), (0.0, 0.35)),
        (0.1, 0.3),
        (0.2, 0.4),
        (0.6, -0.3),
    ),
    "hard": (
        ((1.2, 1.7), (0.2, 1.2), (0.3, 0.9)),
        (0.0, 0.1),
        (0.12, 0.25),
        (0.2, 0.0),
    ),
}


def _assemble(
    random: np.random.Generator, lamps: list, sky: np.ndarray, ground: np.ndarray
) -> Lights:
    colours = np.stack([strength * _white(warmth) for strength, _, _, warmth in lamps])
    directions = np.stack([_towards(turn, height) for _, turn, height, _ in lamps])
    # Pictures are exposed for the face: what reaches its front sets the factor.
    frontal = np.maximum(directions[:, 2], 0.0) @ colours.mean(1)
    usual = 1.0 / (0.75 * frontal + 0.9 * float(np.mean(sky + ground)) / 2 + 0.1)
    return Lights(
        directions=directions.astype(np.float32),
        colours=colours.astype(np.float32),
        sky=sky.astype(np.float32),
        ground=ground.astype(np.float32),
        exposure=np.float32(usual * random.uniform(0.68, 1.12)),
        tint=_white(random.normal(0.0, 0.12)).astype(np.float32),
        contrast=np.float32(random.uniform(0.9, 1.15)),
    )


def _towards(turn: float, height: float) -> np.ndarray:
    """Unit vector at an angle to the left and an angle up from the front, [3]."""
    return np.array(
        [np.sin(turn) * np.cos(height), np.sin(height), np.cos(turn) * np.cos(height)]
    )


def _white(warmth: float) -> np.ndarray:
    """White light of mean 1, orange for positive and blue for negative warmth, [3]."""
    colour = np.array([1.0 + 0.3 * warmth, 1.0, 1.0 - 0.35 * warmth])
    return np.clip(colour, 0.1, 3.0) / np.clip(colour, 0.1, 3.0).mean()
