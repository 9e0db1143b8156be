"""Colours of eyes, mouths, hair and cloth at single points, by formulas.

Unlike skin, whose picture is painted once, these follow from a place on the surface, so
they are sharp at any size. What is finer than a pixel fades to its mean. Places and
colours of N points are planes [3, N].
"""

import flax.struct
import jax.numpy as jnp
import numpy as np

from face_jax.types import Array


def _colour(red: float, green: float, blue: float) -> np.ndarray:
    return np.array([[red], [green], [blue]], np.float32)


_SCLERA = _colour(0.56, 0.51, 0.48)
_VEIN = _colour(0.55, 0.2, 0.16)
_FLESH = _colour(0.4, 0.12, 0.1)
_TEETH = _colour(0.74, 0.66, 0.54)
_YELLOW = _colour(0.0, 0.06, 0.16)
_LIMBUS = 0.9
"""Share of the iris radius at which its dark ring begins."""
_IRIS_RADIUS, _LOCK_HALF_WIDTH = 0.0059, 0.005
"""Metres; usual sizes that tell how fine a pattern is."""


@flax.struct.dataclass
class Surface:
    """What points of a surface do with light.

    Attributes:
      albedo: [3, N] linear RGB.
      gloss: [N] strength of the mirror-like reflection.
      openness: [N] factor of all light, for places that light hardly reaches.
    """

    albedo: Array
    gloss: Array
    openness: Array


def eye(
    place: Array, iris: Array, colour: Array, pupil: Array, phase: Array, pixel: Array
) -> Surface:
    """An eyeball.

    Args:
      place: [3, N] direction from its centre, in the frame of its axis.
      iris: [N] sine of the angle of the iris.
      colour: [3] of the iris.
      pupil: radius as a share of the iris.
      phase: radians, draws the fibres of the iris.
      pixel: metres that a pixel spans.
    """
    x, y, z = place
    blur = pixel / _IRIS_RADIUS
    radius = jnp.where(z > 0, jnp.sqrt(x**2 + y**2 + 1e-8) / iris, 10.0)
    angle = jnp.arctan2(y, x)
    fibres = 0.5 * jnp.sin(31 * angle + 3 * phase + 2 * radius) * _fade(31 * blur)
    fibres += 0.5 * jnp.sin(17 * angle - 5 * phase - 3 * radius) * _fade(17 * blur)
    centre = jnp.exp(-(((radius - pupil - 0.12) / 0.16) ** 2))
    tone = 1.0 + 0.3 * fibres * (radius > pupil) + 0.55 * centre
    ring = _step(radius, _LIMBUS + 0.06, 0.16, blur)
    of_iris = colour[:, None] * (tone * (1.0 - 0.75 * ring))
    of_iris *= _step(radius, pupil, 0.1, blur) * 0.985 + 0.015
    corners = jnp.clip(1.6 * jnp.abs(x) - 0.5, 0.0, 1.0)
    veins = corners * (0.3 + 0.15 * jnp.sin(63 * y + 23 * x + phase))
    white = _SCLERA + veins * (_VEIN - _SCLERA)
    outside = _step(radius, 1.0, 0.16, blur)
    # The upper lid and the corners shade the ball.
    shade = 1.0 - 0.5 * _step(y, 0.27, 0.45, blur) - 0.25 * corners
    return Surface(of_iris + outside * (white - of_iris), jnp.ones_like(x), shade)


def flesh(place: Array) -> Surface:
    """Gums, tongue and the inside of the mouth; ``place`` [3, N] as the mesh has it."""
    uneven = 1.0 + 0.12 * jnp.sin(900 * place[1]) * jnp.sin(700 * place[2])
    open_ = _mouth_openness(place[0])
    return Surface(jnp.asarray(_FLESH) * uneven, 0.5 * open_, open_)


def teeth(place: Array, yellow: Array) -> Surface:
    """Teeth; ``yellow`` from 0 white to 1."""
    open_ = _mouth_openness(place[0] - 0.004)
    albedo = jnp.broadcast_to(_TEETH - yellow * _YELLOW, place.shape)
    return Surface(albedo, 0.8 * open_, open_)


def _mouth_openness(behind: Array) -> Array:
    """Light inside the mouth, by the metres behind the lips."""
    return 0.85 * jnp.exp(-jnp.maximum(behind - 0.004, 0.0) / 0.028)


def hair(place: Array, colour: Array, shade: Array, pixel: Array) -> Surface:
    """A lock of hair.

    Args:
      place: [3, N] across -1 to 1, along 0 to 1, number of the lock.
      colour: [3, N].
      shade: [N] of its vertices.
      pixel: metres that a pixel spans.
    """
    across, along, lock = place
    seed, blur = 43.0 * lock, pixel / _LOCK_HALF_WIDTH
    strands = 0.7 * jnp.sin(7 * across + 17 * seed + 1.5 * along) * _fade(7 * blur)
    strands += 0.8 * jnp.sin(15 * across + 31 * seed - 2.2 * along) * _fade(15 * blur)
    strands += 0.8 * jnp.sin(29 * across + 13 * seed + 3.1 * along) * _fade(29 * blur)
    tone = shade * jnp.exp(0.19 * strands)
    return Surface(colour * tone, jnp.ones_like(tone), jnp.clip(shade, 0.6, 1.0))


def cloth(
    place: Array, colour: Array, second: Array, stripes: Array, pixel: Array
) -> Surface:
    """Clothes.

    Args:
      place: [3, N] metres below the collar, side, collar's band.
      colour: [3] of the cloth.
      second: [3] of stripes and collar.
      stripes: how strong they are, 0 to 1.
      pixel: metres that a pixel spans.
    """
    down, side, band = place
    stripe = _step(jnp.sin(170.0 * down), 0.2, 0.3, 170.0 * pixel) * stripes
    weave = 1.0 + 0.05 * jnp.sin(900 * down) * _fade(900 * pixel)
    weave += 0.04 * jnp.sin(150 * side) * _fade(900 * pixel)
    folds = 1.0 + 0.1 * jnp.sin(23 * side + 40 * down) * jnp.clip(down * 8, 0, 1)
    cover = jnp.maximum(stripe * (1 - band), 0.55 * band)
    albedo = colour[:, None] + cover * (second - colour)[:, None]
    nothing = jnp.zeros_like(down)
    return Surface(albedo * weave * folds, nothing, jnp.ones_like(down))


def _step(values: Array, edge: Array | float, width: float, blur: Array) -> Array:
    """0 below an edge, 1 above, smooth over a width and what a pixel spans of it."""
    t = jnp.clip((values - edge) / jnp.hypot(width, blur) + 0.5, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _fade(phase: Array) -> Array:
    """How much of a wave is left in pixels that span so many radians of it."""
    return jnp.exp(-0.125 * phase**2)
