"""Plain things: bars and squares of one colour, cards, boxes and telephones."""

import numpy as np

from data_pipelines.synth.occluders.frame import Field, Scene, similarity
from data_pipelines.synth.occluders.layer import Layer
from data_pipelines.synth.occluders.materials import (
    MATERIALS,
    draw_cloth,
    draw_colour,
    hsv,
)
from data_pipelines.synth.occluders.relief import coverage, noise

KINDS = ("square", "bar", "card", "box", "telephone")


def draw_block(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws one of ``KINDS`` before some part of the face."""
    kind = KINDS[int(random.integers(len(KINDS)))]
    if kind == "square":
        _paint_square(layer, scene, random)
    elif kind == "bar":
        _paint_bar(layer, scene, random)
    else:
        _paint_held(layer, scene, kind, random)


def draw_patch(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws a piece of texture: a square, a disc or a blot of cloth, wood or stone."""
    centre = _somewhere(scene, random)
    angle = float(random.uniform(-np.pi, np.pi))
    field = Field(layer, similarity(centre, angle, scene.unit))
    half = float(random.uniform(0.5, 0.95))
    shape = ("square", "disc", "blot")[int(random.integers(3))]
    if shape == "square":
        wide = half * float(random.uniform(0.7, 1.4))
        cover = np.maximum(np.abs(field.x) - wide, np.abs(field.y) - half)
    else:
        cover = np.hypot(field.x, field.y) - half
        if shape == "blot":
            cover = cover + 0.16 * noise(field.x.shape, 0.5 / field.pixel, random)
    names = ["cloth", *MATERIALS]
    name = names[int(random.integers(len(names)))]
    if name == "cloth":
        colour = draw_cloth(field.x, field.y, field.pixel, random, plain=0.0)
    else:
        colour = MATERIALS[name](field.x, field.y, random)
    layer.paint(scene.exposure * colour, coverage(cover, field.pixel))


def _somewhere(scene: Scene, random: np.random.Generator) -> np.ndarray:
    """A point [2] of the face, pixels: near the eyes, the nose, the mouth or a cheek."""
    plane = scene.face_plane()
    x, y = random.uniform([-0.75, -0.35], [0.75, 1.35])
    return plane[:, :2] @ np.array([x, y]) + plane[:, 2]


def _paint_square(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """A rectangle of one flat colour, upright in the picture."""
    field = Field(layer, similarity(_somewhere(scene, random), 0.0, scene.unit))
    wide, high = random.uniform(0.4, 0.95, 2).tolist()
    cover = np.maximum(np.abs(field.x) - wide, np.abs(field.y) - high)
    flat = hsv(0, 0, (0.0, 0.5, 1.0)[int(random.integers(3))])
    colour = flat if random.uniform() < 0.6 else draw_colour(random, (0.1, 1.0))
    layer.paint(colour, coverage(cover, field.pixel))


def _paint_bar(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """A black bar over the eyes or the mouth, as newspapers print it."""
    eyes = (scene.left_eye + scene.right_eye) / 2
    centre = eyes if random.uniform() < 0.7 else scene.mouth
    field = Field(layer, scene.upright(centre, 0.0, 1.0))
    wide, high = random.uniform([0.95, 0.22], [1.3, 0.4]).tolist()
    cover = np.maximum(np.abs(field.x) - wide, np.abs(field.y) - high)
    layer.paint(
        hsv(0, 0, float(random.choice([0.0, 0.0, 0.1, 1.0]))),
        coverage(cover, field.pixel),
    )


def _paint_held(
    layer: Layer, scene: Scene, kind: str, random: np.random.Generator
) -> None:
    """A thing in front of the face that is lit like it."""
    angle = float(random.uniform(-0.5, 0.5))
    field = Field(layer, scene.upright(_somewhere(scene, random), angle, 1.0))
    sizes = {"card": (0.68, 0.43), "box": (0.8, 0.62), "telephone": (0.58, 1.18)}
    wide, high = sizes[kind]
    corner = 0.13 if kind == "telephone" else 0.03
    cover = _round_box(field, wide, high, corner)
    alpha = coverage(cover, field.pixel)
    layer.shadow(alpha, np.array([0.02, 0.1]) * scene.unit, 0.08 * scene.unit, 0.45)
    colours = {"card": _card, "box": _box, "telephone": _telephone}
    colour = colours[kind](field, wide, high, random)
    # One flat side: light falls on it evenly, and a little stronger from above.
    shade = 0.95 - 0.12 * field.y / high + 0.08 * scene.light[0] * field.x / wide
    layer.paint(scene.exposure * colour * shade[..., None], alpha)


def _round_box(field: Field, wide: float, high: float, corner: float) -> np.ndarray:
    """Distance [N, N] to a box with round corners."""
    x = np.abs(field.x) - (wide - corner)
    y = np.abs(field.y) - (high - corner)
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0))
    return outside + np.minimum(np.maximum(x, y), 0) - corner


def _card(
    field: Field, wide: float, high: float, random: np.random.Generator
) -> np.ndarray:
    """A printed card: a coloured stripe, a picture and lines of text."""
    x, y = field.x, field.y
    paper, ink = hsv(0.12, 0.04, 0.96), hsv(0, 0, 0.2)
    accent = draw_colour(random, (0.3, 0.8))
    colour = np.broadcast_to(paper, (*x.shape, 3)).copy()
    colour[y < -0.62 * high] = accent
    colour[(x < -0.35 * wide) & (x > -0.85 * wide) & (np.abs(y) < 0.45 * high)] = (
        draw_colour(random, (0.4, 0.8))
    )
    row = np.floor((y / high + 0.4) / 0.26)
    words = np.sin(37 * x + 5 * row) + np.sin(11 * x + 3 * row) > -0.6
    line = np.abs((y / high + 0.4) / 0.26 - row - 0.5) < 0.2
    text = line & words & (x > -0.2 * wide) & (x < 0.85 * wide) & (row >= 0) & (row < 4)
    colour[text] = ink
    return colour


def _box(
    field: Field, wide: float, high: float, random: np.random.Generator
) -> np.ndarray:
    """A cardboard box with tape across its middle, and its upper side."""
    x, y = field.x, field.y
    card = hsv(0.085, 0.42, 0.72) * float(random.uniform(0.8, 1.1))
    fibre = 1 + 0.05 * noise(x.shape, 2.0, random) + 0.04 * np.sin(90 * x)
    colour = fibre[..., None] * card
    tape = np.abs(y - 0.2 * high) < 0.14 * high
    colour[tape] = 0.6 * colour[tape] + 0.4 * hsv(0.11, 0.3, 0.85)
    upper = y < -0.68 * high
    colour[upper] *= 1.25
    colour *= (1 - 0.45 * np.exp(-(((y + 0.68 * high) / 0.015) ** 2)))[..., None]
    return colour


def _telephone(
    field: Field, wide: float, high: float, random: np.random.Generator
) -> np.ndarray:
    """The back of a telephone with its cameras."""
    x, y = field.x, field.y
    body = draw_colour(random, (0.05, 0.8))
    gleam = 1 + 0.25 * np.clip(1 - np.abs(x / wide - 0.4 * y / high + 0.3) / 0.4, 0, 1)
    colour = gleam[..., None] * body
    rim = _round_box(field, wide, high, 0.13) > -0.035
    colour[rim] = 0.5 * body + 0.25
    island = np.maximum(np.abs(x + 0.55 * wide), np.abs(y + 0.72 * high)) < 0.21
    colour[island] = 0.7 * body
    for across, down in ((-0.66, -0.79), (-0.44, -0.79), (-0.66, -0.65)):
        away = np.hypot(x - across * wide, y - down * high)
        colour[away < 0.075] = 0.02
        colour[(away < 0.085) & (away > 0.065)] = 0.5
        colour[np.hypot(x - across * wide + 0.02, y - down * high + 0.02) < 0.02] = 0.7
    return colour
