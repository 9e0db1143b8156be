"""Where skin is darker, redder and shinier: maps on the unrolled head."""

import numpy as np

from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.noise import (
    blob,
    blur,
    curve,
    fractal_noise,
    line,
    smooth_noise,
)
from data_pipelines.synth.people import Skin
from data_pipelines.synth.unrolled import SIDE, azimuths_of

_EYES = ((36, 39, -1.0), (45, 42, 1.0))
"""Outer corner, inner corner and outward direction of both eyes of the picture."""


def melanin_map(random: np.random.Generator, face: FaceMap, skin: Skin) -> np.ndarray:
    """Share of melanin, [SIDE, SIDE] float32: patches, freckles, moles, eye sockets."""
    melanin = np.full((SIDE, SIDE), skin.melanin, np.float32)
    uneven = 0.011 * fractal_noise(random, (110, 55, 26), 0.6)
    uneven += 0.006 * fractal_noise(random, (8, 4), 0.8)
    melanin += skin.blotches * face.evenness * uneven
    for outer, inner, _ in _EYES:
        middle = face.between(outer, inner, 0.5)
        melanin += 0.045 * blob(middle, face.pixels(0.016), face.pixels(0.01))
    melanin += _freckles(random, face, skin.freckles)
    return melanin + _moles(random, face, skin)


def _freckles(
    random: np.random.Generator, face: FaceMap, strength: float
) -> np.ndarray | float:
    """Small spots, dense on the nose and the cheeks."""
    if strength <= 0.0:
        return 0.0
    spots = np.maximum(smooth_noise(random, 6) + 0.5 * smooth_noise(random, 3.5), 0.9)
    spots = np.minimum(spots - 0.9, 1.1)
    cheeks = blob(face.offset(30, 0.0, -0.012), face.pixels(0.045), face.pixels(0.022))
    where = 0.12 + 0.88 * cheeks
    return 0.3 * strength * spots * where * (1.0 + 0.4 * smooth_noise(random, 40))


def _moles(random: np.random.Generator, face: FaceMap, skin: Skin) -> np.ndarray:
    """A few dark dots anywhere on face and neck."""
    moles = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(skin.moles):
        place = random.uniform((0.24, 0.3), (0.76, 0.9)) * SIDE
        size = face.pixels(float(random.uniform(0.0006, 0.0016)))
        moles += random.uniform(0.15, 0.45) * blob(place, size, size)
    return moles


def blood_map(random: np.random.Generator, face: FaceMap, skin: Skin) -> np.ndarray:
    """Blood above the usual, [SIDE, SIDE] float32: cheeks, nose, ears, chin, blotches."""
    pixels = face.pixels
    places = [
        (face.marks[30], 0.32, 0.012, 0.011),
        (face.offset(30, -0.012, 0.006), 0.25, 0.006, 0.008),
        (face.offset(30, 0.012, 0.006), 0.25, 0.006, 0.008),
        (face.offset(8, 0.0, -0.012), 0.16, 0.015, 0.01),
        (face.offset(27, 0.0, -0.035), -0.08, 0.04, 0.02),
        (face.offset(51, 0.0, -0.008), -0.06, 0.012, 0.004),
    ]
    for outer, inner, out in _EYES:
        eye = face.between(outer, inner, 0.5)
        cheek = eye + np.array([out * pixels(0.008), pixels(0.032)], np.float32)
        places += [
            (cheek, 0.33, 0.02, 0.015),
            (eye, 0.14, 0.018, 0.011),
            (face.marks[inner] + np.array([0.0, pixels(0.004)]), 0.15, 0.006, 0.006),
        ]
    blood = np.full((SIDE, SIDE), 0.1 * skin.redness, np.float32)
    for centre, strength, width, height in places:
        blood += strength * skin.redness * blob(centre, pixels(width), pixels(height))
    blood += 0.4 * skin.redness * ears(face)
    uneven = 0.045 * fractal_noise(random, (60, 28, 13), 0.7)
    uneven += 0.03 * fractal_noise(random, (7, 3.5), 0.9)
    return blood + skin.blotches * face.evenness * uneven


def ears(face: FaceMap) -> np.ndarray:
    """Where the ears are, [SIDE, SIDE] float32 in [0, 1] with soft edges."""
    rows = np.arange(SIDE, dtype=np.float32)[:, None] + 0.5
    middle, half = (
        (face.ear_top + face.ear_bottom) / 2,
        (face.ear_bottom - face.ear_top) / 2,
    )
    down = np.clip(1.3 - np.abs(rows - middle) / half, 0.0, 1.0)
    azimuth = np.abs(azimuths_of(np.arange(SIDE, dtype=np.float32) + 0.5))[None]
    across = np.clip(
        1.3 - 2 * np.abs(azimuth - face.ear_azimuth) / face.ear_width, 0, 1
    )
    return blur(down * across, 3.0)


def hollows(face: FaceMap) -> np.ndarray:
    """Where light hardly gets, [SIDE, SIDE] float32, about 1 in the nostrils.

    Heads are coarser than noses and lids are; what their triangles leave out is painted.
    """
    dark = np.zeros((SIDE, SIDE), np.float32)
    for wing, inner, corner, upper, out in _HOLLOWS:
        nostril = face.between(wing, inner, 0.62) - [0.0, face.pixels(0.0016)]
        dark += 1.1 * blob(nostril, face.pixels(0.0032), face.pixels(0.0017))
        crease = [(-0.001, -0.009), (0.0035, -0.006), (0.004, -0.001), (0.001, 0.002)]
        points = [face.offset(wing, out * right, down) for right, down in crease]
        dark += 0.3 * line(curve(np.stack(points), 30), 2.2, 1.4)
        dark += 0.25 * blob(face.marks[corner], face.pixels(0.003), face.pixels(0.002))
        lid = curve(face.marks[list(upper)] - [0.0, face.pixels(0.0042)], 24)[3:]
        dark += 0.3 * line(lid, 1.8, 1.0)
    under = face.offset(57, 0.0, 0.004)
    return dark + 0.22 * blob(under, face.pixels(0.011), face.pixels(0.003))


_HOLLOWS = (
    (31, 32, 48, (39, 38, 37, 36), -1.0),
    (35, 34, 54, (42, 43, 44, 45), 1.0),
)
"""Marks of wing and nostril of the nose, corner of the mouth, upper lid; outwards."""


def gloss_map(random: np.random.Generator, face: FaceMap, skin: Skin) -> np.ndarray:
    """Strength of the skin's shine, [SIDE, SIDE] float32: forehead, nose, cheeks."""
    pixels = face.pixels
    shine = 0.35 * blob(face.offset(27, 0.0, -0.03), pixels(0.035), pixels(0.02))
    shine += 0.6 * blob(face.offset(30, 0.0, -0.008), pixels(0.01), pixels(0.02))
    shine += 0.25 * blob(face.offset(8, 0.0, -0.012), pixels(0.012), pixels(0.008))
    for outer, inner, out in _EYES:
        eye = face.between(outer, inner, 0.5)
        cheek = eye + np.array([out * pixels(0.012), pixels(0.018)], np.float32)
        shine += 0.35 * blob(cheek, pixels(0.015), pixels(0.009))
    uneven = 1.0 + 0.12 * face.evenness * fractal_noise(random, (5, 3), 0.9)
    return (0.2 + 0.45 * skin.gloss * (0.35 + shine)) * np.maximum(uneven, 0.2)
