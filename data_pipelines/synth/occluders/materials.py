"""Colours and patterns of cloth and other things, drawn from a generator."""

import colorsys
from collections.abc import Callable

import cv2
import numpy as np

from data_pipelines.synth.occluders.layer import srgb_to_linear
from data_pipelines.synth.occluders.relief import noise


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """Linear RGB, float32 [3], of a colour given as people choose it on a screen."""
    return srgb_to_linear(np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value)))


def draw_colour(random: np.random.Generator, value: tuple[float, float]) -> np.ndarray:
    """A colour of cloth or paint, linear RGB; one in four is grey.

    Args:
      random: what it is drawn from.
      value: range of the brightness.
    """
    saturation = 0.0 if random.uniform() < 0.25 else random.uniform(0.25, 0.85)
    return hsv(random.uniform(), saturation, random.uniform(*value))


def draw_cloth(
    x: np.ndarray,
    y: np.ndarray,
    pixel: float,
    random: np.random.Generator,
    plain: float = 0.4,
) -> np.ndarray:
    """Plain or patterned cloth.

    Args:
      x: [H, W] places on the cloth, in distances between the eyes.
      y: [H, W].
      pixel: length of a drawn pixel.
      random: what colours and pattern are drawn from.
      plain: share of cloth without a pattern.

    Returns:
      float32 [H, W, 3] linear RGB.
    """
    base = draw_colour(random, (0.15, 0.95))
    second = draw_colour(random, (0.15, 0.95))
    patterns = list(PATTERNS.values())
    share = np.zeros(x.shape, np.float32)
    if random.uniform() >= plain:
        scale = float(random.uniform(0.25, 0.6))
        pattern = patterns[int(random.integers(len(patterns)))]
        share = pattern(x / scale, y / scale, pixel / scale)
    cloth = base + share[..., None] * (second - base)
    grain = 1 + 0.04 * noise(x.shape, 1.5, random)
    return (cloth * grain[..., None]).astype(np.float32)


def _edge(values: np.ndarray, pixel: float) -> np.ndarray:
    """0 below 0 and 1 above, as smooth as a pixel needs."""
    return np.clip(values / (2 * pixel) + 0.5, 0, 1).astype(np.float32)


def stripes(x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Bands, one in a unit."""
    return _edge(np.abs(y - np.floor(y) - 0.5) - 0.25, pixel)


def checks(x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Woven checks: bands both ways that add up."""
    return 0.5 * (stripes(x, y, pixel) + stripes(y, x, pixel))


def squares(x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """A chessboard of half units."""
    first, second = stripes(x, y, pixel), stripes(y, x, pixel)
    return first * (1 - second) + second * (1 - first)


def dots(x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Dots, every second row moved."""
    row = np.floor(y)
    across = x + 0.5 * (row % 2)
    away = np.hypot(across - np.floor(across) - 0.5, y - row - 0.5)
    return _edge(0.27 - away, pixel)


def zigzag(x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Bands that go up and down."""
    return stripes(x, y + np.abs(x - np.floor(x) - 0.5), pixel)


Pattern = Callable[[np.ndarray, np.ndarray, float], np.ndarray]

PATTERNS: dict[str, Pattern] = {
    "stripes": stripes,
    "checks": checks,
    "squares": squares,
    "dots": dots,
    "zigzag": zigzag,
}
"""Share of the second colour, [H, W] in [0, 1], from places and a pixel's length."""


def wood(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Planks of wood along x, linear RGB [H, W, 3]."""
    plank = np.floor(y / 0.55)
    bend = 0.3 * noise(x.shape, x.shape[0] / 3, random)
    rings = np.sin(28 * (y + 0.25 * bend + 0.37 * plank) + 3 * np.sin(1.3 * x + plank))
    fibre = cv2.GaussianBlur(noise(x.shape, 1.0, random), (0, 0), sigmaX=9, sigmaY=0.6)
    base = hsv(random.uniform(0.06, 0.1), random.uniform(0.45, 0.7), 0.65)
    gap = np.abs(y / 0.55 - plank - 0.5) > 0.475
    tone = (0.85 + 0.18 * rings + 0.5 * fibre) * (1 - 0.7 * gap)
    return (tone[..., None] * base).astype(np.float32)


def bricks(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A brick wall, linear RGB [H, W, 3]."""
    row = np.floor(y / 0.28)
    column = np.floor(x / 0.7 + 0.5 * (row % 2))
    across = np.abs(x / 0.7 + 0.5 * (row % 2) - column - 0.5)
    joint = (np.abs(y / 0.28 - row - 0.5) > 0.43) | (across > 0.47)
    tone = 0.8 + 0.25 * np.sin(37.7 * row + 91.3 * column) ** 2
    tone = tone + 0.1 * noise(x.shape, 2.0, random)
    base = hsv(random.uniform(0.0, 0.06), random.uniform(0.45, 0.7), 0.62)
    mortar = hsv(0.1, 0.08, 0.68)
    return np.where(joint[..., None], mortar, tone[..., None] * base).astype(np.float32)


def leaves(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Camouflage: three flat colours in blots, linear RGB [H, W, 3]."""
    hue = random.uniform(0.1, 0.4)
    colours = [
        hsv(hue + shift, 0.45, value)
        for shift, value in zip((0.0, 0.03, -0.04), (0.28, 0.48, 0.66), strict=True)
    ]
    picture = np.broadcast_to(colours[0], (*x.shape, 3)).astype(np.float32)
    for colour in colours[1:]:
        blot = noise(x.shape, x.shape[0] / 12, random) > 0.3
        picture = np.where(blot[..., None], colour, picture)
    return picture.astype(np.float32)


def marble(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Marble with veins, linear RGB [H, W, 3]."""
    wide = noise(x.shape, x.shape[0] / 4, random)
    fine = noise(x.shape, x.shape[0] / 16, random)
    vein = np.exp(-8 * np.abs(np.sin(2 * x + 1.3 * y + 1.6 * wide + 0.5 * fine)))
    base = draw_colour(random, (0.6, 0.95))
    dark = 1 - 0.7 * vein + 0.05 * fine
    return (dark[..., None] * base).astype(np.float32)


def speckle(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Coloured noise of a random grain, linear RGB [H, W, 3]."""
    grain = float(random.uniform(1.0, 12.0))
    parts = [noise(x.shape, grain, random) for _ in range(3)]
    return np.clip(0.35 + 0.3 * np.stack(parts, axis=-1), 0, 1).astype(np.float32)


Material = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]

MATERIALS: dict[str, Material] = {
    "wood": wood,
    "bricks": bricks,
    "leaves": leaves,
    "marble": marble,
    "speckle": speckle,
}
"""Linear RGB [H, W, 3] from places in distances between the eyes."""
