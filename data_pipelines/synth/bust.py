"""Shoulders and clothes below the neck: rings around a body's axis."""

import dataclasses

import numpy as np

from data_pipelines.synth.people import Clothes
from data_pipelines.synth.support import Support
from data_pipelines.synth.unrolled import SIDE

RINGS, AROUND = 14, 40
NUM_VERTICES = RINGS * AROUND

_SHAPE = np.array(
    [
        # metres under the collar, half breadth, half depth, shift back, off the skin
        (0.000, 0.000, 0.000, 0.000, 0.0008),
        (0.004, 0.000, 0.000, 0.000, 0.0035),
        (0.011, 0.000, 0.000, 0.001, 0.006),
        (0.018, 0.000, 0.000, 0.002, 0.011),
        (0.027, 0.094, 0.078, 0.005, 0.01),
        (0.038, 0.122, 0.088, 0.009, 0.01),
        (0.052, 0.150, 0.096, 0.012, 0.01),
        (0.068, 0.176, 0.103, 0.014, 0.01),
        (0.088, 0.196, 0.110, 0.015, 0.01),
        (0.115, 0.209, 0.117, 0.014, 0.01),
        (0.150, 0.216, 0.123, 0.012, 0.01),
        (0.200, 0.219, 0.128, 0.010, 0.01),
        (0.270, 0.218, 0.130, 0.010, 0.01),
        (0.360, 0.212, 0.130, 0.010, 0.01),
    ],
    np.float32,
)
"""Rings from the collar down: those of the collar lie around the neck, those of the
shoulders are ellipses that the neck may widen."""

FOLLOWS = np.array([0.9] * 4 + [0.6, 0.35, 0.2, 0.1] + [0.0] * 6, np.float32)
"""How far each ring goes with the neck, not with the shoulders."""

_RISE = {"crew": 0.0, "shirt": 0.02, "turtleneck": 0.03, "hood": 0.01}
_COLLAR_RINGS = 4

_BELOW_CHIN = 0.046
_HEIGHTS = np.linspace(0.04, -0.06, 26)
"""Metres above the collar at which necks are measured, from the top."""
_FRONT_DROP, _HIGHEST = 0.014, 0.035
"""How much deeper a collar lies in front than at the sides, and how far it may rise
where the neck widens early, metres."""
_OVERLAP = 0.016
"""Metres of skin under the collar that are kept."""
_WIDENING = 1.12
"""Where a neck is so many times wider than at its narrowest, shoulders begin."""
_ANGLES = np.linspace(-np.pi, np.pi, AROUND, endpoint=False)
"""Radians of the points of a ring, from the back over the right side to the front."""


@dataclasses.dataclass(frozen=True)
class Neck:
    """Where a neck goes into the clothes.

    Attributes:
      centre: [3] float32 metres, on the neck's axis.
      radii: [len(_HEIGHTS), AROUND] metres of the skin around the axis.
    """

    centre: np.ndarray
    radii: np.ndarray

    def radii_at(self, heights: np.ndarray) -> np.ndarray:
        """Radius at heights [..., AROUND] metres above the centre."""
        step = (_HEIGHTS[0] - heights) / (_HEIGHTS[0] - _HEIGHTS[1])
        row = np.clip(step, 0, len(_HEIGHTS) - 1.001)
        upper, share, column = row.astype(int), row % 1, np.arange(AROUND)
        low, high = self.radii[upper + 1, column], self.radii[upper, column]
        return high + share * (low - high)


def measure_neck(ground: Support, chin: np.ndarray) -> Neck:
    """Measures the neck of a neutral head.

    Args:
      ground: the head.
      chin: [3], landmark of the chin.

    Returns:
      The neck, its centre a few centimetres below the chin.
    """
    level = float(chin[1]) - _BELOW_CHIN
    unrolling = ground.unrolling
    rows = (unrolling.height_of(0.0) - level - _HEIGHTS) / unrolling.metres_per_pixel
    columns = np.arange(0, SIDE, 4) + 0.5
    pixels = np.stack(np.broadcast_arrays(columns[None], rows[:, None]), axis=-1)
    points = ground.on_surface(pixels.astype(np.float32))
    middle = points[np.abs(_HEIGHTS).argmin(), :, 2]
    depth = 0.5 * float(middle.min() + middle.max())
    side, front = points[..., 0], points[..., 2] - depth
    around, away = np.arctan2(side, front), np.hypot(side, front)
    radii = [
        np.interp(_ANGLES, angle, radius, period=2 * np.pi)
        for angle, radius in zip(around, away, strict=True)
    ]
    centre = np.array([0.0, level, depth], np.float32)
    return Neck(centre, np.stack(radii))


def _collar_heights(neck: Neck) -> np.ndarray:
    """Height [AROUND] over the neck's centre at which the collar lies."""
    nominal = -_FRONT_DROP * np.cos(_ANGLES)
    above = _HEIGHTS[:, None] >= nominal
    near = above & (_HEIGHTS[:, None] <= _HIGHEST)
    narrowest = np.where(near, neck.radii, np.inf).min(axis=0)
    fits = near & (neck.radii <= _WIDENING * narrowest)
    lowest = np.where(fits, _HEIGHTS[:, None], np.inf).min(axis=0)
    kernel = np.hanning(9)[1:-1] / np.hanning(9).sum()
    wrapped = np.concatenate([lowest[-3:], lowest, lowest[:3]])
    return np.convolve(wrapped, kernel, mode="valid")


def hidden(neck: Neck, points: np.ndarray) -> np.ndarray:
    """Which points [N, 3] of a head lie so far under the collar that none is seen."""
    away = points - neck.centre
    angle = np.arctan2(away[:, 0], away[:, 2])
    collar = np.interp(angle, _ANGLES, _collar_heights(neck), period=2 * np.pi)
    return away[:, 1] < collar - _OVERLAP


def bust_vertices(clothes: Clothes, neck: Neck) -> np.ndarray:
    """Vertices of shoulders and collar, relative to the neck's centre.

    Args:
      clothes: the collar's kind.
      neck: where the neck is.

    Returns:
      [NUM_VERTICES, 3] float32 metres, ring by ring from the collar down.
    """
    down, breadth, depth, back, off = _SHAPE.T[:, :, None]
    side, front = np.sin(_ANGLES)[None], np.cos(_ANGLES)[None]
    collar = _collar_heights(neck)
    height = _ring_heights(clothes, collar, down, side, front)
    skin = neck.radii_at(np.clip(height, collar - _OVERLAP, collar + 0.01)) + off
    ellipse = breadth * depth / np.hypot(depth * side, breadth * front).clip(1e-9)
    radius = np.maximum(ellipse, skin)
    if clothes.collar == "hood":
        behind = np.clip(0.35 - front, 0.0, 1.0) * (down < 0.02)
        radius = radius + 0.03 * behind
    rings = [radius * side, height, radius * front - back]
    return np.stack(rings, axis=-1).reshape(-1, 3).astype(np.float32)


def _ring_heights(
    clothes: Clothes,
    collar: np.ndarray,
    down: np.ndarray,
    side: np.ndarray,
    front: np.ndarray,
) -> np.ndarray:
    """Heights [RINGS, AROUND] of all rings over the neck's centre."""
    rise = np.full((1, AROUND), _RISE[clothes.collar])
    if clothes.collar == "shirt":
        rise = rise * np.clip((1.0 - front) * 1.2, 0.0, 1.0)
    share = np.clip(1.0 - np.arange(RINGS) / _COLLAR_RINGS, 0.0, 1.0)[:, None]
    # Shoulders fall towards the sides: the middle of a ring lies higher than its ends.
    droop = -0.035 * np.abs(side) ** 3 * np.clip(down / 0.05, 0.0, 1.0)
    droop = droop * np.clip(1.0 - down / 0.2, 0.0, 1.0)
    return collar * np.clip(1.0 - down / 0.08, 0.0, 1.0) - down + rise * share + droop


def bust_faces() -> np.ndarray:
    """Triangles [F, 3] int32, counter-clockwise seen from outside."""
    ring, step = np.meshgrid(np.arange(RINGS - 1), np.arange(AROUND), indexing="ij")
    here, beside = ring * AROUND + step, ring * AROUND + (step + 1) % AROUND
    first = np.stack([here, here + AROUND, beside], axis=-1)
    second = np.stack([beside, here + AROUND, beside + AROUND], axis=-1)
    return np.stack([first, second], axis=2).reshape(-1, 3).astype(np.int32)


def cloth_coordinates() -> np.ndarray:
    """Metres below the collar, side from -1 to 1, and 1 on the collar's band.

    Returns:
      [NUM_VERTICES, 3] float32.
    """
    down = np.repeat(_SHAPE[:, 0], AROUND)
    around = np.tile(np.sin(_ANGLES), RINGS)
    band = np.repeat((np.arange(RINGS) < _COLLAR_RINGS).astype(np.float32), AROUND)
    return np.stack([down, around, band], axis=1).astype(np.float32)


def bust_shades() -> np.ndarray:
    """Ambient light that reaches the bust, [NUM_VERTICES] float32: less at the neck."""
    down = np.repeat(_SHAPE[:, 0], AROUND)
    return np.clip(0.35 + down / 0.07, 0.0, 1.0).astype(np.float32)
