"""Hair styles as numbers, and the directions in which hair is combed."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Style:
    """How the hair of a style grows; lengths in metres.

    Attributes:
      comb: name of the direction in which it is combed.
      length: of the hair on top.
      sides: share of that length at the sides and behind.
      lift: how far the outer layer lies above the head.
      stiffness: 0 follows the comb at once to 1 stands off.
      gravity: pull downwards once hair leaves the comb.
      width: of a lock.
      cut: metres below the chin's height where all hair ends; None for no such line.
      shows_face: keep hair away from the face below the hairline.
    """

    comb: str
    length: float
    sides: float
    lift: float
    stiffness: float
    gravity: float
    width: float
    cut: float | None = None
    shows_face: bool = True


STYLES = {
    "buzz": Style("whorl", 0.007, 0.9, 0.003, 0.75, 0.0, 0.0035),
    "short": Style("whorl", 0.042, 0.42, 0.014, 0.6, 0.1, 0.005),
    "side_part": Style("part", 0.085, 0.26, 0.018, 0.55, 0.15, 0.006),
    "slick": Style("back", 0.09, 0.4, 0.012, 0.5, 0.1, 0.006),
    "fringe": Style("forward", 0.085, 0.75, 0.014, 0.45, 0.3, 0.0065, shows_face=False),
    "bob": Style("curtain", 0.28, 1.0, 0.02, 0.4, 0.7, 0.009, cut=0.0),
    "long": Style("curtain", 0.46, 1.0, 0.019, 0.4, 0.7, 0.01, cut=0.13),
    "curly": Style("out", 0.075, 0.8, 0.05, 0.8, 0.12, 0.007),
    "bun": Style("bun", 0.24, 1.0, 0.007, 0.3, 0.0, 0.007),
}
"""Styles by name; those without hair are missing."""


def comb_directions(
    comb: str, roots: np.ndarray, points: np.ndarray, crown: np.ndarray, part: float
) -> np.ndarray:
    """Where hair is combed to, not yet along the head.

    Args:
      comb: name of a comb, as ``Style.comb``.
      roots: [L, 3] metres, where locks grow.
      points: [L, 3] where they have got to.
      crown: [3] the middle of the sphere that the top of the head lies on.
      part: metres, where hair is parted; positive is the subject's left.

    Returns:
      [L, 3] of length about 1.
    """
    away = points - crown
    if comb == "whorl":
        whorl = crown + np.array([0.012, 0.085, -0.055], np.float32)
        flow = points - whorl
        flow[:, 2] += 0.035
    elif comb == "forward":
        whorl = crown + np.array([0.008, 0.09, -0.06], np.float32)
        flow = points - whorl
        flow[:, 2] += 0.03 * (np.abs(away[:, 0]) < 0.06)
    elif comb == "back":
        flow = np.stack(
            [0.35 * away[:, 0], 0.01 + 0 * away[:, 1], -0.06 + 0 * away[:, 2]], 1
        )
    elif comb == "bun":
        flow = bun_centre(crown) - points
    elif comb == "out":
        flow = away
    else:
        flow = _parted(roots, away, part, comb == "curtain")
    return flow / np.maximum(np.linalg.norm(flow, axis=1, keepdims=True), 1e-6)


def bun_centre(crown: np.ndarray) -> np.ndarray:
    """Where a bun sits, [3]."""
    return crown + np.array([0.0, 0.045, -0.105], np.float32)


def _parted(
    roots: np.ndarray, away: np.ndarray, part: float, hanging: bool
) -> np.ndarray:
    """From a line front to back towards both sides, then down."""
    offset = roots[:, 0] - part
    side = np.where(offset >= 0.0, 1.0, -1.0)
    nearness = np.exp(-((offset / 0.05) ** 2))
    across = side * (0.6 + 0.6 * nearness)
    down = -np.abs(away[:, 0]) * (14.0 if hanging else 5.0)
    front = np.clip(away[:, 2] / 0.08, 0.0, 1.0)
    back = (-0.45 if hanging else -0.25) - 0.35 * front
    return np.stack([across, down, back + 0 * down], axis=1).astype(np.float32)
