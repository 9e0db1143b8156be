"""Brows, lashes' roots and stubble: short hairs painted on the unrolled head."""

import numpy as np

from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.noise import (
    area,
    blob,
    blur,
    curve,
    line,
    smooth_noise,
    strokes,
)
from data_pipelines.synth.people import Features
from data_pipelines.synth.unrolled import SIDE

_BROWS = (((21, 20, 19, 18, 17), -1.0), ((22, 23, 24, 25, 26), 1.0))
"""Landmarks from the nose outwards, and the direction outwards."""

_HAIRS = 480
"""Painted hairs of a dense brow."""

_LIDS = (
    ((36, 37, 38, 39), (36, 41, 40, 39)),
    ((45, 44, 43, 42), (45, 46, 47, 42)),
)
"""Upper and lower lid of both eyes, from the outer corner inwards."""


def brow_cover(
    random: np.random.Generator, face: FaceMap, features: Features
) -> np.ndarray:
    """How much brows hide the skin, [SIDE, SIDE] float32 in [0, 1]."""
    cover = np.zeros((SIDE, SIDE), np.float32)
    for marks, out in _BROWS:
        axis = _brow_axis(face, features, marks, out)
        cover = np.maximum(cover, _brow(random, face, features, axis, out))
    return cover


def _brow_axis(
    face: FaceMap, features: Features, marks: tuple[int, ...], out: float
) -> np.ndarray:
    """Middle line of a brow from the nose outwards, [40, 2] pixels."""
    points = face.marks[list(marks)].copy()
    lift = np.array([0.0, 0.5, 1.0, 1.0, 0.3], np.float32)
    points[:, 1] -= face.pixels(features.brow_arch) * lift
    points[:, 1] += face.pixels(0.0015)
    points[-1, 0] -= 0.1 * (points[-1, 0] - points[-2, 0])
    points[0, 0] += out * face.pixels(0.0015)
    return curve(points, 40)


def _brow(
    random: np.random.Generator,
    face: FaceMap,
    features: Features,
    axis: np.ndarray,
    out: float,
) -> np.ndarray:
    count = int(_HAIRS * (0.35 + 0.65 * features.brow_density))
    along = np.sqrt(random.random(count)) * random.choice([1.0, 0.75], count)
    along = np.where(random.random(count) < 0.5, random.random(count), along)
    profile = np.clip(
        1.25 * np.minimum(along / 0.15 + 0.45, 1.0) * (1.06 - along**2.2), 0, 1
    )
    across = np.clip(random.normal(0.0, 0.45, count), -1.0, 1.0)
    half = 0.5 * face.pixels(features.brow_thickness)
    starts = _at(axis, along) + np.stack([np.zeros(count), across * half * profile], 1)
    rise = np.interp(along, [0.0, 0.25, 0.6, 1.0], [1.25, 0.6, 0.15, -0.25])
    angle = rise - 0.35 * across * (1.0 - along) + random.normal(0.0, 0.16, count)
    length = (
        face.pixels(0.0055) * random.uniform(0.6, 1.15, count) * (1.0 - 0.35 * along)
    )
    reach = np.stack([out * np.cos(angle), -np.sin(angle)], 1) * length[:, None]
    alphas = random.uniform(0.35, 0.85, count) * np.clip(along / 0.1 + 0.35, 0.0, 1.0)
    hairs = strokes(starts - 0.3 * reach, starts + 0.7 * reach, alphas)
    ends = np.interp(np.linspace(0, 1, 40), [0, 0.2, 0.7, 1], [0.5, 0.85, 0.7, 0.1])
    edge = np.concatenate(
        [
            axis - [0, 1] * (half * ends)[:, None],
            (axis + [0, 1] * (half * ends)[:, None])[::-1],
        ]
    )
    shade = area(edge, 2.0) * (0.3 + 0.35 * features.brow_density)
    return 1.0 - (1.0 - blur(hairs, 0.45)) * (1.0 - shade)


def _at(axis: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Points [n, 2] of a line [40, 2] at shares [n] of its length."""
    steps = np.linspace(0.0, 1.0, len(axis))
    return np.stack([np.interp(along, steps, axis[:, k]) for k in range(2)], 1)


def lid_lines(face: FaceMap, features: Features) -> np.ndarray:
    """Cover of lash roots and liner along the lids, [SIDE, SIDE] float32 in [0, 1]."""
    cover = np.zeros((SIDE, SIDE), np.float32)
    liner = features.eye_liner
    for upper, lower in _LIDS:
        top = curve(face.marks[list(upper)], 30)
        bottom = curve(face.marks[list(lower)], 30)
        top_line = line(top - [0, 0.6], 2.0 + 1.4 * liner, 0.7) * (0.6 + 0.4 * liner)
        low_line = line(np.add(bottom[:22], [0, 0.6]), 1.2, 0.7) * (0.2 + 0.4 * liner)
        cover = np.maximum(cover, np.maximum(top_line, low_line))
    return np.clip(cover, 0.0, 1.0)


def waterlines(face: FaceMap) -> np.ndarray:
    """Moist rim of the lower lids and the inner corners, [SIDE, SIDE] in [0, 1]."""
    rims = np.zeros((SIDE, SIDE), np.float32)
    for _, lower in _LIDS:
        rims = np.maximum(rims, line(curve(face.marks[list(lower)], 30), 1.5, 0.8))
        rims = np.maximum(rims, blob(face.marks[lower[-1]], 2.2, 1.6))
    return rims


def eye_shadow(face: FaceMap) -> np.ndarray:
    """Where eye shadow is worn, [SIDE, SIDE] float32 in [0, 1]."""
    cover = np.zeros((SIDE, SIDE), np.float32)
    for upper, _ in _LIDS:
        lid = curve(face.marks[list(upper)], 20)
        above = lid - [0.0, face.pixels(0.0075)]
        above[:4] += (lid[0] - lid[4]) * 0.25
        cover = np.maximum(cover, area(np.concatenate([lid, above[::-1]]), 2.5))
    return cover


def stubble_cover(
    random: np.random.Generator, face: FaceMap, where: np.ndarray, density: float
) -> np.ndarray:
    """Cover of cut hairs, [SIDE, SIDE] float32 in [0, 1].

    Args:
      random: source of the numbers.
      face: the head.
      where: [SIDE, SIDE] share of the skin that bears hair.
      density: 0 none to 1 dense.
    """
    dots = 0.4 * smooth_noise(random, 1.4) + 0.15 * smooth_noise(random, 3)
    dots = np.clip(0.5 + face.evenness * dots, 0, 1)
    return np.clip(where * density * (0.45 + 0.75 * dots), 0.0, 1.0)
