"""From visible faces to light: what every sample of a picture shows."""

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
from data_pipelines.synth.shading import Geometry
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

_LASH = 0.02


@flax.struct.dataclass
class Look:
    """Appearance of one person.

    Attributes:
      atlas: [SIDE, SIDE, 8] uint8.
      colours: [5, 3] float32: hair, beard, cloth, second cloth, iris.
      traits: [4] float32: pupil, stripes, phase of the iris, yellow of the teeth.
      irises: [2] float32, sines of the irises' angles, of the left and right eye.
      up: [3] float32, up of the skull.
    """

    atlas: Array | np.ndarray
    colours: Array | np.ndarray
    traits: Array | np.ndarray
    irises: Array | np.ndarray
    up: Array | np.ndarray


@flax.struct.dataclass
class Skin:
    """Painted skin at samples.

    Attributes:
      surface: colour and gloss.
      slope: [..., 2] to the right and down.
      lips: [...] share of lips.
      brows: [...] share of brows.
    """

    surface: Surface
    slope: Array
    lips: Array
    brows: Array


def light_of(
    kind: Array, place: Array, values: Array, hairy: Array, look: Look, lights: Lights
) -> tuple[Array, Array]:
    """Light and label of samples.

    Args:
      kind: [N] kinds of faces, as ``scene_mesh.KINDS``.
      place: [N, 3] as ``SceneMesh.corners``.
      values: [N, NUM_ATTRIBUTES] of the vertices, interpolated.
      hairy: [N] bool, a lock of the beard.
      look: of the person.
      lights: of the picture.

    Returns:
      Light [N, 3] and labels uint8 [N].
    """
    normal = _unit(values[..., NORMAL])
    geometry = Geometry(normal, values[..., LIT], values[..., OPENNESS])
    skin = _painted(jnp.asarray(look.atlas), place)
    turned = _bumped(normal, skin.slope, jnp.asarray(look.up))
    bumped = dataclasses.replace(geometry, normal=turned)
    light = shading.skin_light(skin.surface, bumped, lights)
    light = _put(
        light,
        shading.wet_light(
            _wet(kind, place, look), _wet_geometry(kind, geometry), lights
        ),
        (kind >= LEFT_EYE) & (kind <= TEETH),
    )
    light = _put(
        light,
        _LASH * shading.matte_light(_white(place), geometry, lights),
        kind == LASHES,
    )
    colour = jnp.where(hairy[..., None], look.colours[1], look.colours[0])
    lock = surfaces.hair(place, colour, values[..., SHADE])
    tangent = _unit(values[..., TANGENT])
    light = _put(
        light, shading.hair_light(lock, geometry, tangent, lights), kind == HAIR
    )
    cloth = surfaces.cloth(place, look.colours[2], look.colours[3], look.traits[1])
    light = _put(light, shading.matte_light(cloth, geometry, lights), kind == CLOTH)
    return light, _labels(kind, skin)


def _put(light: Array, other: Array, where: Array) -> Array:
    return jnp.where(where[..., None], other, light)


def _white(place: Array) -> Surface:
    one = jnp.ones_like(place[..., 0])
    return Surface(jnp.ones_like(place), one, one)


def _wet(kind: Array, place: Array, look: Look) -> Surface:
    """Eyes, teeth and flesh."""
    pupil, _, phase, yellow = look.traits
    iris = jnp.where(kind == LEFT_EYE, look.irises[0], look.irises[1])
    eye = surfaces.eye(place, iris, look.colours[4], pupil, phase)
    flesh, teeth = surfaces.flesh(place), surfaces.teeth(place, yellow[None])

    def pick(one: Array, two: Array, three: Array) -> Array:
        extra = (...,) + (None,) * (one.ndim - kind.ndim)
        inner = jnp.where((kind == TEETH)[extra], three, two)
        return jnp.where((kind <= RIGHT_EYE)[extra], one, inner)

    return Surface(
        pick(eye.albedo, flesh.albedo, teeth.albedo),
        pick(eye.gloss, flesh.gloss, teeth.gloss),
        pick(eye.openness, flesh.openness, teeth.openness),
    )


def _wet_geometry(kind: Array, geometry: Geometry) -> Geometry:
    """Mouths open: what the closed mouth of the template hides is lit all the same."""
    inside = (kind == FLESH) | (kind == TEETH)
    return dataclasses.replace(
        geometry,
        lamps=jnp.where(inside[..., None], 0.7, geometry.lamps),
        openness=jnp.where(inside, 0.8, geometry.openness),
    )


def _painted(atlas: Array, place: Array) -> Skin:
    """Reads the painted skin [SIDE, SIDE, 8] at places [N, 3], linearly."""
    x, y = place[..., 0] - 0.5, place[..., 1] - 0.5
    column, row = jnp.floor(x), jnp.clip(jnp.floor(y), 0, SIDE - 2)
    across, down = (x - column)[..., None], jnp.clip(y - row, 0.0, 1.0)[..., None]
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
    values = (top + down * (low - top)) / 255.0
    slope = (values[..., 4:6] - 128.0 / 255.0) * (2.0 * SLOPE_UNIT)
    surface = Surface(values[..., :3] ** 2, values[..., 3], jnp.ones_like(x))
    return Skin(surface, slope, values[..., 6], values[..., 7])


def _bumped(normal: Array, slope: Array, up: Array) -> Array:
    """Normals [N, 3] turned by the slopes [N, 2] of the skin's relief."""
    across = _unit(jnp.cross(up, normal))
    down = -jnp.cross(normal, across)
    return _unit(normal - slope[..., :1] * across - slope[..., 1:] * down)


def _labels(kind: Array, skin: Skin) -> Array:
    by_kind = jnp.array(
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
        jnp.uint8,
    )
    label = by_kind[kind]
    painted = jnp.where(skin.lips > 0.5, LIPS_LABEL, SKIN_LABEL)
    painted = jnp.where(skin.brows > 0.35, BROWS_LABEL, painted)
    return jnp.where(label == SKIN_LABEL, painted.astype(jnp.uint8), label)


def _unit(vectors: Array) -> Array:
    return vectors / jnp.maximum(jnp.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
