"""Shoulders and clothes below the neck: rings around a body's axis."""

import dataclasses

import numpy as np

from data_pipelines.synth.people import Clothes

RINGS, AROUND = 14, 40
NUM_VERTICES = RINGS * AROUND

_SHAPE = np.array(
    [
        # height under the collar, half breadth, half depth, shift back, share of neck
        (0.000, 0.000, 0.000, 0.000, 1.0),
        (0.004, 0.004, 0.004, 0.000, 1.0),
        (0.012, 0.007, 0.007, 0.002, 1.0),
        (0.018, 0.016, 0.012, 0.004, 1.0),
        (0.026, 0.096, 0.080, 0.006, 0.0),
        (0.038, 0.122, 0.088, 0.009, 0.0),
        (0.052, 0.150, 0.096, 0.012, 0.0),
        (0.068, 0.176, 0.103, 0.014, 0.0),
        (0.088, 0.196, 0.110, 0.015, 0.0),
        (0.115, 0.209, 0.117, 0.014, 0.0),
        (0.150, 0.216, 0.123, 0.012, 0.0),
        (0.200, 0.219, 0.128, 0.010, 0.0),
        (0.270, 0.218, 0.130, 0.010, 0.0),
        (0.360, 0.212, 0.130, 0.010, 0.0),
    ],
    np.float32,
)
"""Rings from the collar down; near the collar sizes are added to those of the neck."""

_RISE = {"crew": 0.0, "shirt": 0.022, "turtleneck": 0.04, "hood": 0.012}
_COLLAR_RINGS = 4


@dataclasses.dataclass(frozen=True)
class Neck:
    """Where a neck goes into the clothes.

    Attributes:
      centre: [3] float32 metres, on the neck's axis.
      half_breadth: metres.
      half_depth: metres.
    """

    centre: np.ndarray
    half_breadth: float
    half_depth: float


def measure_neck(neutral: np.ndarray, skin: np.ndarray, chin: np.ndarray) -> Neck:
    """Measures the neck of a neutral head.

    Args:
      neutral: [V, 3] float32.
      skin: [n] int32, vertices of the skin.
      chin: [3], landmark of the chin.

    Returns:
      The neck a few centimetres below the chin.
    """
    points = neutral[skin]
    level = chin[1] - 0.043
    slice_ = points[np.abs(points[:, 1] - level) < 0.008]
    slice_ = slice_[np.abs(slice_[:, 0]) < 0.085]
    depth = slice_[:, 2]
    middle = 0.5 * float(depth.min() + depth.max())
    centre = np.array([0.0, level - 0.012, middle], np.float32)
    return Neck(centre, float(np.abs(slice_[:, 0]).max()), 0.5 * float(np.ptp(depth)))


def bust_vertices(clothes: Clothes, neck: Neck) -> np.ndarray:
    """Vertices of shoulders and collar, relative to the neck's centre.

    Args:
      clothes: the collar's kind.
      neck: where the neck is.

    Returns:
      [NUM_VERTICES, 3] float32 metres, ring by ring from the collar down.
    """
    down, breadth, depth, back, share = _SHAPE.T[:, :, None]
    breadth = breadth + share * neck.half_breadth
    depth = depth + share * neck.half_depth
    angle = np.linspace(0.0, 2 * np.pi, AROUND, endpoint=False)[None, :]
    side, front = np.sin(angle), np.cos(angle)
    rise = _RISE[clothes.collar] * (share > 0)
    slope = -0.022 * front * np.clip(1.0 - down / 0.05, 0.0, 1.0)
    if clothes.collar == "shirt":
        rise = rise * np.clip((1.0 - front) * 1.2, 0.0, 1.0)
    if clothes.collar == "hood":
        behind = np.clip(-front + 0.35, 0.0, 1.0) * (share > 0)
        breadth, depth = breadth + 0.028 * behind, depth + 0.035 * behind
    tall = np.linspace(1.0, 0.0, RINGS)[:, None] ** 0.5 * rise * (down < 0.02)
    # Shoulders fall towards the sides: the middle of a ring lies higher than its ends.
    droop = -0.035 * np.abs(side) ** 3 * np.clip(down / 0.05, 0.0, 1.0)
    droop = droop * np.clip(1.0 - down / 0.2, 0.0, 1.0)
    height = -down + slope + tall + droop
    return (
        np.stack([breadth * side, height + 0 * side, depth * front - back], axis=-1)
        .reshape(-1, 3)
        .astype(np.float32)
    )


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
    angle = np.linspace(0.0, 2 * np.pi, AROUND, endpoint=False)
    around = np.tile(np.sin(angle), RINGS)
    band = np.repeat((np.arange(RINGS) < _COLLAR_RINGS).astype(np.float32), AROUND)
    return np.stack([down, around, band], axis=1).astype(np.float32)


def bust_shades() -> np.ndarray:
    """Ambient light that reaches the bust, [NUM_VERTICES] float32: less at the neck."""
    down = np.repeat(_SHAPE[:, 0], AROUND)
    return np.clip(0.35 + down / 0.07, 0.0, 1.0).astype(np.float32)
