"""Colours of eyes, mouths, hair and cloth at single points, by formulas.

Unlike skin, whose picture is painted once, these follow from a place on the surface, so
they are sharp at any size.
"""

import flax.struct
import jax.numpy as jnp

from face_jax.types import Array

_SCLERA = jnp.array([0.62, 0.565, 0.53])
_VEIN = jnp.array([0.55, 0.2, 0.16])
_FLESH = jnp.array([0.36, 0.1, 0.085])
_TEETH = jnp.array([0.66, 0.6, 0.5])
_YELLOW = jnp.array([0.0, 0.06, 0.16])
_LIMBUS = 0.9
"""Share of the iris radius at which its dark ring begins."""


@flax.struct.dataclass
class Surface:
    """What a point of a surface does with light.

    Attributes:
      albedo: [..., 3] linear RGB.
      gloss: [...] strength of the mirror-like reflection.
      openness: [...] factor of all light, for places that light hardly reaches.
    """

    albedo: Array
    gloss: Array
    openness: Array


def eye(
    place: Array, iris: Array, colour: Array, pupil: Array, phase: Array
) -> Surface:
    """An eyeball.

    Args:
      place: [..., 3] direction from its centre, in the frame of its axis.
      iris: [...] sine of the angle of the iris.
      colour: [..., 3] of the iris.
      pupil: [...] radius as a share of the iris.
      phase: [...] radians, draws the fibres of the iris.
    """
    across = jnp.sqrt(place[..., 0] ** 2 + place[..., 1] ** 2 + 1e-8)
    radius = jnp.where(place[..., 2] > 0, across / iris, 10.0)
    angle = jnp.arctan2(place[..., 1], place[..., 0])
    fibres = 0.5 * jnp.sin(31 * angle + 3 * phase + 2 * radius)
    fibres += 0.5 * jnp.sin(17 * angle - 5 * phase - 3 * radius)
    centre = jnp.exp(-(((radius - pupil - 0.12) / 0.16) ** 2))
    tone = 1.0 + 0.3 * fibres * (radius > pupil) + 0.55 * centre
    ring = _step(radius, _LIMBUS + 0.06, 0.16)
    iris_albedo = colour * (tone * (1.0 - 0.75 * ring))[..., None]
    iris_albedo *= _step(radius, pupil, 0.1)[..., None] * 0.985 + 0.015
    corners = jnp.clip(jnp.abs(place[..., 0]) - 0.3, 0.0, 1.0)
    veins = corners * (
        0.55 + 0.25 * jnp.sin(9 * place[..., 1] * 7 + 23 * place[..., 0] + phase)
    )
    white = _SCLERA + veins[..., None] * (_VEIN - _SCLERA)
    outside = _step(radius, 1.0, 0.16)[..., None]
    albedo = iris_albedo + outside * (white - iris_albedo)
    one = jnp.ones_like(radius)
    return Surface(albedo, one, one)


def flesh(place: Array) -> Surface:
    """Gums, tongue and the inside of the mouth; ``place`` [..., 3] as the mesh has it."""
    uneven = 1.0 + 0.12 * jnp.sin(900 * place[..., 1]) * jnp.sin(700 * place[..., 2])
    open_ = _mouth_openness(place[..., 0])
    return Surface(_FLESH * uneven[..., None], 0.5 * open_, open_)


def teeth(place: Array, yellow: Array) -> Surface:
    """Teeth; ``yellow`` [...] from 0 white to 1."""
    albedo = _TEETH - yellow[..., None] * _YELLOW
    open_ = _mouth_openness(place[..., 0] - 0.004)
    return Surface(albedo, 0.8 * open_, open_)


def _mouth_openness(behind: Array) -> Array:
    """Light inside the mouth, by the metres behind the lips."""
    return 0.85 * jnp.exp(-jnp.maximum(behind - 0.004, 0.0) / 0.016)


def hair(place: Array, colour: Array, shade: Array) -> Surface:
    """A lock of hair.

    Args:
      place: [..., 3] across -1 to 1, along 0 to 1, number of the lock.
      colour: [..., 3].
      shade: [...] of its vertices.
    """
    across, along, lock = place[..., 0], place[..., 1], place[..., 2]
    seed = 43.0 * lock
    strands = jnp.sin(7 * across + 17 * seed + 1.5 * along)
    strands += 0.8 * jnp.sin(13 * across + 31 * seed - 2.2 * along)
    strands += 0.5 * jnp.sin(5 * along + 23 * seed)
    edge = 1.0 - 0.25 * across**2
    tone = shade * edge * jnp.exp(0.2 * strands)
    return Surface(
        colour * tone[..., None], jnp.ones_like(tone), jnp.clip(shade, 0.3, 1)
    )


def cloth(place: Array, colour: Array, second: Array, stripes: Array) -> Surface:
    """Clothes; ``place`` [..., 3] metres below the collar, side, collar's band."""
    down, side, band = place[..., 0], place[..., 1], place[..., 2]
    stripe = _step(jnp.sin(170.0 * down), 0.2, 0.3) * stripes
    weave = 1.0 + 0.05 * jnp.sin(900 * down) + 0.04 * jnp.sin(150 * side)
    folds = 1.0 + 0.1 * jnp.sin(23 * side + 40 * down) * jnp.clip(down * 8, 0, 1)
    cover = jnp.maximum(stripe * (1 - band), 0.55 * band)
    albedo = colour + cover[..., None] * (second - colour)
    tone = (weave * folds)[..., None]
    return Surface(albedo * tone, jnp.zeros_like(down), jnp.ones_like(down))


def _step(values: Array, edge: Array | float, width: float) -> Array:
    """0 below an edge, 1 above, smooth over a width."""
    t = jnp.clip((values - edge) / width + 0.5, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
