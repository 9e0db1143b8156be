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
      fringe: metres over the brows at which hair over the forehead ends; None for hair
        that leaves the forehead.
    """

    comb: str
    length: float
    sides: float
    lift: float
    stiffness: float
    gravity: float
    width: float
    cut: float | None = None
    fringe: float | None = None


STYLES = {
    "buzz": Style("whorl", 0.008, 0.9, 0.003, 0.75, 0.0, 0.0016, fringe=0.045),
    "short": Style("whorl", 0.042, 0.42, 0.014, 0.6, 0.1, 0.006, fringe=0.042),
    "side_part": Style("part", 0.085, 0.26, 0.018, 0.55, 0.15, 0.007),
    "slick": Style("back", 0.09, 0.4, 0.012, 0.5, 0.1, 0.007),
    "fringe": Style("forward", 0.085, 0.75, 0.014, 0.45, 0.3, 0.0075, fringe=0.008),
    "bob": Style("curtain", 0.28, 1.0, 0.02, 0.4, 0.7, 0.011, cut=0.0),
    "long": Style("curtain", 0.46, 1.0, 0.019, 0.4, 0.7, 0.012, cut=0.13),
    "curly": Style("out", 0.085, 0.85, 0.045, 0.6, 0.05, 0.007),
    "bun": Style("bun", 0.24, 1.0, 0.007, 0.3, 0.0, 0.009),
    "bob_fringe": Style(
        "curtain", 0.28, 1.0, 0.02, 0.4, 0.7, 0.011, cut=0.01, fringe=0.006
    ),
    "long_fringe": Style(
        "curtain", 0.46, 1.0, 0.018, 0.4, 0.7, 0.012, cut=0.12, fringe=0.006
    ),
    "swept": Style("swept", 0.4, 1.0, 0.018, 0.4, 0.6, 0.012, cut=0.11),
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
    elif comb == "swept":
        flow = _swept(away)
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


def _swept(away: np.ndarray) -> np.ndarray:
    """Back from the face over the top, then down."""
    above = np.clip((away[:, 1] + 0.02) / 0.07, 0.0, 1.0)
    return np.stack(
        [0.25 * np.sign(away[:, 0]) * above, above - 1.0, -0.9 * above - 0.15], axis=1
    )


def _parted(
    roots: np.ndarray, away: np.ndarray, part: float, hanging: bool
) -> np.ndarray:
    """From a line front to back towards both sides, then down."""
    offset = roots[:, 0] - part
    side = np.where(offset >= 0.0, 1.0, -1.0)
    nearness = np.exp(-((offset / 0.05) ** 2))
    above = np.clip((away[:, 1] + 0.03) / 0.06, 0.0, 1.0)
    across = side * (0.6 + 0.6 * nearness) * above
    down = -0.3 - np.abs(away[:, 0]) * (14.0 if hanging else 5.0)
    front = np.clip(away[:, 2] / 0.08, 0.0, 1.0)
    back = above * ((-0.45 if hanging else -0.25) - 0.35 * front)
    return np.stack([across, down, back], axis=1).astype(np.float32)
