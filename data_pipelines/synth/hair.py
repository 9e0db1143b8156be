"""Hair and beards: locks grown from the head of a person, as centre lines.

A lock starts on the head, goes where the style combs it, is held above the surface by
its layer, and falls where nothing holds it. All locks grow at once, step by step.
"""

import dataclasses

import numpy as np

from data_pipelines.synth.beards import LONG_BEARDS, beard_lines, beard_roots
from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.growth import SEGMENTS, grow_lines
from data_pipelines.synth.hair_cover import beard_cover, scalp_cover
from data_pipelines.synth.hair_styles import STYLES
from data_pipelines.synth.people import Hair
from data_pipelines.synth.support import Support
from data_pipelines.synth.unrolled import SIDE, azimuths_of

SCALP_LOCKS = 1050
BEARD_LOCKS = 250
LOCKS = SCALP_LOCKS + BEARD_LOCKS


@dataclasses.dataclass(frozen=True)
class Locks:
    """Centre lines of all locks; locks that a person lacks have width 0.

    Attributes:
      roots: [LOCKS, 2] float32, on the unrolled picture.
      lines: [LOCKS, SEGMENTS + 1, 3] float32 metres, around the neutral head.
      widths: [LOCKS] float32 metres.
      layers: [LOCKS] float32, 0 next to the head to 1 outside.
    """

    roots: np.ndarray
    lines: np.ndarray
    widths: np.ndarray
    layers: np.ndarray


def grow_locks(hair: Hair, seed: int, face: FaceMap, support: Support) -> Locks:
    """Grows hair and beard.

    Args:
      hair: the style.
      seed: of the person.
      face: landmarks of the head on the unrolled picture.
      support: the person's neutral head.

    Returns:
      The locks, hair first; equal for equal arguments.
    """
    random = np.random.default_rng([seed, 6])
    scalp = _scalp_locks(random, hair, seed, face, support)
    beard = _beard_locks(random, hair, seed, face, support)
    pairs = zip(dataclasses.astuple(scalp), dataclasses.astuple(beard), strict=True)
    return Locks(*(np.concatenate(pair) for pair in pairs))


def _scalp_locks(
    random: np.random.Generator,
    hair: Hair,
    seed: int,
    face: FaceMap,
    support: Support,
) -> Locks:
    if hair.style not in STYLES:
        return _no_locks(SCALP_LOCKS, support)
    style = STYLES[hair.style]
    cover = np.maximum(scalp_cover(face, hair, seed) - 0.25, 0.0)
    cover *= _polar_share(support)[:, None]
    roots = _sample_roots(random, cover, SCALP_LOCKS)
    layers = random.random(SCALP_LOCKS).astype(np.float32)
    lines = grow_lines(random, hair, style, face, support, roots, layers)
    widths = style.width * random.uniform(0.7, 1.3, SCALP_LOCKS)
    return Locks(roots, lines, widths.astype(np.float32), layers)


def _beard_locks(
    random: np.random.Generator,
    hair: Hair,
    seed: int,
    face: FaceMap,
    support: Support,
) -> Locks:
    if hair.beard not in LONG_BEARDS:
        return _no_locks(BEARD_LOCKS, support)
    dense = beard_roots(face, beard_cover(face, hair.beard, seed))
    roots = _sample_roots(random, dense, BEARD_LOCKS)
    lines = beard_lines(random, hair, face, support, roots)
    widths = random.uniform(0.0014, 0.0028, BEARD_LOCKS).astype(np.float32)
    layers = random.random(BEARD_LOCKS).astype(np.float32)
    return Locks(roots, lines, widths, layers)


def _no_locks(count: int, support: Support) -> Locks:
    """Locks of no width inside the head."""
    roots = np.full((count, 2), SIDE / 2, np.float32)
    lines = np.repeat(support.on_surface(roots)[:, None], SEGMENTS + 1, axis=1)
    nothing = np.zeros(count, np.float32)
    return Locks(roots, lines, nothing, nothing)


def _sample_roots(
    random: np.random.Generator, cover: np.ndarray, count: int
) -> np.ndarray:
    """Pixels [count, 2] drawn where a cover [SIDE, SIDE] is high, fairly even."""
    azimuth = azimuths_of(np.arange(SIDE + 1, dtype=np.float32))
    weights = cover * np.diff(azimuth)[None, :]
    total = np.cumsum(weights.ravel().astype(np.float64))
    steps = (np.arange(count) + random.random(count)) / count
    cells = np.searchsorted(total, steps * total[-1]).clip(0, SIDE * SIDE - 1)
    pixels = np.stack([cells % SIDE, cells // SIDE], axis=1)
    return (pixels + random.random((count, 2))).astype(np.float32)


def _polar_share(support: Support) -> np.ndarray:
    """Length of every row of the picture over that of the brows' row, [SIDE]."""
    height = support.unrolling.height_of(np.arange(SIDE) + 0.5)
    angle = np.clip((height - support.unrolling.crown_y) / 0.1, 0.0, np.pi / 2)
    return np.cos(angle).astype(np.float32) + 0.02
