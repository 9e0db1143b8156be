"""Light on surfaces: soft terminators, shine of skin, eyes and hair.

All light is linear. The viewer looks along -z from far away, as the camera is
orthographic. Vectors and colours of N points are planes [3, N]: arithmetic on long rows
is several times faster than on rows of three.
"""

import flax.struct
import jax.numpy as jnp
import numpy as np

from data_pipelines.synth.lighting import LAMPS, Lights
from data_pipelines.synth.surfaces import Surface
from face_jax.types import Array

_SKIN_WRAP = np.array([[0.30], [0.14], [0.08]], np.float32)
"""How far light creeps round the terminator: red goes deepest into skin."""
_SKIN_SHADE = np.array([[0.3], [0.0], [-0.1]], np.float32)
"""Light that half shadows on skin have more: their edges are red."""

_SHOULDER = 0.45
"""Exposed light above which cameras flatten highlights."""


@flax.struct.dataclass
class Geometry:
    """Where points lie with respect to light.

    Attributes:
      normal: [3, N] unit.
      lamps: [LAMPS, N] share of each lamp's light that is not blocked.
      openness: [N] share of the light from all around.
    """

    normal: Array
    lamps: Array
    openness: Array


def dot(one: Array, two: Array) -> Array:
    """Scalar products [N] of planes [3, N] with planes, or with one vector [3]."""
    return one[0] * two[0] + one[1] * two[1] + one[2] * two[2]


def unit(vectors: Array) -> Array:
    """Planes [3, N] divided by their lengths; zeros stay zeros."""
    return vectors / jnp.maximum(jnp.sqrt(dot(vectors, vectors)), 1e-6)


def skin_light(surface: Surface, geometry: Geometry, lights: Lights) -> Array:
    """Light that leaves skin towards the viewer, [3, N]."""
    normal = geometry.normal
    ambient = _reddened(geometry.openness) * _ambient(normal, lights)
    edge = _fourth(1.0 - jnp.clip(normal[2], 0.0, 1.0))
    diffuse, mirrored = ambient, (0.04 + 0.22 * edge) * ambient
    for lamp in range(LAMPS):
        colour, facing = lights.colours[lamp][:, None], _facing(normal, lights, lamp)
        soft = jnp.maximum((facing + _SKIN_WRAP) / (1.0 + _SKIN_WRAP), 0.0)
        diffuse += soft * _reddened(geometry.lamps[lamp]) * colour
        halfway = jnp.maximum(dot(_halfway(lights, lamp), normal), 0.0)
        lobes = 0.12 * halfway**8 + 0.2 * halfway**34
        shine = lobes * jnp.clip(facing * 4.0, 0.0, 1.0) * geometry.lamps[lamp]
        mirrored += shine * colour
    return surface.albedo * diffuse + surface.gloss * mirrored


def wet_light(surface: Surface, geometry: Geometry, lights: Lights) -> Array:
    """Light from eyes, teeth and wet flesh, with small sharp highlights, [3, N]."""
    normal = geometry.normal
    diffuse = _ambient(normal, lights) * geometry.openness
    mirror = 2.0 * normal[2] * normal - np.array([[0.0], [0.0], [1.0]], np.float32)
    window = jnp.clip((mirror[1] - 0.1) / 0.5, 0.0, 1.0) * geometry.openness
    gleam = 0.05 * window * lights.sky[:, None]
    for lamp in range(LAMPS):
        colour, reach = lights.colours[lamp][:, None], geometry.lamps[lamp]
        facing = jnp.maximum(_facing(normal, lights, lamp), 0.0)
        diffuse += facing * reach * colour
        spot = jnp.clip((_facing(mirror, lights, lamp) - 0.955) / 0.035, 0.0, 1.0)
        gleam += 0.9 * spot * jnp.sqrt(spot) * reach * colour
    light = surface.albedo * diffuse + surface.gloss * gleam
    return light * surface.openness


def hair_light(
    surface: Surface, geometry: Geometry, tangent: Array, lights: Lights
) -> Array:
    """Light from hair: two highlights along the hairs (Kajiya and Kay), [3, N]."""
    normal = geometry.normal
    upper, lower = unit(tangent - 0.1 * normal), unit(tangent + 0.12 * normal)
    tint = jnp.sqrt(surface.albedo + 1e-4)
    diffuse, shine = _ambient(normal, lights), jnp.zeros_like(normal)
    for lamp in range(LAMPS):
        colour, reach = lights.colours[lamp][:, None], geometry.lamps[lamp]
        facing, halfway = _facing(normal, lights, lamp), _halfway(lights, lamp)
        diffuse += jnp.maximum((facing + 0.35) / 1.35, 0.0) * reach * colour
        white = jnp.maximum(1.0 - dot(halfway, upper) ** 2, 0.0) ** 24
        tinted = jnp.maximum(1.0 - dot(halfway, lower) ** 2, 0.0) ** 8
        gate = jnp.clip(facing * 2.0 + 0.4, 0.0, 1.0) * reach
        shine += gate * (0.03 * white + 0.14 * tinted * tint) * colour
    body = surface.albedo * diffuse * surface.openness
    return body + shine * surface.gloss * surface.openness**2


def matte_light(surface: Surface, geometry: Geometry, lights: Lights) -> Array:
    """Light from cloth, [3, N]."""
    light = _ambient(geometry.normal, lights) * geometry.openness
    for lamp in range(LAMPS):
        facing = jnp.maximum(_facing(geometry.normal, lights, lamp), 0.0)
        light += facing * geometry.lamps[lamp] * lights.colours[lamp][:, None]
    return surface.albedo * light


def _reddened(shadow: Array) -> Array:
    """Colour [3, N] of shadows [N] on skin, 0 dark to 1 lit."""
    return shadow + _SKIN_SHADE * (shadow * (1.0 - shadow))


def _facing(normal: Array, lights: Lights, lamp: int) -> Array:
    """Cosines [N] between normals and a lamp."""
    return dot(lights.directions[lamp], normal)


def _halfway(lights: Lights, lamp: int) -> Array:
    """The normal [3] of a mirror that shows a lamp to the viewer; zero behind."""
    half = lights.directions[lamp] + np.array([0.0, 0.0, 1.0], np.float32)
    return half / jnp.maximum(jnp.linalg.norm(half), 1e-3)


def _ambient(normal: Array, lights: Lights) -> Array:
    """Light [3, N] from a bright sky and a darker ground."""
    ground, sky = lights.ground[:, None], lights.sky[:, None]
    return ground + (0.5 + 0.5 * normal[1]) * (sky - ground)


def _fourth(values: Array) -> Array:
    squared = values * values
    return squared * squared


def developed(light: Array, lights: Lights) -> Array:
    """What a camera makes of light: exposure, tint, contrast, soft highlights.

    Args:
      light: [3, N] linear.
      lights: gives exposure, tint and contrast.

    Returns:
      [3, N] linear in [0, 1).
    """
    exposed = jnp.maximum(light, 0.0) * (lights.exposure * lights.tint)[:, None]
    exposed = 0.35 * (exposed / 0.35) ** lights.contrast
    over = jnp.maximum(exposed - _SHOULDER, 0.0) / (1.0 - _SHOULDER)
    rolled = _SHOULDER + (1.0 - _SHOULDER) * (1.0 - jnp.exp(-over))
    return jnp.where(exposed > _SHOULDER, rolled, exposed)


def to_srgb(light: Array) -> Array:
    """sRGB values in [0, 1] of linear light in [0, 1]."""
    light = jnp.clip(light, 0.0, 1.0)
    bright = 1.055 * jnp.maximum(light, 1e-6) ** (1 / 2.4) - 0.055
    return jnp.where(light <= 0.0031308, 12.92 * light, bright)


def from_srgb(values: Array) -> Array:
    """Linear light of sRGB values in [0, 1]."""
    curve = ((values + 0.055) / 1.055) ** 2.4
    return jnp.where(values <= 0.04045, values / 12.92, curve)
