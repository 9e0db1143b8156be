"""From visible faces to light: what every pixel shows."""

import dataclasses

import flax.struct
import jax.numpy as jnp
import numpy as np

from data_pipelines.synth import shading, surfaces
from data_pipelines.synth.lighting import LAMPS, Lights
from data_pipelines.synth.scene_mesh import (
    CLOTH,
    FLESH,
    HAIR,
    LASHES,
    LEFT_EYE,
    RIGHT_EYE,
    TEETH,
)
from data_pipelines.synth.shading import Geometry, unit
from data_pipelines.synth.skin import SLOPE_UNIT
from data_pipelines.synth.surfaces import Surface
from data_pipelines.synth.unrolled import SIDE
from face_jax.types import Array

LABELS = (
    "background",
    "skin",
    "brows",
    "eyes",
    "lips",
    "mouth",
    "hair",
    "clothes",
)
"""What pixels of a label map show."""
BACKGROUND_LABEL, SKIN_LABEL, BROWS_LABEL, EYES_LABEL = range(4)
LIPS_LABEL, MOUTH_LABEL, HAIR_LABEL, CLOTHES_LABEL = range(4, 8)

NORMAL, TANGENT = slice(0, 3), slice(3, 6)
LIT, OPENNESS, SHADE = slice(6, 6 + LAMPS), 6 + LAMPS, 7 + LAMPS
NUM_ATTRIBUTES = 8 + LAMPS
"""Columns of what the vertices bring along."""

_LABEL_OF_KIND = np.array(
    [
        SKIN_LABEL,
        EYES_LABEL,
        EYES_LABEL,
        MOUTH_LABEL,
        MOUTH_LABEL,
        EYES_LABEL,
        HAIR_LABEL,
        CLOTHES_LABEL,
    ],
    np.uint8,
)
_LASH = 0.02


@flax.struct.dataclass
class Look:
    """Appearance of one person in one picture.

    Attributes:
      atlas: [SIDE, SIDE, 8] uint8.
      colours: [5, 3] float32: hair, beard, cloth, second cloth, iris.
      traits: [4] float32: pupil, stripes, phase of the iris, yellow of the teeth.
      irises: [2] float32, sines of the irises' angles, of the left and right eye.
      up: [3] float32, up of the skull.
      pixel: [] float32, metres that a pixel spans.
    """

    atlas: Array | np.ndarray
    colours: Array | np.ndarray
    traits: Array | np.ndarray
    irises: Array | np.ndarray
    up: Array | np.ndarray
    pixel: Array | np.ndarray


@flax.struct.dataclass
class Skin:
    """Painted skin at N points.

    Attributes:
      surface: colour and gloss.
      slope: [2, N] to the right and down.
      lips: [N] share of lips.
      brows: [N] share of brows.
    """

    surface: Surface
    slope: Array
    lips: Array
    brows: Array


def light_of(
    kind: Array, place: Array, values: Array, hairy: Array, look: Look, lights: Lights
) -> tuple[Array, Array]:
    """Light and label of points.

    Args:
      kind: [N] kinds of faces, as ``scene_mesh.KINDS``.
      place: [3, N] as ``SceneMesh.corners``.
      values: [NUM_ATTRIBUTES, N] of the vertices, interpolated.
      hairy: [N] bool, a lock of the beard.
      look: of the person.
      lights: of the picture.

    Returns:
      Light [3, N] and labels uint8 [N].
    """
    skin = _painted(jnp.asarray(look.atlas), place)
    normal = unit(values[NORMAL])
    geometry = Geometry(normal, values[LIT], values[OPENNESS])
    bumped = dataclasses.replace(
        geometry, normal=_bumped(normal, skin.slope, jnp.asarray(look.up))
    )
    light = shading.skin_light(skin.surface, bumped, lights)
    wet = shading.wet_light(
        _wet(kind, place, look), _wet_geometry(kind, geometry), lights
    )
    light = jnp.where((kind >= LEFT_EYE) & (kind <= TEETH), wet, light)
    lash = _LASH * shading.matte_light(_white(place), geometry, lights)
    light = jnp.where(kind == LASHES, lash, light)
    lock = _hair(place, values[SHADE], hairy, look)
    tangent = unit(values[TANGENT])
    of_hair = shading.hair_light(lock, geometry, tangent, lights)
    light = jnp.where(kind == HAIR, of_hair, light)
    of_cloth = shading.matte_light(_cloth(place, look), geometry, lights)
    return jnp.where(kind == CLOTH, of_cloth, light), _labels(kind, skin)


def _white(place: Array) -> Surface:
    one = jnp.ones_like(place[0])
    return Surface(jnp.ones_like(place), one, one)


def _hair(place: Array, shade: Array, hairy: Array, look: Look) -> Surface:
    hair, beard = jnp.asarray(look.colours)[:2, :, None]
    colour = jnp.where(hairy, beard, hair)
    return surfaces.hair(place, colour, shade, jnp.asarray(look.pixel))


def _cloth(place: Array, look: Look) -> Surface:
    _, _, first, second, _ = jnp.asarray(look.colours)
    stripes = jnp.asarray(look.traits)[1]
    return surfaces.cloth(place, first, second, stripes, jnp.asarray(look.pixel))


def _wet(kind: Array, place: Array, look: Look) -> Surface:
    """Eyes, teeth and flesh."""
    pupil, _, phase, yellow = jnp.asarray(look.traits)
    iris = jnp.where(kind == LEFT_EYE, look.irises[0], look.irises[1])
    colour, pixel = jnp.asarray(look.colours)[4], jnp.asarray(look.pixel)
    eye = surfaces.eye(place, iris, colour, pupil, phase, pixel)
    flesh, teeth = surfaces.flesh(place), surfaces.teeth(place, yellow)

    def pick(of_eye: Array, of_flesh: Array, of_teeth: Array) -> Array:
        inner = jnp.where(kind == TEETH, of_teeth, of_flesh)
        return jnp.where(kind <= RIGHT_EYE, of_eye, inner)

    return Surface(
        pick(eye.albedo, flesh.albedo, teeth.albedo),
        pick(eye.gloss, flesh.gloss, teeth.gloss),
        pick(eye.openness, flesh.openness, teeth.openness),
    )


def _wet_geometry(kind: Array, geometry: Geometry) -> Geometry:
    """Mouths open: what the closed mouth of the template hides is lit all the same."""
    inside = (kind == FLESH) | (kind == TEETH)
    away = inside & (geometry.normal[2] < 0.0)
    return Geometry(
        normal=jnp.where(away, -geometry.normal, geometry.normal),
        lamps=jnp.where(inside, 0.7, geometry.lamps),
        openness=jnp.where(inside, 0.8, geometry.openness),
    )


def _painted(atlas: Array, place: Array) -> Skin:
    """Reads the painted skin [SIDE, SIDE, 8] at places [3, N], linearly."""
    x, y = place[0] - 0.5, place[1] - 0.5
    column, row = jnp.floor(x), jnp.clip(jnp.floor(y), 0, SIDE - 2)
    across, down = (x - column)[:, None], jnp.clip(y - row, 0.0, 1.0)[:, None]
    left = column.astype(jnp.int32) % SIDE
    right = (left + 1) % SIDE
    upper = row.astype(jnp.int32) * SIDE
    rows = atlas.reshape(SIDE * SIDE, -1)
    corners = [
        rows[k].astype(jnp.float32)
        for k in (
            upper + left,
            upper + right,
            upper + SIDE + left,
            upper + SIDE + right,
        )
    ]
    top = corners[0] + across * (corners[1] - corners[0])
    low = corners[2] + across * (corners[3] - corners[2])
    values = (top + down * (low - top)).T / 255.0
    slope = (values[4:6] - 128.0 / 255.0) * (2.0 * SLOPE_UNIT)
    surface = Surface(values[:3] ** 2, values[3], jnp.ones_like(x))
    return Skin(surface, slope, values[6], values[7])


def _bumped(normal: Array, slope: Array, up: Array) -> Array:
    """Normals [3, N] turned by the slopes [2, N] of the skin's relief."""
    across = unit(_cross(up, normal))
    down = _cross(across, normal)
    return unit(normal - slope[0] * across - slope[1] * down)


def _cross(one: Array, two: Array) -> Array:
    """Vector products [3, N] of planes, or of one vector [3] with planes."""
    return jnp.stack(
        [
            one[1] * two[2] - one[2] * two[1],
            one[2] * two[0] - one[0] * two[2],
            one[0] * two[1] - one[1] * two[0],
        ]
    )


def _labels(kind: Array, skin: Skin) -> Array:
    label = jnp.asarray(_LABEL_OF_KIND)[kind]
    painted = jnp.where(skin.lips > 0.5, LIPS_LABEL, SKIN_LABEL)
    painted = jnp.where(skin.brows > 0.35, BROWS_LABEL, painted)
    return jnp.where(label == SKIN_LABEL, painted.astype(jnp.uint8), label)
