"""Glasses and sunglasses on the eyes, with arms towards the ears.

Places are in the flat frame of the face: eyes at (-1/2, 0) and (1/2, 0).
"""

import dataclasses

import cv2
import numpy as np

from data_pipelines.synth.occluders.frame import Scene, place, smooth_curve
from data_pipelines.synth.occluders.layer import Layer
from data_pipelines.synth.occluders.materials import draw_colour, hsv
from data_pipelines.synth.occluders.relief import lit, normals, rounded

# fmt: off
OUTLINES = {
    "round": ((0, -1), (0.71, -0.71), (1, 0), (0.71, 0.71), (0, 1), (-0.71, 0.71), (-1, 0), (-0.71, -0.71)),
    "oval": ((0, -0.72), (0.75, -0.58), (1, 0), (0.75, 0.58), (0, 0.72), (-0.75, 0.58), (-1, 0), (-0.75, -0.58)),
    "square": ((0, -0.8), (0.8, -0.78), (0.98, -0.55), (0.95, 0.3), (0.72, 0.74), (0, 0.8), (-0.72, 0.74), (-0.93, 0.3), (-0.94, -0.5), (-0.8, -0.75)),
    "narrow": ((0, -0.48), (0.85, -0.48), (1, -0.3), (0.95, 0.3), (0.8, 0.5), (0, 0.52), (-0.8, 0.5), (-0.95, 0.25), (-0.98, -0.3), (-0.85, -0.46)),
    "cat": ((0, -0.66), (0.7, -0.82), (1.14, -0.98), (1.0, -0.2), (0.68, 0.5), (0, 0.68), (-0.68, 0.52), (-0.93, 0), (-0.75, -0.5)),
    "aviator": ((0, -0.78), (0.75, -0.76), (1.04, -0.45), (0.96, 0.25), (0.55, 0.85), (0, 0.95), (-0.55, 0.66), (-0.88, 0.1), (-0.92, -0.5), (-0.7, -0.74)),
}
"""Lens outlines by name: x outwards, y down, half a lens width is 1."""
# fmt: on


@dataclasses.dataclass(frozen=True)
class Spectacles:
    """One pair of glasses.

    Attributes:
      outline: of the lenses, a name in ``OUTLINES``.
      half_width: of a lens, in distances between the eyes.
      rim: thickness of the rim.
      rimless_below: whether the rim goes around the upper half alone.
      metal: whether it is thin shiny wire.
      rim_colour: [3] linear RGB.
      tint: alpha of the lenses at their upper and lower edge.
      lens_colour: [3] linear RGB.
      mirror: 0 clear to 1, how much the lenses reflect.
    """

    outline: str
    half_width: float
    rim: float
    rimless_below: bool
    metal: bool
    rim_colour: np.ndarray
    tint: tuple[float, float]
    lens_colour: np.ndarray
    mirror: float


def draw_glasses(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws glasses with clear lenses."""
    clear = Spectacles(
        **_draw_frame(random, dark=0.6),
        tint=(0.06, 0.04),
        lens_colour=hsv(0.55, 0.15, 0.8),
        mirror=float(random.uniform(0.05, 0.3)),
    )
    paint_spectacles(layer, scene, clear, random)


def draw_sunglasses(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws glasses with dark or mirrored lenses."""
    top = float(random.uniform(0.9, 1.0))
    fading = random.uniform() < 0.35
    hue, mirrored = random.uniform(), random.uniform() < 0.25
    saturation, value = (0.6, 0.6) if mirrored else (0.35, 0.12)
    dark = Spectacles(
        **_draw_frame(random, dark=0.8),
        tint=(top, 0.75 if fading else top),
        lens_colour=hsv(hue, saturation * random.uniform(), value),
        mirror=0.9 if mirrored else float(random.uniform(0.1, 0.45)),
    )
    paint_spectacles(layer, scene, dark, random)


def paint_spectacles(
    layer: Layer, scene: Scene, glasses: Spectacles, random: np.random.Generator
) -> None:
    """Draws arms, lenses and rims of a pair of glasses."""
    plane = scene.face_plane()
    drop = random.uniform(0.0, 0.07)
    lenses = [place(plane, _lens(glasses, side, drop)) for side in (-1.0, 1.0)]
    inside = np.maximum(*(layer.polygon(lens) for lens in lenses))
    rim = _rims(layer, scene, glasses, lenses)
    arms = _arms(layer, scene, glasses, drop)
    shift = np.array([-0.05 * scene.light[0], 0.08]) * scene.unit
    layer.shadow(np.maximum(rim, arms), shift, 0.03 * scene.unit, 0.35)
    _paint_rim(layer, scene, glasses, arms)
    _paint_lenses(layer, scene, glasses, inside, plane, random)
    _paint_rim(layer, scene, glasses, rim)


def _draw_frame(random: np.random.Generator, dark: float) -> dict:
    """Shape and colour of a frame; ``dark`` is the share of black ones."""
    metal = bool(random.uniform() < 0.4)
    names = list(OUTLINES)
    outline = names[int(random.integers(len(names)))]
    colours = [hsv(0.11, 0.5, 0.6), hsv(0.6, 0.05, 0.5), hsv(0.04, 0.4, 0.45)]
    colour = colours[int(random.integers(3))] if metal else hsv(0.07, 0.3, 0.12)
    if not metal and random.uniform() > dark:
        colour = draw_colour(random, (0.25, 0.8))
    return {
        "outline": outline,
        "half_width": float(random.uniform(0.38, 0.43)),
        "rim": float(
            random.uniform(0.025, 0.04) if metal else random.uniform(0.05, 0.1)
        ),
        "rimless_below": bool(random.uniform() < 0.15),
        "metal": metal,
        "rim_colour": colour,
    }


def _lens(glasses: Spectacles, side: float, drop: float) -> np.ndarray:
    """Outline [n, 2] of one lens in the frame of the face."""
    outline = smooth_curve(np.array(OUTLINES[glasses.outline]), closed=True)
    middle = np.array([glasses.half_width + 0.13, 0.03 + drop])
    placed = middle + glasses.half_width * outline * [1.0, 0.92]
    return placed * [side, 1.0]


def _rims(
    layer: Layer, scene: Scene, glasses: Spectacles, lenses: list[np.ndarray]
) -> np.ndarray:
    """Coverage of both rims and the bridge, float32 [N, N]."""
    width = glasses.rim * scene.unit
    below = np.array([np.mean(lens @ scene.down) for lens in lenses])
    cover = np.zeros_like(layer.alpha)
    for lens, middle in zip(lenses, below, strict=True):
        line = layer.line(lens, width, closed=True)
        if glasses.rimless_below:
            height = layer.x * scene.down[0] + layer.y * scene.down[1] - middle
            line = line * np.clip(0.5 - height / width, 0, 1)
        cover = np.maximum(cover, line)
    # The bridge joins the innermost points of the upper halves.
    first, second = lenses
    inner = _innermost(first, second, scene), _innermost(second, first, scene)
    middle_up = (inner[0] + inner[1]) / 2 - 0.06 * scene.unit * scene.down
    bridge = smooth_curve(np.stack([inner[0], middle_up, inner[1]]))
    return np.maximum(cover, layer.line(bridge, 0.9 * width))


def _innermost(lens: np.ndarray, other: np.ndarray, scene: Scene) -> np.ndarray:
    """The point of a lens nearest to the other one, a little above its middle."""
    target = other.mean(axis=0) - 0.35 * scene.unit * scene.down
    return lens[np.argmin(np.linalg.norm(lens - target, axis=1))]


def _arms(layer: Layer, scene: Scene, glasses: Spectacles, drop: float) -> np.ndarray:
    """Coverage of the arms from the hinges to the ears, float32 [N, N].

    The first and the last point of the jaw are beside the ears. On the side that is
    turned away they lie behind the hinge, and no arm is seen.
    """
    plane = scene.face_plane()
    cover = np.zeros_like(layer.alpha)
    for side, ear in ((-1.0, scene.landmarks[0]), (1.0, scene.landmarks[16])):
        outer = 2 * glasses.half_width + 0.13
        hinge = place(plane, np.array([side * outer, -0.12 + drop]))
        ear = ear - 0.08 * scene.unit * scene.down
        outwards = side * (ear - hinge) @ plane[:, 0] / np.linalg.norm(plane[:, 0])
        if outwards > 0.02 * scene.unit:
            width = max(0.8 * glasses.rim, 0.035) * scene.unit
            cover = np.maximum(cover, layer.line(np.stack([hinge, ear]), width))
    return cover


def _paint_rim(
    layer: Layer, scene: Scene, glasses: Spectacles, cover: np.ndarray
) -> None:
    """Paints what a coverage tells as a round bar."""
    inside = (cover > 0.5).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    depth = cv2.GaussianBlur(depth, (0, 0), 1.0)
    radius = max(0.5 * glasses.rim * scene.unit * layer.factor, 1.0)
    normal = normals(rounded(-depth, radius), 1.0)
    gloss, sharpness = (0.35, 12.0) if glasses.metal else (0.2, 25.0)
    colour = lit(glasses.rim_colour, normal, scene.light, 0.5, gloss, sharpness)
    layer.paint(scene.exposure * colour, cover)


def _paint_lenses(
    layer: Layer,
    scene: Scene,
    glasses: Spectacles,
    inside: np.ndarray,
    plane: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Paints tinted lenses, then what they reflect."""
    offset = np.stack([layer.x - plane[0, 2], layer.y - plane[1, 2]], axis=-1)
    local = (offset @ np.linalg.inv(plane[:, :2]).T).astype(np.float32)
    down = np.clip(local[..., 1] / glasses.half_width * 0.5 + 0.5, 0, 1)
    top, bottom = glasses.tint
    layer.paint(
        scene.exposure * glasses.lens_colour, inside * (top + (bottom - top) * down)
    )
    # A bright sky above and a slanted window, as glass shows them.
    slant = local[..., 0] - 0.45 * local[..., 1] + float(random.uniform(-0.3, 0.3))
    phase = slant / 0.5 - np.floor(slant / 0.5)
    window = np.clip(8 * (0.5 - np.abs(phase - 0.4) - 0.3), 0, 1)
    sky = np.clip(1.2 - 1.6 * down, 0, 1)
    glare = glasses.mirror * (0.3 * sky + 0.35 * window * (1 - down))
    white = np.array([0.8, 0.88, 1.0], np.float32)
    layer.paint(scene.exposure * white, inside * np.clip(glare, 0, 1))
