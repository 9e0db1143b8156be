"""The painted skin of a person: what the renderer reads from the unrolled head."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_pipelines.synth import brows, complexion, lips, tones, wrinkles
from data_pipelines.synth.face_map import FaceMap, above_rows, column_of, hairline_rows
from data_pipelines.synth.noise import area, blob, blur, curve, smooth_noise
from data_pipelines.synth.people import Hair, Person
from data_pipelines.synth.unrolled import SIDE

CHANNELS = (
    "red",
    "green",
    "blue",
    "gloss",
    "slope_right",
    "slope_down",
    "lips",
    "brows",
)
"""Of a painted skin, uint8; colours as square roots of linear light."""

SLOPE_UNIT = 0.5
"""Slope at the ends of the range of its channels, which 128 halves."""

Layer = tuple[np.ndarray, Sequence[float] | np.ndarray]
"""Cover [SIDE, SIDE] in [0, 1] and colour [3], linear."""

_LIP_MELANIN = 0.03
_HAIR_GAP = 5.0
"""Pixels over which hair thins out at the hairline."""

_SCALP_COVER = {"bald": 0.22, "buzz": 0.8}
_BEARD_COVER = {"stubble": 0.62, "moustache": 0.55, "goatee": 0.75, "full": 0.8}


def paint_skin(person: Person, face: FaceMap) -> np.ndarray:
    """Paints the skin of a person.

    Args:
      person: who.
      face: landmarks of the head on the unrolled picture.

    Returns:
      [SIDE, SIDE, 8] uint8, CHANNELS; equal for equal arguments.
    """
    random = np.random.default_rng([person.seed, 3])
    lip = lips.lip_cover(face)
    colour = np.exp(_log_colour(random, person, face, lip))
    brow = brows.brow_cover(random, face, person.features)
    colour = _over(colour, _make_up(person, face, lip))
    colour = _over(colour, _hairs(random, person, face, brow))
    depths = wrinkles.wrinkle_depths(random, face, person)
    depths *= 1.0 - lip
    colour *= np.exp(-0.28 * depths)[..., None] ** np.array([0.7, 1.0, 1.1], np.float32)
    relief = wrinkles.skin_relief(random, depths, person.skin.wrinkles)
    relief += 1.6e-4 * lip * lips.creases(random)
    slopes = wrinkles.slopes(relief, face.unrolling.metres_per_pixel)
    gloss = _gloss(random, person, face, lip, brow)
    return _packed(colour, gloss, slopes, lip, brow)


def smoothed(atlas: np.ndarray, face: FaceMap, pixel: float) -> np.ndarray:
    """Leaves out of a painted skin what is finer than the pixels that show it.

    Args:
      atlas: of ``paint_skin``.
      face: landmarks of the head on the unrolled picture.
      pixel: metres that a pixel of the final picture spans.

    Returns:
      The same, uint8.
    """
    spans = pixel / face.unrolling.metres_per_pixel
    if spans <= 1.0:
        return atlas
    return blur(atlas, 0.45 * float(np.sqrt(spans**2 - 1.0)))


def _log_colour(
    random: np.random.Generator, person: Person, face: FaceMap, lip: np.ndarray
) -> np.ndarray:
    """Logarithm of the bare skin's reflectance, [SIDE, SIDE, 3]."""
    melanin = complexion.melanin_map(random, face, person.skin)
    blood = complexion.blood_map(random, face, person.skin)
    redness = person.features.lip_redness * (0.8 + 0.5 * (1.0 - person.skin.melanin))
    melanin += lip * (_LIP_MELANIN + 0.05 * (1.0 - lips.lower_lip(face)))
    blood += lip * (redness + 0.12 * lips.creases(random))
    blood += 1.1 * brows.waterlines(face)
    log_colour = tones.log_skin(melanin, blood)
    return log_colour - 0.5 * lips.mouth_line(face)[..., None]


def _make_up(person: Person, face: FaceMap, lip: np.ndarray) -> list[Layer]:
    """Layers (cover [SIDE, SIDE], colour) of make-up and lash roots."""
    worn = person.features
    shadow = worn.eye_shadow * brows.eye_shadow(face)
    dark = np.minimum(np.asarray(worn.brow_colour) * 0.5, 0.02)
    return [
        (worn.lipstick * lip, worn.lipstick_colour),
        (0.8 * shadow, worn.eye_shadow_colour),
        (brows.lid_lines(face, worn), dark),
    ]


def _hairs(
    random: np.random.Generator, person: Person, face: FaceMap, brow: np.ndarray
) -> list[Layer]:
    """Layers (cover [SIDE, SIDE], colour) of brows, beard and scalp."""
    hair = person.hair
    colour = np.asarray(hair.colour, np.float32)
    scalp = scalp_cover(face, hair, person.seed)
    layers: list[Layer] = [(0.92 * brow, person.features.brow_colour)]
    cover = _SCALP_COVER.get(hair.style, 0.9)
    layers.append((brows.stubble_cover(random, scalp, cover), 0.75 * colour))
    if hair.beard in _BEARD_COVER:
        where = beard_cover(face, hair.beard, person.seed)
        stubble = brows.stubble_cover(random, where, _BEARD_COVER[hair.beard])
        layers.append((stubble, 0.6 * np.minimum(colour, 0.2)))
    return layers


def scalp_cover(face: FaceMap, hair: Hair, seed: int) -> np.ndarray:
    """Share of the skin that bears hair, [SIDE, SIDE] float32 in [0, 1]."""
    random = np.random.default_rng([seed, 4])
    peak = float(random.normal(0.0, 0.003))
    rows = hairline_rows(face, hair.recession, peak)
    ragged = 1.6 * smooth_noise(random, 30) + 1.5 * smooth_noise(random, 5)
    softened = above_rows(rows, _HAIR_GAP)
    grown = np.clip(softened + 0.12 * ragged * softened * (1 - softened) * 4, 0, 1)
    if hair.style == "bald":
        crown = above_rows(rows - face.pixels(0.035), 20.0)
        grown = grown * (1.0 - 0.8 * crown)
    return grown * (1.0 - 0.95 * complexion.ears(face))


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


def _gloss(
    random: np.random.Generator,
    person: Person,
    face: FaceMap,
    lip: np.ndarray,
    brow: np.ndarray,
) -> np.ndarray:
    gloss = complexion.gloss_map(random, face, person.skin)
    wet = 0.75 + 0.25 * person.features.lipstick
    gloss = gloss + lip * (wet - gloss) + 0.5 * brows.waterlines(face)
    return gloss * (1.0 - 0.8 * brow)


def _over(colour: np.ndarray, layers: list) -> np.ndarray:
    """Covers a picture [SIDE, SIDE, 3] by layers, one after the other."""
    for cover, paint in layers:
        colour = colour + cover[..., None] * (np.asarray(paint, np.float32) - colour)
    return colour


def _packed(
    colour: np.ndarray,
    gloss: np.ndarray,
    slopes: np.ndarray,
    lip: np.ndarray,
    brow: np.ndarray,
) -> np.ndarray:
    planes = [np.sqrt(np.clip(colour, 0.0, 1.0)), gloss[..., None]]
    planes.append(0.5 + 0.5 * slopes / SLOPE_UNIT)
    planes += [lip[..., None], brow[..., None]]
    stacked = np.concatenate(planes, axis=-1)
    return np.clip(np.round(stacked * 255.0), 0, 255).astype(np.uint8)
