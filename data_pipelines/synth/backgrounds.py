"""What is behind people: walls, rooms, gardens, streets and lights, out of focus."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

_SIDE = 128
"""Backgrounds are drawn at this size: out of focus they have no finer detail."""

_DOWN, _ACROSS = (np.mgrid[:_SIDE, :_SIDE].astype(np.float32) + 0.5) / _SIDE
"""Places of the pixels, y down and x to the right in [0, 1]."""

_INTERIOR = np.array(
    [
        (0.72, 0.68, 0.62),
        (0.62, 0.66, 0.68),
        (0.55, 0.48, 0.40),
        (0.42, 0.47, 0.44),
        (0.70, 0.60, 0.50),
        (0.30, 0.33, 0.38),
        (0.80, 0.79, 0.77),
        (0.46, 0.36, 0.34),
    ]
)
"""sRGB colours of walls and furniture."""
_FOLIAGE = np.array([(0.28, 0.40, 0.18), (0.40, 0.50, 0.24), (0.16, 0.26, 0.14)])
_SKY = np.array([(0.62, 0.74, 0.88), (0.80, 0.84, 0.88), (0.90, 0.82, 0.72)])
_STONE = np.array([(0.58, 0.54, 0.50), (0.62, 0.46, 0.38), (0.48, 0.50, 0.54)])


def draw_background(seed: int, size: int) -> np.ndarray:
    """Draws a background out of focus.

    Args:
      seed: not negative; equal seeds give equal pictures.
      size: side S in pixels.

    Returns:
      uint8 [S, S, 3] sRGB.

    Raises:
      ValueError: the seed is negative, or the size is not positive.
    """
    if seed < 0 or size < 1:
        raise ValueError(
            f"seed, size: expected at least 0 and 1, got {seed} and {size}"
        )
    random = np.random.default_rng([seed, 30])
    paint = _PLACES[int(random.choice(len(_PLACES), p=_LIKELY))]
    picture: Any = paint(random).astype(np.float32)
    focus = float(random.uniform(1.0, 5.0))
    picture = cv2.GaussianBlur(picture, (0, 0), focus, borderType=cv2.BORDER_REFLECT)
    picture = picture * _falloff(random)[..., None]
    shrinking = size < _SIDE
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    picture = cv2.resize(picture, (size, size), interpolation=method)
    strength = np.float32(random.uniform(0.0, 0.012))
    grain = strength * random.standard_normal((size, size, 1), np.float32)
    return np.round(np.clip(picture + grain, 0.0, 1.0) * 255).astype(np.uint8)


def _wall(random: np.random.Generator) -> np.ndarray:
    """One colour, uneven."""
    return _plain(_pick(random, _INTERIOR)) * (
        1.0 + 0.08 * _clouds(random, 40)[..., None]
    )


def _studio(random: np.random.Generator) -> np.ndarray:
    """Paper with a spot of light."""
    x, y = random.uniform(0.2, 0.8, 2)
    spot = np.exp(-(_distance(x, y) ** 2) / (2 * random.uniform(0.2, 0.5) ** 2))
    tone = random.uniform(0.1, 0.75) + random.uniform(0.1, 0.35) * spot
    return tone[..., None] * (1.0 + 0.06 * random.normal(0.0, 1.0, 3))


def _room(random: np.random.Generator) -> np.ndarray:
    """A wall with furniture, pictures, a door, perhaps a window."""
    picture = _wall(random)
    if random.random() < 0.6:
        floor = random.uniform(0.75, 0.95)
        _fill(picture, 0.0, floor, 1.0, 1.0, 0.7 * _pick(random, _INTERIOR))
    for _ in range(random.integers(2, 6)):
        width, height = random.uniform(0.08, 0.4), random.uniform(0.1, 0.8)
        left, top = random.uniform(-0.1, 0.95), random.uniform(0.0, 0.9)
        colour = _pick(random, _INTERIOR) * random.uniform(0.35, 1.05)
        _fill(picture, left, top, left + width, top + height, colour)
    if random.random() < 0.4:
        left, width = random.uniform(-0.1, 0.8), random.uniform(0.15, 0.35)
        bright = _pick(random, _SKY) * random.uniform(0.9, 1.15)
        _fill(picture, left, 0.05, left + width, random.uniform(0.45, 0.7), bright)
    return picture


def _shelves(random: np.random.Generator) -> np.ndarray:
    """Books in rows."""
    picture = _plain(_pick(random, _INTERIOR) * 0.5)
    rows = int(random.integers(3, 6))
    for row in range(rows):
        left = 0.0
        while left < 1.0:
            width, rest = random.uniform(0.015, 0.05), random.uniform(0.0, 0.35)
            colour = random.uniform(0.1, 0.7, 3) * 0.4 + 0.4 * _pick(random, _INTERIOR)
            top, bottom = (row + 0.1 + rest) / rows, (row + 0.92) / rows
            _fill(picture, left, top, left + width, bottom, colour)
            left += width + random.uniform(0.0, 0.01)
    return picture


def _garden(random: np.random.Generator) -> np.ndarray:
    """Leaves before sky or shade."""
    horizon = random.uniform(-0.2, 0.6)
    sky, shade = _pick(random, _SKY), _pick(random, _FOLIAGE)
    border = _smooth((_DOWN - horizon + 0.12 * _clouds(random, 14)) / 0.12)[..., None]
    picture = sky + border * (shade - sky)
    for scale in (9, 5, 3):
        cover = _smooth((_clouds(random, scale) - random.uniform(-0.2, 0.7)) / 0.5)
        cover = (cover * border[..., 0])[..., None]
        picture = picture + cover * (_pick(random, _FOLIAGE) * 1.2 - picture)
    return picture


def _street(random: np.random.Generator) -> np.ndarray:
    """Fronts of houses with windows, sky above, road below."""
    picture = _plain(_pick(random, _SKY))
    left = -0.1
    while left < 1.0:
        width, top = random.uniform(0.2, 0.5), random.uniform(-0.3, 0.35)
        stone = _pick(random, _STONE) * random.uniform(0.6, 1.1)
        _fill(picture, left, top, left + width, 1.0, stone)
        columns, step = int(random.integers(2, 5)), random.uniform(0.12, 0.2)
        window = stone * random.uniform(0.35, 0.6) + 0.06
        for row in np.arange(top + 0.06, 0.85, step):
            for column in range(columns):
                x = left + width * (column + 0.25) / columns
                _fill(
                    picture, x, row, x + 0.5 * width / columns, row + 0.6 * step, window
                )
        left += width
    _fill(
        picture, 0.0, random.uniform(0.8, 0.95), 1.0, 1.0, _pick(random, _STONE) * 0.6
    )
    return picture


def _lights(random: np.random.Generator) -> np.ndarray:
    """Lamps at night, each a disc."""
    picture = (
        _plain(random.uniform(0.02, 0.14, 3)) + 0.05 * _clouds(random, 25)[..., None]
    )
    for _ in range(random.integers(8, 26)):
        x, y = random.uniform(0.0, 1.0), random.beta(1.5, 2.0)
        disc = _smooth((random.uniform(0.02, 0.07) - _distance(x, y)) / 0.012)
        warm = random.normal(0.25, 0.4)
        colour = np.clip([1.0 + 0.4 * warm, 0.9, 0.8 - 0.5 * warm], 0.05, 1.3)
        picture = picture + (random.uniform(0.15, 0.7) * disc)[..., None] * colour
    return picture


_PLACES: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    _wall,
    _studio,
    _room,
    _shelves,
    _garden,
    _street,
    _lights,
)
_LIKELY = (0.15, 0.15, 0.27, 0.08, 0.15, 0.12, 0.08)


def _distance(x: float, y: float) -> np.ndarray:
    """Distance of every pixel from a place, [_SIDE, _SIDE]."""
    return np.hypot(_ACROSS - x, _DOWN - y)


def _plain(colour: np.ndarray) -> np.ndarray:
    return np.tile(colour, (_SIDE, _SIDE, 1))


def _pick(random: np.random.Generator, colours: np.ndarray) -> np.ndarray:
    """One of some colours, [3], slightly changed."""
    chosen = colours[random.integers(len(colours))]
    return np.clip(
        chosen * random.uniform(0.85, 1.15) + random.normal(0, 0.03, 3), 0, 1
    )


def _fill(
    picture: np.ndarray,
    left: float,
    top: float,
    right: float,
    bottom: float,
    colour: np.ndarray,
) -> None:
    """Paints a rectangle given in shares of the picture, lighter towards its top."""
    x0, y0, x1, y1 = (
        min(max(round(edge * _SIDE), 0), _SIDE) for edge in (left, top, right, bottom)
    )
    shade = np.linspace(1.06, 0.9, max(y1 - y0, 0))[:, None, None]
    picture[y0:y1, x0:x1] = colour * shade


def _clouds(random: np.random.Generator, scale: float) -> np.ndarray:
    """Smooth noise of deviation about 1, [_SIDE, _SIDE]; ``scale`` in pixels."""
    cells = max(round(_SIDE / (1.8 * scale)), 2) + 2
    noise = random.standard_normal((cells, cells)).astype(np.float32)
    enlarged = round(_SIDE * cells / (cells - 2))
    smooth = cv2.resize(noise, (enlarged, enlarged), interpolation=cv2.INTER_CUBIC)
    first = (enlarged - _SIDE) // 2
    return 1.3 * smooth[first : first + _SIDE, first : first + _SIDE]


def _smooth(values: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(values, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _falloff(random: np.random.Generator) -> np.ndarray:
    """Light that falls from one side and less at the corners, [_SIDE, _SIDE]."""
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0.0, 0.3)
    slope = (_ACROSS - 0.5) * np.cos(angle) + (_DOWN - 0.5) * np.sin(angle)
    corners = 1.0 - random.uniform(0.0, 0.35) * _distance(0.5, 0.5) ** 2
    return ((1.0 + strength * slope) * corners).astype(np.float32)
