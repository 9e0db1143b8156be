"""Where hair and beards grow, and how their roots colour the skin."""

from typing import Any

import numpy as np

from data_pipelines.synth import brows, complexion, lips
from data_pipelines.synth.face_map import FaceMap, above_rows, column_of, hairline_rows
from data_pipelines.synth.noise import area, blob, blur, curve, smooth_noise, strokes
from data_pipelines.synth.people import Hair
from data_pipelines.synth.unrolled import SIDE, azimuths_of

_HAIR_GAP = 4.0
"""Pixels over which hair thins out at the hairline."""
_CUT_SHORT = {"bald": 0.3, "buzz": 0.95}
"""Cover of the scalp by hair too short to hide it, by style."""
_BEARD_COVER = {"stubble": 0.62, "moustache": 0.8, "goatee": 0.85, "full": 0.92}
_FRINGE_HAIRS, _FRINGE_AZIMUTH = 700, 1.25
"""Short hairs along the hairline, and how far from the middle they reach, radians."""


def scalp_cover(face: FaceMap, hair: Hair, seed: int) -> np.ndarray:
    """Share of the skin that bears hair, [SIDE, SIDE] float32 in [0, 1]."""
    random = np.random.default_rng([seed, 4])
    rows = _hairline(random, face, hair)
    softened = above_rows(rows, _HAIR_GAP)
    ragged = 0.5 * smooth_noise(random, 30) + 0.5 * smooth_noise(random, 9)
    grown = np.clip(softened + 0.5 * ragged * softened * (1 - softened), 0, 1)
    if hair.style == "bald":
        crown = above_rows(rows - face.pixels(0.035), 20.0)
        grown = grown * (1.0 - 0.8 * crown)
    return grown * (1.0 - 0.95 * complexion.ears(face))


def _hairline(random: np.random.Generator, face: FaceMap, hair: Hair) -> np.ndarray:
    """Row of the hairline over every column, [SIDE], slightly uneven."""
    rows = hairline_rows(face, hair.recession, float(random.normal(0.0, 0.003)))
    uneven = np.repeat(random.normal(0.0, 1.0, SIDE // 8), 8)
    kernel = np.hanning(25) / np.hanning(25).sum()
    return rows + 3.0 * np.convolve(uneven, kernel, mode="same")


def scalp_paint(
    random: np.random.Generator, face: FaceMap, hair: Hair, seed: int
) -> np.ndarray:
    """How much hair and its roots hide the scalp, [SIDE, SIDE] float32 in [0, 1]."""
    where = scalp_cover(face, hair, seed)
    if hair.style in _CUT_SHORT:
        return brows.stubble_cover(random, face, where, _CUT_SHORT[hair.style])
    solid = np.clip((where - 0.3) / 0.6, 0.0, 1.0)
    solid = 0.97 * solid * solid * (3.0 - 2.0 * solid)
    return np.maximum(solid, _first_hairs(random, face, hair, seed))


def _first_hairs(
    random: np.random.Generator, face: FaceMap, hair: Hair, seed: int
) -> np.ndarray:
    """Thin hairs that rise from just before the hairline, [SIDE, SIDE] in [0, 1]."""
    rows = _hairline(np.random.default_rng([seed, 4]), face, hair)
    azimuth = random.uniform(-_FRINGE_AZIMUTH, _FRINGE_AZIMUTH, _FRINGE_HAIRS)
    column = np.interp(azimuth, azimuths_of(np.arange(SIDE + 1)), np.arange(SIDE + 1))
    row = rows[column.astype(int)] + random.normal(1.0, 3.0, _FRINGE_HAIRS)
    lean = 0.5 * np.sign(azimuth) + random.normal(0.0, 0.45, _FRINGE_HAIRS)
    length = random.uniform(4.0, 12.0, _FRINGE_HAIRS)[:, None]
    reach = length * np.stack([np.sin(lean), -np.cos(lean)], axis=1)
    start = np.stack([column, row], axis=1)
    alphas = random.uniform(0.15, 0.6, _FRINGE_HAIRS)
    return blur(strokes(start, start + reach, alphas), 0.5)


def beard_paint(
    random: np.random.Generator, face: FaceMap, hair: Hair, seed: int
) -> np.ndarray:
    """How much the roots of a beard hide the skin, [SIDE, SIDE] in [0, 1]."""
    if hair.beard not in _BEARD_COVER:
        return np.zeros((SIDE, SIDE), np.float32)
    where = beard_cover(face, hair.beard, seed)
    return brows.stubble_cover(random, face, where, _BEARD_COVER[hair.beard])


def beard_cover(face: FaceMap, style: str, seed: int) -> np.ndarray:
    """Share of the skin that bears a beard, [SIDE, SIDE] float32 in [0, 1]."""
    random = np.random.default_rng([seed, 5])
    moustache = area(_moustache(face), 2.5)
    chin = blob(face.offset(8, 0.0, -0.006), face.pixels(0.016), face.pixels(0.016))
    chin = np.minimum(1.4 * chin, 1.0)
    if style == "moustache":
        cover = moustache
    elif style == "goatee":
        cover = np.maximum(moustache, chin)
    else:
        cover = np.maximum(area(_jaw(face), 4.5), moustache)
    under_lip = blob(
        face.offset(57, 0.0, 0.007), face.pixels(0.011), face.pixels(0.003)
    )
    cover = cover * (1.0 - 0.55 * under_lip) * (1.0 - blur(lips.lip_cover(face), 1.2))
    return np.clip(cover * (0.9 + 0.15 * smooth_noise(random, 9)), 0.0, 1.0)


def _moustache(face: FaceMap) -> np.ndarray:
    """Outline over the upper lip, [n, 2] pixels."""
    points = [
        face.offset(48, -0.005, 0.006),
        face.offset(48, -0.004, -0.006),
        face.offset(31, -0.004, 0.006),
        face.offset(33, 0.0, 0.005),
        face.offset(35, 0.004, 0.006),
        face.offset(54, 0.004, -0.006),
        face.offset(54, 0.005, 0.006),
        face.offset(52, 0.0, -0.001),
        face.offset(51, 0.0, 0.0),
        face.offset(50, 0.0, -0.001),
    ]
    return curve(np.stack(points), 80, closed=True)


def _jaw(face: FaceMap) -> np.ndarray:
    """Outline of a full beard, [n, 2] pixels."""
    ear = face.ear_top + 0.55 * (face.ear_bottom - face.ear_top)
    front = face.ear_azimuth - 0.5 * face.ear_width
    right: list[Any] = [
        [column_of(-front - 0.04), ear],
        [column_of(-front + 0.13), ear],
        [column_of(-front + 0.18), ear + face.pixels(0.022)],
        face.offset(48, -0.027, 0.0),
        face.offset(48, -0.009, -0.002),
        face.offset(48, -0.004, 0.008),
        face.offset(57, 0.0, 0.005),
    ]
    left = [[SIDE - x, y] for x, y in right[-2::-1]]
    below = [
        face.offset(8, 0.05, 0.022),
        face.offset(8, 0.0, 0.03),
        face.offset(8, -0.05, 0.022),
    ]
    lobe = face.ear_bottom + face.pixels(0.018)
    outline = [
        *right,
        *left,
        [column_of(front + 0.1), lobe],
        *below,
        [column_of(-front - 0.1), lobe],
    ]
    return curve(np.array(outline, np.float32), 160, closed=True)
