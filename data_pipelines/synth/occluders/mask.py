"""Masks over mouth and nose: pleated medical ones, folded ones, and cloth."""

import dataclasses

import numpy as np

from data_pipelines.synth.occluders.frame import Scene, smooth_curve
from data_pipelines.synth.occluders.layer import Layer
from data_pipelines.synth.occluders.materials import draw_cloth, hsv
from data_pipelines.synth.occluders.relief import lit, noise, normals

KINDS = ("pleated", "folded", "cloth")

_COLOURS = (
    (0.55, 0.32, 0.88),
    (0.55, 0.18, 0.94),
    (0.0, 0.0, 0.95),
    (0.0, 0.0, 0.1),
    (0.42, 0.22, 0.85),
    (0.94, 0.2, 0.95),
    (0.62, 0.55, 0.45),
)
"""Of medical masks: hue, saturation, value."""


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A curved sheet over the lower face.

    Attributes:
      outline: [n, 2] pixels.
      u: float32 [N, N], -1 at the left edge to 1 at the right one.
      v: float32 [N, N], 0 at the upper edge to 1 at the lower one.
      half_width: pixels between the middle and an edge.
      corners: [4, 2] pixels: upper left, lower left, upper right, lower right.
    """

    outline: np.ndarray
    u: np.ndarray
    v: np.ndarray
    half_width: float
    corners: np.ndarray


def draw_mask(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws a mask of one of ``KINDS`` with its ear loops."""
    kind = KINDS[int(random.integers(len(KINDS)))]
    sheet = _sheet(layer, scene, lift=float(random.uniform(-0.15, 0.25)))
    cover = layer.polygon(sheet.outline)
    colour, loops = _colours(layer, scene, kind, sheet, random)
    _paint_loops(layer, scene, sheet, loops)
    shift = np.array([-0.03 * scene.light[0], 0.03]) * scene.unit
    layer.shadow(cover, shift, 0.05 * scene.unit, 0.4)
    height = _height(kind, sheet, layer, random)
    normal = normals(height, 1 / layer.factor)
    shaded = 1.1 * lit(colour, normal, scene.light, ambient=0.5)
    layer.paint(scene.exposure * shaded * _seams(kind, sheet)[..., None], cover)


def _sheet(layer: Layer, scene: Scene, lift: float) -> Sheet:
    """Fits the sheet to cheeks, nose and chin; ``lift`` moves its edge up the nose."""
    points = scene.landmarks
    nose = points[28] + (0.5 - lift) * (points[29] - points[28])
    chin = points[8] + 0.09 * (points[8] - points[33])
    middle = np.stack([nose, points[30], (points[51] + points[57]) / 2, chin])
    left = _edge(points, middle, (1, 2, 3, 4, 5, 6))
    right = _edge(points, middle, (15, 14, 13, 12, 11, 10))
    columns = [smooth_curve(edge, steps=8) for edge in (left, middle, right)]
    rows = np.linspace(0, 1, 13)
    left, middle, right = (_resample(column, rows) for column in columns)
    across = np.linspace(-1, 1, 13)[:, None, None]
    grid = middle + across * (right - left) / 2
    grid = grid + across**2 * ((right + left) / 2 - middle)
    u, v = _inverse(grid, rows, layer.x, layer.y)
    outline = np.concatenate([grid[0], grid[:, -1], grid[-1, ::-1], grid[::-1, 0]])
    return Sheet(
        outline=outline,
        u=u,
        v=v,
        half_width=float(np.linalg.norm(right - left, axis=1).mean() / 2),
        corners=np.stack([left[1], left[-2], right[1], right[-2]]),
    )


def _edge(points: np.ndarray, middle: np.ndarray, jaw: tuple[int, ...]) -> np.ndarray:
    """One side edge, [4, 2], a little inside the jaw line."""
    upper = (points[jaw[0]] + points[jaw[1]]) / 2
    return np.stack(
        [
            middle[0] + 0.84 * (upper - middle[0]),
            middle[1] + 0.9 * (points[jaw[2]] - middle[1]),
            middle[2] + 0.96 * (points[jaw[3]] - middle[2]),
            points[jaw[5]] + 0.04 * (points[jaw[5]] - middle[1]),
        ]
    )


def _resample(curve: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Points [n, 2] at equal shares of a curve's length."""
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    length = np.append(0, np.cumsum(steps)) / steps.sum()
    return np.stack([np.interp(rows, length, curve[:, axis]) for axis in (0, 1)], 1)


def _inverse(
    grid: np.ndarray, rows: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sheet coordinates of pixels: cubic polynomials fitted to the grid [13, 13, 2]."""
    centre, scale = grid.mean(axis=(0, 1)), grid.std()
    u, v = np.meshgrid(np.linspace(-1, 1, len(grid)), rows, indexing="ij")
    places = (grid.reshape(-1, 2) - centre) / scale
    targets = np.stack([u.ravel(), v.ravel()], axis=1)
    found = np.linalg.lstsq(_cubic(*places.T), targets, rcond=None)[0]
    pixels_x = (x.ravel() - np.float32(centre[0])) / np.float32(scale)
    pixels_y = (y.ravel() - np.float32(centre[1])) / np.float32(scale)
    values = _cubic(pixels_x, pixels_y) @ found.astype(np.float32)
    u, v = values.T.reshape(2, *x.shape)
    return np.clip(u, -1.1, 1.1), np.clip(v, -0.1, 1.1)


def _cubic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """All products of powers up to the third, [n, 10]."""
    terms = [x**i * y**j for i in range(4) for j in range(4 - i)]
    return np.stack(terms, axis=-1)


def _height(
    kind: str, sheet: Sheet, layer: Layer, random: np.random.Generator
) -> np.ndarray:
    """Heights [N, N] in pixels: round the face, over the nose, and in folds."""
    u, v = sheet.u, sheet.v
    height = 0.7 * np.sqrt(np.maximum(1.05 - 0.85 * u * u, 0.05))
    height += 0.22 * np.exp(-((u / 0.22) ** 2) - ((v - 0.22) / 0.25) ** 2)
    height += 0.1 * np.exp(-((u / 0.3) ** 2) - ((v - 0.85) / 0.2) ** 2)
    if kind == "pleated":
        phase = v / 0.17 - np.floor(v / 0.17)
        inside = (v > 0.2) & (v < 0.88) & (np.abs(u) < 0.93)
        height += 0.045 * phase * inside * (1 - 0.6 * u * u)
    if kind == "folded":
        height += 0.3 * np.maximum(0.35 - np.abs(u), 0)
    creases = noise(u.shape, 0.35 * sheet.half_width * layer.factor, random)
    return (height + 0.012 * creases) * sheet.half_width


def _seams(kind: str, sheet: Sheet) -> np.ndarray:
    """Factors [N, N]: darker where the sheet is sewn or bent."""
    u, v = np.abs(sheet.u), sheet.v
    tone = 1 - 0.12 * np.exp(-(((u - 0.93) / 0.02) ** 2))
    if kind != "cloth":
        tone = tone - 0.15 * np.exp(-(((v - 0.1) / 0.012) ** 2)) * (u < 0.55)
    tone = tone - 0.12 * np.exp(-(((v - 0.06) / 0.01) ** 2))
    tone = tone - 0.12 * np.exp(-(((v - 0.95) / 0.012) ** 2))
    if kind == "folded":
        tone = tone - 0.2 * np.exp(-((sheet.u / 0.02) ** 2))
    if kind == "pleated":
        phase = v / 0.17 - np.floor(v / 0.17)
        inside = (v > 0.2) & (v < 0.88) & (u < 0.93)
        tone = tone - 0.2 * np.exp(-(((phase - 0.97) / 0.07) ** 2)) * inside
    return tone


def _colours(
    layer: Layer,
    scene: Scene,
    kind: str,
    sheet: Sheet,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Colour of the sheet, [3] or [N, N, 3], and of its loops, [3]."""
    if kind == "cloth":
        pixel = 1 / (layer.factor * scene.unit)
        cloth = draw_cloth(1.1 * sheet.u, 1.4 * sheet.v, pixel, random)
        return cloth, hsv(0.0, 0.0, 0.15 if random.uniform() < 0.5 else 0.9)
    likely = (0.3, 0.15, 0.2, 0.15, 0.08, 0.06, 0.06)
    colour = hsv(*_COLOURS[int(random.choice(len(_COLOURS), p=likely))])
    dark = colour.mean() < 0.1
    return colour, hsv(0.0, 0.0, 0.12 if dark else 0.92)


def _paint_loops(layer: Layer, scene: Scene, sheet: Sheet, colour: np.ndarray) -> None:
    """Paints the loops from the corners to the ears, where these are seen."""
    down, unit = scene.down, scene.unit
    middle = sheet.corners.mean(axis=0)
    for ear, corners in (
        (scene.landmarks[0], sheet.corners[:2]),
        (scene.landmarks[16], sheet.corners[2:]),
    ):
        outwards = (ear - corners[0]) / unit
        if np.dot(outwards, corners[0] - middle) <= 0:
            continue
        end = ear + 0.03 * unit * outwards
        upper = smooth_curve(np.stack([corners[0], (corners[0] + end) / 2, end]))
        bent = (corners[1] + end) / 2 + 0.08 * unit * down
        lower = smooth_curve(np.stack([corners[1], bent, end]))
        line = np.maximum(
            layer.line(upper, 0.045 * unit), layer.line(lower, 0.045 * unit)
        )
        layer.shadow(line, np.array([0.0, 0.02]) * unit, 0.02 * unit, 0.4)
        layer.paint(0.9 * scene.exposure * colour, line)
