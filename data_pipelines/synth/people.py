"""Who is seen: plain numbers that say how a synthetic person looks.

A person is drawn from a seed and never changes: the same seed gives the same person on
every head. Colours are linear RGB in [0, 1], lengths are metres.
"""

import dataclasses

import numpy as np

from data_pipelines.synth import tones
from face_jax.geometry.head import HeadModel

HAIR_STYLES = (
    "bald",
    "buzz",
    "short",
    "side_part",
    "slick",
    "fringe",
    "bob",
    "long",
    "curly",
    "bun",
    "bob_fringe",
    "long_fringe",
    "swept",
)
BEARD_STYLES = ("none", "stubble", "moustache", "goatee", "full")
COLLARS = ("crew", "shirt", "turtleneck", "hood")

_LARGEST_SHAPE = 2.2
"""Identity coefficients are cut here: beyond, heads leave the human range."""


@dataclasses.dataclass(frozen=True)
class Skin:
    """Colour and texture of the skin.

    Attributes:
      melanin: 0 very fair to 1 very dark.
      redness: blood under the skin, about 1.
      wrinkles: 0 smooth to 1 old.
      freckles: 0 none to 1 many.
      moles: how many.
      blotches: strength of uneven colour, about 1.
      gloss: 0 dry to 1 oily.
    """

    melanin: float
    redness: float
    wrinkles: float
    freckles: float
    moles: int
    blotches: float
    gloss: float


@dataclasses.dataclass(frozen=True)
class Features:
    """Brows, lips, eyes and make-up.

    Attributes:
      brow_thickness: metres at the thickest place.
      brow_arch: metres by which the middle is lifted.
      brow_density: 0 sparse to 1 dense.
      brow_colour: linear RGB.
      iris_colour: linear RGB of the outer iris.
      pupil: radius as a share of the iris.
      lip_redness: blood of the lips above that of the skin.
      lipstick: 0 none to 1 covering.
      lipstick_colour: linear RGB.
      eye_shadow: 0 none to 1 covering.
      eye_shadow_colour: linear RGB.
      eye_liner: 0 none to 1 black.
    """

    brow_thickness: float
    brow_arch: float
    brow_density: float
    brow_colour: tuple[float, float, float]
    iris_colour: tuple[float, float, float]
    pupil: float
    lip_redness: float
    lipstick: float
    lipstick_colour: tuple[float, float, float]
    eye_shadow: float
    eye_shadow_colour: tuple[float, float, float]
    eye_liner: float


@dataclasses.dataclass(frozen=True)
class Hair:
    """Hair and beard.

    Attributes:
      style: one of HAIR_STYLES.
      colour: linear RGB.
      length: 0.7 to 1.3 of the style's usual length.
      volume: 0.7 to 1.3 of the style's usual volume.
      curl: 0 straight to 1 curly.
      part: -1 to 1, where the hair is parted; positive is the subject's left.
      recession: 0 young to 1 bare temples.
      beard: one of BEARD_STYLES.
      beard_length: metres.
    """

    style: str
    colour: tuple[float, float, float]
    length: float
    volume: float
    curl: float
    part: float
    recession: float
    beard: str
    beard_length: float


@dataclasses.dataclass(frozen=True)
class Clothes:
    """What is seen of the clothes.

    Attributes:
      collar: one of COLLARS.
      colour: linear RGB.
      second_colour: linear RGB of stripes and the collar.
      stripes: 0 plain to 1 full contrast.
    """

    collar: str
    colour: tuple[float, float, float]
    second_colour: tuple[float, float, float]
    stripes: float


@dataclasses.dataclass(frozen=True)
class Person:
    """A synthetic person.

    Attributes:
      seed: draws every detail that has no number of its own, such as pores.
      age: years.
      shape_params: identity coefficients of the head.
      skin: colour and texture of the skin.
      features: brows, lips, eyes and make-up.
      hair: hair and beard.
      clothes: what is seen of the clothes.
    """

    seed: int
    age: float
    shape_params: tuple[float, ...]
    skin: Skin
    features: Features
    hair: Hair
    clothes: Clothes


def draw_person(seed: int, head: HeadModel) -> Person:
    """Draws a person.

    Skin, hair and eyes are drawn together, as dark skin comes with dark hair and eyes
    more often than not; beards and make-up are worn by different people, at any shape
    of the head.

    Args:
      seed: who; not negative.
      head: gives the number of identity coefficients.

    Returns:
      The person; equal for equal arguments.

    Raises:
      ValueError: the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed: expected at least 0, got {seed}")
    random = np.random.default_rng([seed, 1])
    age = float(np.clip(random.gamma(5.0, 5.2) + 14.0, 18.0, 78.0))
    masculine = bool(random.random() < 0.5)
    melanin = float(random.beta(1.1, 1.35))
    skin = _draw_skin(random, age, melanin)
    hair = _draw_hair(random, age, melanin, masculine)
    features = _draw_features(random, melanin, masculine, hair.colour)
    clothes = _draw_clothes(random)
    shape = _draw_shape(seed, int(head.identity_basis.shape[-1]))
    return Person(seed, age, shape, skin, features, hair, clothes)


def _draw_shape(seed: int, count: int) -> tuple[float, ...]:
    """Normal identity coefficients, cut at the ends."""
    random = np.random.default_rng([seed, 2])
    drawn = np.clip(random.normal(size=count), -_LARGEST_SHAPE, _LARGEST_SHAPE)
    return tuple(float(value) for value in drawn.astype(np.float32))


def _draw_skin(random: np.random.Generator, age: float, melanin: float) -> Skin:
    wrinkles = np.clip((age - 28.0) / 45.0 + random.normal(0.0, 0.08), 0.0, 1.0)
    fair = max(0.0, 1.0 - 2.2 * melanin)
    freckled = random.random() < 0.12 + 0.4 * fair
    return Skin(
        melanin=melanin,
        redness=float(random.uniform(0.6, 1.4)),
        wrinkles=float(wrinkles),
        freckles=float(random.uniform(0.2, 1.0) * fair) if freckled else 0.0,
        moles=int(random.poisson(2.5)),
        blotches=float(random.uniform(0.5, 1.5)),
        gloss=float(random.uniform(0.2, 1.0)),
    )


def _draw_hair(
    random: np.random.Generator, age: float, melanin: float, masculine: bool
) -> Hair:
    grey = float(np.clip((age - 45.0) / 30.0 + random.normal(0.0, 0.15), 0.0, 1.0))
    colour = tones.draw_hair_colour(
        random, melanin, grey if random.random() < 0.7 else 0
    )
    likely = (
        (0.11, 0.13, 0.24, 0.18, 0.12, 0.1, 0.01, 0.02, 0.07, 0.01, 0.0, 0.0, 0.01)
        if masculine
        else (0.0, 0.02, 0.08, 0.08, 0.04, 0.04, 0.12, 0.2, 0.1, 0.12, 0.07, 0.06, 0.07)
    )
    style = str(random.choice(HAIR_STYLES, p=likely))
    wears = (0.34, 0.28, 0.08, 0.12, 0.18) if masculine else (1.0, 0, 0, 0, 0)
    beard = str(random.choice(BEARD_STYLES, p=wears))
    recession = np.clip((age - 30.0) / 50.0, 0.0, 1.0) * random.uniform(0.3, 1.0)
    return Hair(
        style=style,
        colour=colour,
        length=float(random.uniform(0.75, 1.3)),
        volume=float(random.uniform(0.7, 1.3)),
        curl=float(
            random.beta(0.8, 2.0) if style != "curly" else random.uniform(0.6, 1)
        ),
        part=float(random.uniform(-1.0, 1.0)),
        recession=float(recession) if masculine else float(0.2 * recession),
        beard=beard,
        beard_length=float(random.uniform(0.007, 0.02)),
    )


def _draw_features(
    random: np.random.Generator,
    melanin: float,
    masculine: bool,
    hair: tuple[float, float, float],
) -> Features:
    darker = np.minimum(np.asarray(hair) * random.uniform(0.45, 0.8), 0.16)
    brow_colour = (float(darker[0]), float(darker[1]), float(darker[2]))
    made_up = not masculine and random.random() < 0.6
    return Features(
        brow_thickness=float(
            random.uniform(0.0075, 0.0125)
            if masculine
            else random.uniform(0.005, 0.009)
        ),
        brow_arch=float(random.uniform(-0.0015, 0.0015) + 0.0015 * (not masculine)),
        brow_density=float(random.uniform(0.55, 1.0)),
        brow_colour=brow_colour,
        iris_colour=tones.draw_iris_colour(random, melanin),
        pupil=float(random.uniform(0.3, 0.48)),
        lip_redness=float(random.uniform(0.6, 1.3)),
        lipstick=float(random.uniform(0.3, 0.95)) if made_up else 0.0,
        lipstick_colour=tones.draw_lipstick(random),
        eye_shadow=float(random.uniform(0.1, 0.6)) if made_up else 0.0,
        eye_shadow_colour=tones.draw_eye_shadow(random),
        eye_liner=float(random.uniform(0.3, 1.0)) if made_up else 0.0,
    )


def _draw_clothes(random: np.random.Generator) -> Clothes:
    return Clothes(
        collar=str(random.choice(COLLARS, p=(0.42, 0.24, 0.16, 0.18))),
        colour=tones.draw_cloth_colour(random),
        second_colour=tones.draw_cloth_colour(random),
        stripes=float(random.uniform(0.2, 1.0)) if random.random() < 0.3 else 0.0,
    )
