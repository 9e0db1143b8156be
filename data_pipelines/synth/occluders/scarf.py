"""Scarves wound around the neck that cover the mouth, and often the nose."""

import numpy as np

from data_pipelines.synth.occluders.frame import Field, Scene
from data_pipelines.synth.occluders.layer import Layer
from data_pipelines.synth.occluders.materials import draw_cloth
from data_pipelines.synth.occluders.relief import coverage, lit, noise, normals


def draw_scarf(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws a scarf, smooth or knitted, wound two or three times."""
    field = Field(layer, scene.upright(scene.mouth, 0.0, 1.0))
    edge = float(random.uniform(_depth_of(field, scene.nose) - 0.05, -0.15))
    half = _half_width(scene) + float(random.uniform(0.1, 0.2))
    # It turns with the face: its middle is under the nose.
    x = field.x - 0.5 * scene.turn
    wave = 0.035 * noise(x.shape, 0.7 / field.pixel, random)
    cloth = draw_cloth(x, field.y + wave, field.pixel, random)
    knitted = random.uniform() < 0.5
    thick = float(random.uniform(0.26, 0.36))
    for turn in (3, 2, 1, 0):
        middle = edge + thick * (1 + 1.5 * turn) + wave
        tilt = float(random.uniform(-0.16, 0.16))
        down = field.y - middle - tilt * x - 0.2 * (x / half) ** 2
        wide = half + 0.12 * min(turn, 2)
        roll = _roll(x, down, wide, thick)
        height = _folds(x / wide, down / thick, thick, field, random)
        colour = cloth
        if knitted:
            height, colour = _knit(height, cloth, x, down)
        _paint_roll(layer, scene, field, roll, height, colour)


def _roll(x: np.ndarray, down: np.ndarray, wide: float, thick: float) -> np.ndarray:
    """Distance [N, N] to the outline of one turn of the scarf, round at its ends."""
    ends = np.abs(x) - (wide - thick)
    sides = np.abs(down)
    return np.hypot(np.maximum(ends, 0), sides) - thick


def _paint_roll(
    layer: Layer,
    scene: Scene,
    field: Field,
    distance: np.ndarray,
    height: np.ndarray,
    colour: np.ndarray,
) -> None:
    """Lights one turn, and lets it cast a shadow on what lies below."""
    alpha = coverage(distance, field.pixel)
    layer.shadow(alpha, np.array([0.0, 0.05]) * scene.unit, 0.06 * scene.unit, 0.6)
    normal = normals(height, field.pixel)
    lit_cloth = 1.1 * lit(colour, normal, field.light(scene.light), ambient=0.45)
    layer.paint(scene.exposure * lit_cloth, alpha)


def _depth_of(field: Field, point: np.ndarray) -> float:
    """How far below the mouth a point lies, in distances between the eyes."""
    linear = np.linalg.inv(field.transform[:, :2])
    return float((linear @ (point - field.transform[:, 2]))[1])


def _half_width(scene: Scene) -> float:
    """Half of the width of the jaw, in distances between the eyes."""
    across = np.linalg.norm(scene.landmarks[13] - scene.landmarks[3])
    return float(across / scene.unit / 2)


def _folds(
    across: np.ndarray,
    down: np.ndarray,
    thick: float,
    field: Field,
    random: np.random.Generator,
) -> np.ndarray:
    """Heights [N, N] of one turn: round the neck, round by itself, and creased."""
    neck = 0.9 * np.sqrt(np.maximum(1.02 - across * across, 0.02))
    own = 0.75 * thick * np.sqrt(np.maximum(1.05 - down * down, 0.05))
    wander = noise(down.shape, 0.6 / field.pixel, random)
    creases = np.sin(4.0 * down + 2.5 * across + 1.6 * wander)
    return (neck + own + 0.025 * creases).astype(np.float32)


def _knit(
    height: np.ndarray, cloth: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Adds stitches: columns of small slanted loops."""
    column = x / 0.11
    inside = column - np.floor(column) - 0.5
    loops = np.sin(2 * np.pi * (y / 0.075 + 1.1 * np.abs(inside)))
    ribs = np.cos(2 * np.pi * column)
    height = height + 0.008 * loops - 0.006 * ribs
    tone = 1 + 0.13 * loops - 0.1 * ribs
    return height, cloth * tone[..., None]
