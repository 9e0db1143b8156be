"""The painted skin of a person: what the renderer reads from the unrolled head."""

from collections.abc import Sequence

import cv2
import numpy as np

from data_pipelines.synth import brows, complexion, hair_cover, lips, tones, wrinkles
from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.noise import blur
from data_pipelines.synth.people import Person

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
_HOLLOW = np.array([0.75, 1.0, 1.05], np.float32)
"""How fast red, green and blue get darker in hollows: light in flesh is red."""


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
    hairs = _hairs(random, person, face, brow)
    colour = _over(colour, hairs)
    depths = wrinkles.wrinkle_depths(random, face, person)
    depths *= 1.0 - lip
    colour *= np.exp(-0.28 * depths[..., None] * _HOLLOW)
    relief = wrinkles.skin_relief(random, depths, person.skin.wrinkles)
    relief *= face.evenness
    relief += 1.6e-4 * lip * lips.creases(random)
    slopes = wrinkles.slopes(relief, face.unrolling.metres_per_pixel)
    gloss = _gloss(random, person, face, lip)
    for cover, _ in hairs:
        gloss *= 1.0 - 0.9 * cover
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
    dark = 0.5 * lips.mouth_line(face) + complexion.hollows(face)
    return log_colour - dark[..., None] * _HOLLOW


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
    hair, colour = person.hair, np.asarray(person.hair.colour, np.float32)
    scalp = hair_cover.scalp_paint(random, face, hair, person.seed)
    beard = hair_cover.beard_paint(random, face, hair, person.seed)
    return [
        (0.92 * brow, person.features.brow_colour),
        (scalp, 0.45 * colour),
        (beard, 0.5 * np.minimum(colour, 0.2)),
    ]


def _gloss(
    random: np.random.Generator, person: Person, face: FaceMap, lip: np.ndarray
) -> np.ndarray:
    """Strength of the shine of bare skin and lips, [SIDE, SIDE]."""
    gloss = complexion.gloss_map(random, face, person.skin)
    wet = 0.32 + 0.4 * person.features.lipstick
    return gloss + lip * (wet - gloss) + 0.5 * brows.waterlines(face)


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
    """Channels [SIDE, SIDE, 8] as bytes."""
    level = 0.5 + 0.5 * slopes / SLOPE_UNIT
    planes = [*cv2.split(np.sqrt(np.maximum(colour, 0.0))), gloss]
    planes += [
        np.maximum(level[..., 0], 0.0),
        np.maximum(level[..., 1], 0.0),
        lip,
        brow,
    ]
    return cv2.merge([cv2.convertScaleAbs(plane, alpha=255.0) for plane in planes])
