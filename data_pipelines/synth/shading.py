"""Light on surfaces: soft terminators, shine of skin, eyes and hair.

All light is linear. The viewer looks along -z from far away, as the camera is
orthographic.
"""

import flax.struct
import jax.numpy as jnp

from data_pipelines.synth.lighting import Lights
from data_pipelines.synth.surfaces import Surface
from face_jax.types import Array

_SKIN_WRAP = jnp.array([0.30, 0.14, 0.08])
"""How far light creeps round the terminator: red goes deepest into skin."""
_SKIN_SHADE = jnp.array([0.3, 0.0, -0.1])
"""Light that half shadows on skin have more: their edges are red."""


@flax.struct.dataclass
class Geometry:
    """Where points lie with respect to light.

    Attributes:
      normal: [..., 3] unit.
      lamps: [..., LAMPS] share of each lamp's light that is not blocked.
      openness: [...] share of the light from all around.
    """

    normal: Array
    lamps: Array
    openness: Array


def skin_light(surface: Surface, geometry: Geometry, lights: Lights) -> Array:
    """Light that leaves skin towards the viewer, [..., 3]."""
    facing = _facing(geometry.normal, lights)
    soft = (facing[..., None] + _SKIN_WRAP) / (1.0 + _SKIN_WRAP)
    blocked = _reddened(geometry.lamps)
    diffuse = jnp.sum(jnp.maximum(soft, 0.0) * blocked * lights.colours, axis=-2)
    open_ = _reddened(geometry.openness)
    diffuse = diffuse + open_ * _ambient(geometry.normal, lights)
    halfway = _halfway(geometry.normal, lights)
    lobes = 0.16 * halfway**10 + 0.3 * halfway**42
    shine = lobes * jnp.clip(facing * 4.0, 0.0, 1.0) * geometry.lamps
    mirrored = jnp.sum(shine[..., None] * lights.colours, axis=-2)
    edge = (1.0 - jnp.clip(geometry.normal[..., 2], 0.0, 1.0)) ** 4
    sky = (0.05 + 0.3 * edge)[..., None] * _ambient(geometry.normal, lights) * open_
    return surface.albedo * diffuse + surface.gloss[..., None] * (mirrored + sky)


def wet_light(surface: Surface, geometry: Geometry, lights: Lights) -> Array:
    """Light from eyes, teeth and wet flesh, with small sharp highlights, [..., 3]."""
    facing = jnp.maximum(_facing(geometry.normal, lights), 0.0)
    lit = facing * geometry.lamps
    diffuse = jnp.sum(lit[..., None] * lights.colours, axis=-2)
    ambient = _ambient(geometry.normal, lights) * geometry.openness[..., None]
    mirror = 2.0 * geometry.normal[..., 2:] * geometry.normal - jnp.array([0, 0, 1.0])
    closeness = _facing(mirror, lights)
    spot = jnp.clip((closeness - 0.93) / 0.045, 0.0, 1.0) ** 1.5
    spots = jnp.sum((spot * geometry.lamps)[..., None] * lights.colours, axis=-2)
    window = jnp.clip((mirror[..., 1] - 0.1) / 0.5, 0, 1) * geometry.openness
    gleam = 1.1 * spots + 0.05 * window[..., None] * lights.sky
    light = surface.albedo * (diffuse + ambient) + surface.gloss[..., None] * gleam
    return light * surface.openness[..., None]


def hair_light(
    surface: Surface, geometry: Geometry, tangent: Array, lights: Lights
) -> Array:
    """Light from hair: two highlights along the hairs (Kajiya and Kay), [..., 3]."""
    facing = _facing(geometry.normal, lights)
    lit = jnp.maximum((facing + 0.35) / 1.35, 0.0) * geometry.lamps
    diffuse = jnp.sum(lit[..., None] * lights.colours, axis=-2)
    diffuse = diffuse + _ambient(geometry.normal, lights)
    white = _along_hair(tangent, geometry.normal, -0.1, lights, 70)
    tinted = _along_hair(tangent, geometry.normal, 0.12, lights, 16)
    gate = jnp.clip(facing * 2.0 + 0.4, 0.0, 1.0) * geometry.lamps
    first = jnp.sum((gate * white)[..., None] * lights.colours, axis=-2)
    second = jnp.sum((gate * tinted)[..., None] * lights.colours, axis=-2)
    body = surface.albedo * diffuse * surface.openness[..., None]
    tint = jnp.sqrt(surface.albedo + 1e-4)
    shine = 0.055 * first + 0.16 * second * tint
    return body + shine * (surface.gloss * surface.openness**2)[..., None]


def matte_light(surface: Surface, geometry: Geometry, lights: Lights) -> Array:
    """Light from cloth, [..., 3]."""
    lit = jnp.maximum(_facing(geometry.normal, lights), 0.0) * geometry.lamps
    diffuse = jnp.sum(lit[..., None] * lights.colours, axis=-2)
    ambient = _ambient(geometry.normal, lights) * geometry.openness[..., None]
    return surface.albedo * (diffuse + ambient)


def _reddened(shadow: Array) -> Array:
    """Colour [..., 3] of shadows [...] on skin, 0 dark to 1 lit."""
    shadow = shadow[..., None]
    return shadow + _SKIN_SHADE * shadow * (1.0 - shadow)


def _facing(normal: Array, lights: Lights) -> Array:
    """Cosines [..., LAMPS] between normals [..., 3] and the lamps."""
    return jnp.sum(normal[..., None, :] * lights.directions, axis=-1)


def _halfway(normal: Array, lights: Lights) -> Array:
    """Cosines [..., LAMPS] between normals and the mirrors' normals of the lamps."""
    halves = lights.directions + jnp.array([0.0, 0.0, 1.0])
    halves = halves / jnp.maximum(jnp.linalg.norm(halves, axis=-1, keepdims=True), 1e-3)
    return jnp.maximum(jnp.sum(normal[..., None, :] * halves, axis=-1), 0.0)


def _along_hair(
    tangent: Array, normal: Array, shift: float, lights: Lights, exponent: int
) -> Array:
    """Highlights [..., LAMPS] of hairs tilted by ``shift`` against the surface."""
    tilted = tangent + shift * normal
    tilted = tilted / jnp.maximum(jnp.linalg.norm(tilted, axis=-1, keepdims=True), 1e-3)
    halves = lights.directions + jnp.array([0.0, 0.0, 1.0])
    halves = halves / jnp.maximum(jnp.linalg.norm(halves, axis=-1, keepdims=True), 1e-3)
    along = jnp.sum(tilted[..., None, :] * halves, axis=-1)
    return jnp.maximum(1.0 - along**2, 0.0) ** (exponent // 2)


def _ambient(normal: Array, lights: Lights) -> Array:
    """Light [..., 3] from a bright sky and a darker ground."""
    up = (0.5 + 0.5 * normal[..., 1])[..., None]
    return lights.ground + up * (lights.sky - lights.ground)


def developed(light: Array, lights: Lights) -> Array:
    """What a camera makes of light: exposure, tint, contrast, soft highlights.

    Args:
      light: [..., 3] linear.
      lights: gives exposure, tint and contrast.

    Returns:
      [..., 3] linear in [0, 1).
    """
    exposed = jnp.maximum(light, 0.0) * lights.exposure * lights.tint
    exposed = 0.35 * (exposed / 0.35) ** lights.contrast
    over = jnp.maximum(exposed - 0.6, 0.0)
    return jnp.where(exposed > 0.6, 0.6 + 0.4 * (1.0 - jnp.exp(-over / 0.4)), exposed)


def to_srgb(light: Array) -> Array:
    """sRGB values in [0, 1] of linear light in [0, 1]."""
    light = jnp.clip(light, 0.0, 1.0)
    bright = 1.055 * jnp.maximum(light, 1e-6) ** (1 / 2.4) - 0.055
    return jnp.where(light <= 0.0031308, 12.92 * light, bright)


def from_srgb(values: Array) -> Array:
    """Linear light of sRGB values in [0, 1]."""
    curve = ((values + 0.055) / 1.055) ** 2.4
    return jnp.where(values <= 0.04045, values / 12.92, curve)
