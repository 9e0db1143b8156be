"""Cups at the mouth: mugs, paper cups, glasses and cans, held or not."""

import dataclasses

import numpy as np

from data_pipelines.synth.occluders.frame import Field, Scene, similarity
from data_pipelines.synth.occluders.hand import paint_fingers
from data_pipelines.synth.occluders.layer import Layer
from data_pipelines.synth.occluders.materials import PATTERNS, draw_colour, hsv
from data_pipelines.synth.occluders.relief import coverage

KINDS = ("mug", "paper", "glass", "can")


@dataclasses.dataclass(frozen=True)
class Cup:
    """One cup, upright; lengths in distances between the eyes.

    Attributes:
      kind: one of ``KINDS``.
      top: half of the width at the rim.
      bottom: half of the width at the foot.
      height: from rim to foot.
      tilt: how far the rim is seen from above: half of its height over its width.
    """

    kind: str
    top: float
    bottom: float
    height: float
    tilt: float


def draw_cup(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws a cup that somebody drinks from, mostly with fingers around it."""
    cup = _draw(random)
    angle = float(np.arctan2(scene.down[1], scene.down[0]) - np.pi / 2)
    angle += float(random.uniform(-0.22, 0.22))
    rim = scene.mouth + random.uniform(-0.16, 0.08) * scene.unit * scene.down
    field = Field(layer, similarity(rim, angle, scene.unit))
    side = 1.0 if random.uniform() < 0.5 else -1.0
    body = _outline(field, cup)
    alpha = coverage(body, field.pixel)
    layer.shadow(alpha, np.array([0.0, 0.08]) * scene.unit, 0.07 * scene.unit, 0.4)
    held = random.uniform() < 0.75
    if cup.kind == "mug":
        _paint_handle(layer, scene, field, cup, -side if held else side)
    _paint_body(layer, scene, field, cup, alpha, random)
    _paint_rim(layer, scene, field, cup)
    if held:
        width = (cup.top + cup.bottom) / 2
        paint_fingers(layer, scene, field, width, 0.52 * cup.height, side, random)


def _draw(random: np.random.Generator) -> Cup:
    kind = KINDS[int(random.integers(len(KINDS)))]
    size = float(random.uniform(0.92, 1.1))
    sizes = {
        "mug": (0.62, 0.58, 1.35),
        "paper": (0.64, 0.46, 1.7),
        "glass": (0.55, 0.46, 1.6),
        "can": (0.5, 0.5, 1.85),
    }
    top, bottom, height = (size * value for value in sizes[kind])
    return Cup(kind, top, bottom, height, float(random.uniform(0.1, 0.26)))


def _half_width(field: Field, cup: Cup) -> np.ndarray:
    share = np.clip(field.y / cup.height, 0, 1)
    return cup.top + (cup.bottom - cup.top) * share


def _outline(field: Field, cup: Cup) -> np.ndarray:
    """Distance [N, N] to the outline of the cup: sides, and half ellipses."""
    x, y = field.x, field.y
    sides = np.abs(x) - _half_width(field, cup)
    rim = _ellipse(x, y, cup.top, cup.tilt)
    foot = _ellipse(x, y - cup.height, cup.bottom, cup.tilt)
    wall = np.maximum(sides, np.maximum(-y, y - cup.height))
    return np.minimum(np.minimum(wall, rim), foot)


def _ellipse(x: np.ndarray, y: np.ndarray, half: float, tilt: float) -> np.ndarray:
    """About the distance to an ellipse of half width ``half``."""
    away = np.hypot(x / half, y / (half * tilt))
    slope = np.hypot(x / half**2, y / (half * tilt) ** 2) / np.maximum(away, 1e-3)
    return (away - 1) / np.maximum(slope, 1e-3)


def _shade(field: Field, cup: Cup, light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Brightness [N, N] of a lit round wall, and its highlight."""
    across = np.clip(field.x / _half_width(field, cup), -1, 1)
    outwards = np.sqrt(1 - 0.98 * across * across)
    facing = np.clip((across * light[0] + outwards * light[2] + 0.2) / 1.2, 0, 1)
    halfway = light + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    shine = np.clip(across * halfway[0] + outwards * halfway[2], 0, 1) ** 40
    return 0.4 + 0.7 * facing, shine


def _paint_body(
    layer: Layer,
    scene: Scene,
    field: Field,
    cup: Cup,
    alpha: np.ndarray,
    random: np.random.Generator,
) -> None:
    shade, shine = _shade(field, cup, field.light(scene.light))
    colour, gloss = _decoration(field, cup, random)
    lit = colour * shade[..., None] + (gloss * shine)[..., None]
    layer.paint(scene.exposure * lit, alpha * (0.0 if cup.kind == "glass" else 1.0))
    if cup.kind == "glass":
        _paint_glass(layer, scene, field, cup, alpha, shine, random)


def _decoration(
    field: Field, cup: Cup, random: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Colours of the wall, float32 [N, N, 3] linear RGB, and its gloss."""
    across = np.arcsin(np.clip(field.x / _half_width(field, cup), -0.99, 0.99))
    around, down = across * cup.top, field.y - 0.3 * field.x**2 * cup.tilt
    base = draw_colour(random, (0.3, 0.97))
    second = draw_colour(random, (0.15, 0.9))
    share = np.zeros(down.shape, np.float32)
    low, high = cup.height * random.uniform(0.2, 0.35), cup.height * 0.72
    band = np.clip(np.minimum(down - low, high - down) / (2 * field.pixel), 0, 1)
    if cup.kind == "paper":
        base, second = hsv(0.1, 0.06, 0.95), hsv(0.08, random.uniform(0, 0.5), 0.5)
        share = band * (1 - 0.15 * (np.sin(60 * around) > 0))
    elif random.uniform() < 0.65:
        names = list(PATTERNS.values())
        pattern = names[int(random.integers(len(names)))]
        scale = float(random.uniform(0.25, 0.5))
        share = pattern(around / scale, down / scale, field.pixel / scale)
        share = share * (band if cup.kind == "mug" else 1.0)
    colour = base + share[..., None] * (second - base)
    gloss = {"mug": 0.4, "paper": 0.05, "glass": 0.0, "can": 0.6}[cup.kind]
    return colour.astype(np.float32), gloss


def _paint_glass(
    layer: Layer,
    scene: Scene,
    field: Field,
    cup: Cup,
    alpha: np.ndarray,
    shine: np.ndarray,
    random: np.random.Generator,
) -> None:
    """A transparent wall, and a drink that can be seen through a little."""
    across = np.clip(np.abs(field.x) / _half_width(field, cup), 0, 1)
    drinks = ((0.1, 0.8, 0.9), (0.07, 0.85, 0.35), (0.95, 0.75, 0.5), (0.55, 0.1, 0.9))
    drink = hsv(*drinks[int(random.integers(len(drinks)))])
    level = cup.height * float(random.uniform(0.2, 0.45))
    full = np.clip((field.y - level) / (2 * field.pixel) + 0.5, 0, 1)
    layer.paint(scene.exposure * drink, alpha * full * (0.72 + 0.2 * across**2))
    edge = 0.12 + 0.5 * across**8 + 0.7 * shine
    foot = np.clip((field.y - 0.93 * cup.height) / 0.1, 0, 1)
    white = np.array([0.85, 0.9, 0.95], np.float32)
    layer.paint(scene.exposure * white, alpha * np.clip(edge + 0.4 * foot, 0, 0.9))


def _paint_rim(layer: Layer, scene: Scene, field: Field, cup: Cup) -> None:
    """The opening, or the lid, seen a little from above."""
    x, y, pixel = field.x, field.y, field.pixel
    opening = _ellipse(x, y, cup.top, cup.tilt)
    wall = _ellipse(x, y, 0.92 * cup.top, 0.88 * cup.tilt)
    pale = {"mug": 0.85, "paper": 0.9, "glass": 0.8, "can": 0.7}[cup.kind]
    faint = 0.5 if cup.kind == "glass" else 1.0
    shade = (0.75 + 0.25 * np.clip(1 - (y / cup.top), 0, 1))[..., None]
    layer.paint(
        scene.exposure * shade * hsv(0.1, 0.03, pale), faint * coverage(opening, pixel)
    )
    inside = {"mug": 0.3, "paper": 0.9, "glass": 0.6, "can": 0.55}[cup.kind]
    dark = (0.7 + 0.5 * np.clip(y / cup.top, -0.5, 0.5))[..., None]
    layer.paint(
        scene.exposure * dark * hsv(0.08, 0.15, inside), faint * coverage(wall, pixel)
    )


def _paint_handle(
    layer: Layer, scene: Scene, field: Field, cup: Cup, side: float
) -> None:
    """The handle of a mug, a ring behind its wall."""
    x = side * field.x - 0.97 * cup.top
    y = field.y - 0.5 * cup.height
    away = np.hypot(x / 0.34, y / 0.42) - 1
    distance = np.abs(away * 0.38) - 0.075
    bulge = np.clip(-distance / 0.075, 0, 1)
    colour = (0.45 + 0.45 * bulge)[..., None] * hsv(0.1, 0.04, 0.85)
    layer.paint(scene.exposure * colour, coverage(distance, field.pixel) * (x > -0.1))
