"""Hair and beards: locks grown from the head of a person, as centre lines.

A lock starts on the head, goes where the style combs it, is held above the surface by
its layer, and falls where nothing holds it. All locks grow at once, step by step.
"""

import dataclasses

import numpy as np

from data_pipelines.synth import hair_styles
from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.hair_styles import STYLES, Style
from data_pipelines.synth.people import Hair
from data_pipelines.synth.skin import beard_cover, scalp_cover
from data_pipelines.synth.support import Support
from data_pipelines.synth.unrolled import SIDE, azimuths_of

SCALP_LOCKS = 1050
BEARD_LOCKS = 250
LOCKS = SCALP_LOCKS + BEARD_LOCKS
SEGMENTS = 8

_FACE_AZIMUTH = 1.12
"""Half angle in radians that hair leaves to the face."""


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


def _scalp_locks(
    random: np.random.Generator,
    hair: Hair,
    seed: int,
    face: FaceMap,
    support: Support,
) -> Locks:
    cover = scalp_cover(face, hair, seed)
    crown_shrink = _polar_share(support)[:, None]
    roots = _sample_roots(
        random, np.maximum(cover - 0.25, 0) * crown_shrink, SCALP_LOCKS
    )
    if hair.style not in STYLES:
        return _no_locks(roots, support)
    style = STYLES[hair.style]
    layers = random.random(SCALP_LOCKS).astype(np.float32)
    lines = _grow(random, hair, style, face, support, roots, layers)
    widths = style.width * random.uniform(0.7, 1.3, SCALP_LOCKS)
    return Locks(roots, lines, widths.astype(np.float32), layers)


def _no_locks(roots: np.ndarray, support: Support) -> Locks:
    points = support.on_surface(roots)
    lines = np.repeat(points[:, None], SEGMENTS + 1, axis=1)
    nothing = np.zeros(len(roots), np.float32)
    return Locks(roots, lines, nothing, nothing)


def _polar_share(support: Support) -> np.ndarray:
    """Length of every row of the picture over that of the brows' row, [SIDE]."""
    height = support.unrolling.height_of(np.arange(SIDE) + 0.5)
    angle = np.clip((height - support.unrolling.crown_y) / 0.1, 0.0, np.pi / 2)
    return np.cos(angle).astype(np.float32) + 0.02


def _grow(
    random: np.random.Generator,
    hair: Hair,
    style: Style,
    face: FaceMap,
    support: Support,
    roots: np.ndarray,
    layers: np.ndarray,
) -> np.ndarray:
    """Centre lines [L, SEGMENTS + 1, 3] of locks."""
    points = support.on_surface(roots)
    first = points
    crown = np.array(
        [0.0, support.unrolling.crown_y, support.unrolling.axis_z], np.float32
    )
    steps = _lengths(random, hair, style, support, points) / SEGMENTS
    lift = style.lift * hair.volume * (0.12 + 0.88 * layers)
    curls = _Curls(random, hair, len(points))
    lines, direction = [points], support.outwards(points)
    for step in range(1, SEGMENTS + 1):
        comb = hair_styles.comb_directions(
            style.comb, first, points, crown, 0.035 * hair.part
        )
        direction = _bent(direction, comb, support.outwards(points), style, step)
        moved = points + (direction + curls.at(step)) * steps[:, None]
        moved = support.pushed_out(moved, lift * min(1.0, step / 2.5))
        if style.shows_face:
            moved = _off_the_face(moved, face, support)
        if style.cut is not None:
            moved = _cut(moved, points, face, support, style.cut * hair.length, layers)
        shift = moved - points
        length = np.linalg.norm(shift, axis=1, keepdims=True)
        direction = np.where(length > 1e-6, shift / np.maximum(length, 1e-6), direction)
        points = moved
        lines.append(points)
    return np.stack(lines, axis=1).astype(np.float32)


def _lengths(
    random: np.random.Generator,
    hair: Hair,
    style: Style,
    support: Support,
    points: np.ndarray,
) -> np.ndarray:
    """Length [L] of every lock: shorter at the sides, uneven."""
    top = np.clip((points[:, 1] - support.unrolling.crown_y + 0.005) / 0.05, 0.0, 1.0)
    share = style.sides + (1.0 - style.sides) * top
    length = style.length * hair.length * share
    if style.comb == "bun":
        crown = np.array([0.0, support.unrolling.crown_y, support.unrolling.axis_z])
        length = 1.2 * np.linalg.norm(points - hair_styles.bun_centre(crown), axis=1)
    return length * random.uniform(0.8, 1.1, len(points))


def _bent(
    direction: np.ndarray,
    comb: np.ndarray,
    outwards: np.ndarray,
    style: Style,
    step: int,
) -> np.ndarray:
    """Unit directions [L, 3] of the next step."""
    if style.comb != "out":
        along = comb - np.sum(comb * outwards, 1, keepdims=True) * outwards
        comb = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 0.2)
    keep = style.stiffness * (0.75 if step > 1 else 0.45)
    mixed = keep * direction + (1.0 - keep) * comb
    mixed[:, 1] -= style.gravity * min(1.0, step / SEGMENTS * 1.6)
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-6)


class _Curls:
    """Sideways waves of locks, stronger towards the tips."""

    def __init__(self, random: np.random.Generator, hair: Hair, count: int):
        self._phase = random.uniform(0.0, 2 * np.pi, (count, 1))
        self._axes = random.normal(size=(2, count, 3))
        self._axes /= np.linalg.norm(self._axes, axis=-1, keepdims=True)
        self._turn = (0.6 + 1.6 * hair.curl) * random.uniform(0.8, 1.2, (count, 1))
        self._size = 0.1 + 0.95 * hair.curl**1.5

    def at(self, step: int) -> np.ndarray:
        """Waves [L, 3] of a step."""
        angle = self._phase + self._turn * step
        wave = np.cos(angle) * self._axes[0] + np.sin(angle) * self._axes[1]
        return self._size * min(1.0, 0.3 + step / SEGMENTS) * wave


def _off_the_face(points: np.ndarray, face: FaceMap, support: Support) -> np.ndarray:
    """Turns points [L, 3] in front of the face about the axis to its sides."""
    axis = support.unrolling.axis_z
    azimuth = np.arctan2(points[:, 0], points[:, 2] - axis)
    brow = support.unrolling.height_of(face.brow_row)
    below = np.clip((brow + 0.045 - points[:, 1]) / 0.03, 0.0, 1.0)
    least = _FACE_AZIMUTH * below
    turned = np.where(azimuth >= 0, 1.0, -1.0) * np.maximum(np.abs(azimuth), least)
    distance = np.hypot(points[:, 0], points[:, 2] - axis)
    moved = points.copy()
    moved[:, 0] = distance * np.sin(turned)
    moved[:, 2] = axis + distance * np.cos(turned)
    return moved


def _cut(
    moved: np.ndarray,
    points: np.ndarray,
    face: FaceMap,
    support: Support,
    below_chin: float,
    layers: np.ndarray,
) -> np.ndarray:
    """Ends locks at a height; a lock that got there stays where it is."""
    chin = support.unrolling.height_of(face.marks[8, 1])
    end = chin - below_chin + 0.012 * (1.0 - layers)
    fall = np.minimum(moved[:, 1] - points[:, 1], -1e-9)
    share = np.clip((end - points[:, 1]) / fall, 0.0, 1.0)
    share = np.where(moved[:, 1] < end, share, 1.0)
    return points + share[:, None] * (moved - points)


def _beard_locks(
    random: np.random.Generator,
    hair: Hair,
    seed: int,
    face: FaceMap,
    support: Support,
) -> Locks:
    """Short locks that point down and a little forwards."""
    grown = hair.beard in ("moustache", "goatee", "full")
    style = hair.beard if grown else "full"
    cover = np.maximum(beard_cover(face, style, seed) - 0.4, 0.0)
    roots = _sample_roots(random, cover, BEARD_LOCKS)
    if not grown:
        return _no_locks(roots, support)
    points = support.on_surface(roots)
    outwards = support.outwards(points)
    side = np.sign(points[:, :1]) * np.array([1.0, 0.0, 0.0])
    direction = 0.35 * outwards + np.array([0.0, -0.9, 0.0]) + 0.25 * side
    direction = direction + random.normal(0.0, 0.25, direction.shape)
    length = hair.beard_length * random.uniform(0.5, 1.2, (BEARD_LOCKS, 1))
    along = np.linspace(0.0, 1.0, SEGMENTS + 1)[None, :, None]
    bend = np.array([0.0, -0.3, 0.0]) * along**2
    lines = points[:, None] + (direction[:, None] * along + bend) * length[:, None]
    lines = lines + 0.0012 * outwards[:, None]
    widths = random.uniform(0.0025, 0.004, BEARD_LOCKS).astype(np.float32)
    layers = random.random(BEARD_LOCKS).astype(np.float32)
    return Locks(roots, lines.astype(np.float32), widths, layers)
