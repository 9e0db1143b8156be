"""Locks of beards: short, pointing down and a little forwards."""

import numpy as np

from data_pipelines.synth.complexion import ears
from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.growth import SEGMENTS
from data_pipelines.synth.people import Hair
from data_pipelines.synth.support import Support

LONG_BEARDS = ("moustache", "goatee", "full")
"""Beards that have locks; shorter ones are painted on the skin."""

_REACH = 0.033
"""Metres from the middle to the ends of a moustache."""


def beard_roots(face: FaceMap, cover: np.ndarray) -> np.ndarray:
    """Density of the locks' roots, [SIDE, SIDE], where a beard covers the skin.

    Moustaches are small, and all of their short locks are seen.
    """
    dense = np.maximum(cover - 0.35, 0.0) * (ears(face) < 0.05)
    left, right = (int(face.offset(51, side * _REACH, 0.0)[0]) for side in (-1, 1))
    dense[: _mouth_row(face), left:right] *= 4.0
    return dense


def _mouth_row(face: FaceMap) -> int:
    return int(face.marks[48:60, 1].mean())


def beard_lines(
    random: np.random.Generator,
    hair: Hair,
    face: FaceMap,
    support: Support,
    roots: np.ndarray,
) -> np.ndarray:
    """Centre lines of a beard's locks.

    Args:
      random: source of the numbers.
      hair: gives the length of the beard.
      face: landmarks of the head on the unrolled picture.
      support: the person's neutral head.
      roots: [L, 2] pixels of the unrolled picture.

    Returns:
      [L, SEGMENTS + 1, 3] float32 metres.
    """
    points = support.on_surface(roots)
    outwards = support.outwards(points)
    near = np.abs(roots[:, :1] - face.marks[51, 0]) < face.pixels(_REACH)
    moustache = near & (roots[:, 1:] < _mouth_row(face))
    side = np.sign(points[:, :1]) * np.array([1.0, 0.0, 0.0])
    direction = np.where(
        moustache,
        0.35 * outwards + 0.75 * side + np.array([0.0, -0.5, 0.0]),
        0.3 * outwards + 0.2 * side + np.array([0.0, -0.9, 0.0]),
    )
    direction = direction + random.normal(0.0, 0.2, direction.shape)
    length = hair.beard_length * random.uniform(0.5, 1.2, (len(roots), 1))
    # A moustache ends above the mouth.
    length = np.where(moustache, np.minimum(length, 0.006), length)
    along = np.linspace(0.0, 1.0, SEGMENTS + 1)[None, :, None]
    bend = np.array([0.0, -0.3, 0.0]) * along**2
    lines = points[:, None] + (direction[:, None] * along + bend) * length[:, None]
    return (lines + 0.0012 * outwards[:, None]).astype(np.float32)
