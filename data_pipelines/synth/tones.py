"""Colours of people: skin, hair, irises, lips and cloth, as linear RGB in [0, 1].

Skin is a mixture of two absorbers seen through a scattering layer: melanin darkens and
browns, blood takes green and blue away. Both act on the logarithm of the reflectance.
Hair follows from its two melanins in the same way.
"""

import colorsys

import numpy as np

Colour = tuple[float, float, float]

_MELANIN_STEPS = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
_MELANIN_TONES = np.array(
    [
        [236, 203, 183],
        [227, 184, 155],
        [208, 158, 122],
        [168, 116, 82],
        [120, 78, 55],
        [80, 52, 39],
    ],
    np.float32,
)
"""sRGB of typical skin at these shares of melanin, with no blood added."""

BLOOD = np.array([0.06, 0.42, 0.36], np.float32)
"""Loss of the logarithm of reflectance per unit of blood."""

_EUMELANIN = np.array([0.419, 0.697, 1.37])
_PHEOMELANIN = np.array([0.187, 0.4, 1.05])
"""Absorption per unit of the melanins of hair (d'Eon et al., 2011)."""

_IRISES = {
    "brown": (0.085, 0.034, 0.012),
    "dark": (0.03, 0.014, 0.008),
    "hazel": (0.14, 0.085, 0.025),
    "green": (0.1, 0.12, 0.055),
    "blue": (0.085, 0.15, 0.22),
    "grey": (0.14, 0.17, 0.19),
}


def from_srgb(values: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] of sRGB values in [0, 1]; any shape."""
    values = np.asarray(values, np.float32)
    return np.where(
        values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    )


def log_skin(melanin: np.ndarray | float, blood: np.ndarray | float) -> np.ndarray:
    """Logarithm of the reflectance of skin.

    Args:
      melanin: [...] in [0, 1]; values outside are cut.
      blood: [...] above the usual amount, may be negative.

    Returns:
      [..., 3] float32.
    """
    table = np.log(from_srgb(_MELANIN_TONES / 255.0))
    steps = _MELANIN_STEPS.astype(np.float32)
    position = np.clip(np.asarray(melanin, np.float32), 0.0, 1.0)
    tone = np.stack([np.interp(position, steps, column) for column in table.T], -1)
    return (tone - np.asarray(blood, np.float32)[..., None] * BLOOD).astype(np.float32)


def draw_hair_colour(
    random: np.random.Generator, melanin: float, grey: float
) -> Colour:
    """A natural hair colour that goes with a skin, whitened by ``grey`` in [0, 1]."""
    darkness = np.clip(random.normal(0.48 + 1.1 * melanin, 0.28), 0.04, 1.0)
    eumelanin = 0.18 * (45.0**darkness)
    red = random.random() < 0.1 * (1.0 - min(1.0, 2.0 * melanin))
    pheomelanin = random.uniform(1.2, 2.4) if red else random.uniform(0.2, 0.9)
    eumelanin *= 0.35 if red else 1.0
    absorption = eumelanin * _EUMELANIN + pheomelanin * _PHEOMELANIN
    natural = np.exp(-2.3 * np.sqrt(absorption))
    white = np.array([0.56, 0.54, 0.51])
    return _colour(natural + (white - natural) * 0.85 * grey)


def draw_iris_colour(random: np.random.Generator, melanin: float) -> Colour:
    """A natural iris colour; light ones come with fair skin."""
    light = max(0.0, 1.0 - 2.0 * melanin)
    likely = np.array(
        [0.4, 0.2 + melanin, 0.22 * light, 0.2 * light, 0.5 * light, 0.2 * light]
    )
    name = str(random.choice(list(_IRISES), p=likely / likely.sum()))
    return _colour(np.array(_IRISES[name]) * random.uniform(0.75, 1.3, 3))


def draw_lipstick(random: np.random.Generator) -> Colour:
    """Reds, roses and browns."""
    return _from_hsv(
        random.uniform(-0.07, 0.03), random.uniform(0.5, 0.9), random.uniform(0.35, 0.8)
    )


def draw_eye_shadow(random: np.random.Generator) -> Colour:
    """Browns and violets, rarely blue."""
    hue = random.choice([0.05, 0.9, 0.75, 0.6], p=[0.5, 0.25, 0.15, 0.1])
    return _from_hsv(hue, random.uniform(0.2, 0.6), random.uniform(0.2, 0.6))


def draw_cloth_colour(random: np.random.Generator) -> Colour:
    """White, black, greys, blues, and now and then something bright."""
    if random.random() < 0.35:
        return _from_hsv(0.0, 0.0, float(random.uniform(0.08, 0.95)))
    hue = float(random.uniform(0.5, 0.72) if random.random() < 0.4 else random.random())
    return _from_hsv(hue, random.uniform(0.15, 0.8), random.uniform(0.15, 0.85))


def _from_hsv(hue: float, saturation: float, value: float) -> Colour:
    return _colour(
        from_srgb(np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value)))
    )


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = (float(value) for value in np.clip(values, 0.0, 1.0))
    return red, green, blue
