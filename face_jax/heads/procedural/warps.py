"""Smooth fields of space: the terms that traits of people are made of."""

import dataclasses
from typing import Protocol

import numpy as np

Vector = tuple[float, float, float]

_MIDDLE = 7.0
"""Half width in mm of the zone in which sideways motion changes its sign."""


class Term(Protocol):
    """A field of displacements."""

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Displacements [N, 3] of points [N, 3], in mm."""


@dataclasses.dataclass(frozen=True)
class Push:
    """Moves what lies around a point and its mirror image.

    Attributes:
      centre: the point on the left half, mm.
      radii: half axes at which the motion has fallen to 1/e.
      move: mm away from the middle, up and forward.
      power: 1 for a bell, 2 for one with a flat top.
    """

    centre: Vector
    radii: Vector
    move: Vector
    power: int = 1

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """See ``Term``."""
        outwards = np.tanh(points[:, :1] / _MIDDLE) * [1, 0, 0] + [0, 1, 1]
        return _window(points, self)[:, None] * outwards * self.move


@dataclasses.dataclass(frozen=True)
class Stretch:
    """Scales what lies around a point and its mirror image, away from that point.

    Attributes:
      centre: the point on the left half, mm.
      radii: half axes at which the motion has fallen to 1/e.
      amount: part of the distance from the centre that is added to it, by axis.
      power: 1 for a bell, 2 for one with a flat top.
    """

    centre: Vector
    radii: Vector
    amount: Vector
    power: int = 1

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """See ``Term``."""
        offset = _folded(points) - self.centre
        offset[:, 0] *= np.where(points[:, 0] < 0, -1, 1)
        return _window(points, self)[:, None] * offset * self.amount


@dataclasses.dataclass(frozen=True)
class Tilt:
    """Lowers the inner and raises the outer part of what lies around a point.

    Attributes:
      centre: the point on the left half, mm.
      radii: half axes at which the motion has fallen to 1/e.
      slope: mm upwards per mm outwards.
      power: 1 for a bell, 2 for one with a flat top.
    """

    centre: Vector
    radii: Vector
    slope: float
    power: int = 1

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """See ``Term``."""
        offset = _folded(points) - self.centre
        rise = _window(points, self) * self.slope * offset[:, 0]
        return rise[:, None] * [0, 1, 0]


@dataclasses.dataclass(frozen=True)
class Above:
    """Moves and scales all that lies beyond a height, gaining from there on.

    Attributes:
      start: y in mm where the motion begins.
      end: y where it is complete, above or below ``start``.
      move: mm away from the middle, up and forward.
      widen: part of x that is added to it.
      back: z in mm behind which the motion is gone, over 60 mm; None for everywhere.
    """

    start: float
    end: float
    move: Vector = (0.0, 0.0, 0.0)
    widen: float = 0.0
    back: float | None = None

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """See ``Term``."""
        share = _smooth((points[:, 1] - self.start) / (self.end - self.start))
        if self.back is not None:
            share = share * _smooth((points[:, 2] - self.back) / 60.0)
        widened = points * [self.widen, 0, 0] + self.move
        return share[:, None] * widened


@dataclasses.dataclass(frozen=True)
class OneSided:
    """What a term does on the left side only, or on the right with its sign changed.

    Attributes:
      term: the symmetric field.
    """

    term: Term

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """See ``Term``."""
        return self.term(points) * np.tanh(points[:, :1] / _MIDDLE)


@dataclasses.dataclass(frozen=True)
class Sideways:
    """Moves what lies around a point of the middle to the left.

    Attributes:
      centre: the point, mm.
      radii: half axes at which the motion has fallen to 1/e.
      way: mm.
    """

    centre: Vector
    radii: Vector
    way: float
    power: int = 1

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """See ``Term``."""
        return _window(points, self)[:, None] * [self.way, 0, 0]


def _window(points: np.ndarray, term: Push | Stretch | Tilt | Sideways) -> np.ndarray:
    squared = (((_folded(points) - term.centre) / term.radii) ** 2).sum(-1)
    return np.exp(-(squared**term.power))


def _folded(points: np.ndarray) -> np.ndarray:
    return np.abs(points) * [1, 0, 0] + points * [0, 1, 1]


def _smooth(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)
