"""How locks of hair grow: step by step, combed, held off the head, and falling."""

import numpy as np

from data_pipelines.synth import hair_styles
from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.hair_styles import Style
from data_pipelines.synth.people import Hair
from data_pipelines.synth.support import Support

SEGMENTS = 8

_STEPS = np.linspace(0.5, 1.5, SEGMENTS) / SEGMENTS
"""Share of a lock's length in every step: short where it bends round the head."""
_FACE_AZIMUTH = (0.98, 1.3)
"""Half angle in radians that hair leaves to the face: outer and inner locks."""
_FRINGE_AZIMUTH, _FRINGE_DEPTH = 0.95, 0.065
"""Roots of a fringe: radians from the middle, metres behind the brows' depth."""


_ALONG = np.array([0.3, 0.5, 0.8])
"""Curls turn in planes that neither lie along nor across the head."""


class Growth:
    """Locks of one person while they grow.

    Attributes:
      points: [L, 3] where the locks have got to, metres.
      lines: the points of all steps so far.
    """

    def __init__(
        self,
        random: np.random.Generator,
        hair: Hair,
        style: Style,
        face: FaceMap,
        support: Support,
        roots: np.ndarray,
        layers: np.ndarray,
    ):
        """Starts at roots [L, 2] on the unrolled picture; layers [L] in [0, 1]."""
        self._style, self._support = style, support
        self.points = support.on_surface(roots)
        self.lines = [self.points]
        self._first = self.points
        self._direction = support.outwards(self.points)
        unrolling = support.unrolling
        self._crown = np.array([0.0, unrolling.crown_y, unrolling.axis_z], np.float32)
        self._part = 0.035 * hair.part
        self._fringed = _fringed(style, self.points, face, support)
        self._lift = style.lift * hair.volume * (0.12 + 0.88 * layers)
        self._lift = np.where(self._fringed, 0.4 * self._lift, self._lift)
        self._lengths = _lengths(random, hair, style, self.points, self._crown)
        self._ends = _ends(random, hair, style, face, support, self._fringed, layers)
        self._waves = _Waves(random, hair, style, self.points)
        inner, outer = _FACE_AZIMUTH[1], _FACE_AZIMUTH[0]
        self._least = inner + (outer - inner) * random.random(len(roots))
        self._brow = float(unrolling.height_of(face.brow_row))

    def step(self, number: int) -> None:
        """Grows all locks by one segment; ``number`` from 0."""
        points, outwards = self.points, self._support.outwards(self.points)
        self._direction = self._bent(outwards, number)
        wave = self._waves.at(number, self._direction, outwards)
        straight = self._waves.straightness(number)
        length = self._lengths * _STEPS[number]
        moved = points + (straight * self._direction + wave) * length[:, None]
        moved = self._support.pushed_out(
            moved, self._lift * min(1.0, (number + 1) / 2.5)
        )
        moved = self._off_the_face(moved, min(1.0, (number + 1) / 3))
        self._turn_to(self._cut(moved))

    def _turn_to(self, moved: np.ndarray) -> None:
        shift = moved - self.points
        length = np.linalg.norm(shift, axis=1, keepdims=True)
        self._direction = np.where(
            length > 1e-6, shift / np.maximum(length, 1e-6), self._direction
        )
        self.points = moved
        self.lines.append(moved)

    def _bent(self, outwards: np.ndarray, number: int) -> np.ndarray:
        """Unit directions [L, 3] of a step."""
        style = self._style
        comb = self._comb(style.comb)
        if style.fringe is not None and style.comb == "curtain":
            fringe = self._comb("forward")
            comb = np.where(self._fringed[:, None], fringe, comb)
        if style.comb != "out":
            along = comb - np.sum(comb * outwards, 1, keepdims=True) * outwards
            comb = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 0.2)
        keep = style.stiffness * (0.75 if number > 0 else 0.45)
        mixed = keep * self._direction + (1.0 - keep) * comb
        mixed[:, 1] -= style.gravity * min(1.0, (number + 1) / SEGMENTS * 1.6)
        return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-6)

    def _comb(self, comb: str) -> np.ndarray:
        return hair_styles.comb_directions(
            comb, self._first, self.points, self._crown, self._part
        )

    def _off_the_face(self, points: np.ndarray, share: float) -> np.ndarray:
        """Turns points [L, 3] in front of the face about the axis to its sides."""
        axis = self._support.unrolling.axis_z
        azimuth = np.arctan2(points[:, 0], points[:, 2] - axis)
        below = np.clip((self._brow + 0.045 - points[:, 1]) / 0.03, 0.0, 1.0)
        least = self._least * below * share * ~self._fringed
        turned = np.where(azimuth >= 0, 1.0, -1.0) * np.maximum(np.abs(azimuth), least)
        distance = np.hypot(points[:, 0], points[:, 2] - axis)
        moved = points.copy()
        moved[:, 0] = distance * np.sin(turned)
        moved[:, 2] = axis + distance * np.cos(turned)
        return moved

    def _cut(self, moved: np.ndarray) -> np.ndarray:
        """Ends locks at their height; a lock that got there stays where it is."""
        fall = np.minimum(moved[:, 1] - self.points[:, 1], -1e-9)
        share = np.clip((self._ends - self.points[:, 1]) / fall, 0.0, 1.0)
        share = np.where(moved[:, 1] < self._ends, share, 1.0)
        return self.points + share[:, None] * (moved - self.points)


def grow_lines(
    random: np.random.Generator,
    hair: Hair,
    style: Style,
    face: FaceMap,
    support: Support,
    roots: np.ndarray,
    layers: np.ndarray,
) -> np.ndarray:
    """Grows locks.

    Args:
      random: source of the numbers.
      hair: of the person.
      style: of the hair.
      face: landmarks of the head on the unrolled picture.
      support: the person's neutral head.
      roots: [L, 2] pixels of the unrolled picture.
      layers: [L] 0 next to the head to 1 outside.

    Returns:
      Centre lines [L, SEGMENTS + 1, 3] float32 metres.
    """
    growth = Growth(random, hair, style, face, support, roots, layers)
    for number in range(SEGMENTS):
        growth.step(number)
    return np.stack(growth.lines, axis=1).astype(np.float32)


def _fringed(
    style: Style, points: np.ndarray, face: FaceMap, support: Support
) -> np.ndarray:
    """Which locks [L] fall over the forehead."""
    if style.fringe is None:
        return np.zeros(len(points), bool)
    azimuth = np.arctan2(points[:, 0], points[:, 2] - support.unrolling.axis_z)
    middle = np.abs(azimuth) < _FRINGE_AZIMUTH
    if style.comb != "curtain":
        return middle
    brows = support.on_surface(face.marks[17:27])[:, 2].max()
    return middle & (points[:, 2] > brows - _FRINGE_DEPTH)


def _lengths(
    random: np.random.Generator,
    hair: Hair,
    style: Style,
    points: np.ndarray,
    crown: np.ndarray,
) -> np.ndarray:
    """Length [L] of every lock: shorter at the sides, uneven."""
    top = np.clip((points[:, 1] - crown[1] + 0.005) / 0.05, 0.0, 1.0)
    share = style.sides + (1.0 - style.sides) * top
    length = style.length * hair.length * share
    if style.comb == "bun":
        length = 1.2 * np.linalg.norm(points - hair_styles.bun_centre(crown), axis=1)
    return length * random.uniform(0.8, 1.1, len(points))


def _ends(
    random: np.random.Generator,
    hair: Hair,
    style: Style,
    face: FaceMap,
    support: Support,
    fringed: np.ndarray,
    layers: np.ndarray,
) -> np.ndarray:
    """Height [L] in metres at which locks are cut off."""
    ends = np.full(len(fringed), -np.inf)
    if style.cut is not None:
        chin = support.unrolling.height_of(face.marks[8, 1])
        ends = chin - style.cut * hair.length + 0.02 * (1.0 - layers)
    brow = support.unrolling.height_of(face.brow_row)
    if style.fringe is None:
        return ends
    over_brows = brow + style.fringe + random.normal(0.0, 0.005, len(fringed))
    return np.where(fringed, over_brows, ends)


class _Waves:
    """Sideways waves of locks, stronger towards the tips.

    Neighbours wave together unless the hair is curly: then every lock coils, and soon
    gets no farther.
    """

    def __init__(
        self, random: np.random.Generator, hair: Hair, style: Style, first: np.ndarray
    ):
        self._tight = style.comb == "out"
        across = random.normal(0.0, 25.0, 3)
        spread = 4.0 if self._tight else 0.35 + hair.curl
        self._phase = first @ across + random.normal(0.0, spread, len(first))
        pace = 1.5 if self._tight else 0.5 + 0.9 * hair.curl
        self._turn = pace * random.uniform(0.85, 1.15, len(first))
        self._size = 1.0 if self._tight else 0.07 + 0.7 * hair.curl**1.2

    def at(
        self, number: int, direction: np.ndarray, outwards: np.ndarray
    ) -> np.ndarray:
        """Waves [L, 3] of a step."""
        angle = (self._phase + self._turn * number)[:, None]
        aside = np.cross(outwards, direction)
        if self._tight:
            aside = np.cross(outwards, _ALONG)
        wave = np.cos(angle) * aside + np.sin(angle) * np.cross(outwards, aside)
        return self._size * min(1.0, 0.35 + number / SEGMENTS) * wave

    def straightness(self, number: int) -> float:
        """How far a step goes on in the direction of the last one."""
        return max(0.1, 1.0 - 1.6 * number / SEGMENTS) if self._tight else 1.0
