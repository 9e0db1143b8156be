"""Smooth displacement fields: pulls of the skin, as muscles make them."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from face_jax.heads.procedural import sides, skin


@dataclasses.dataclass(frozen=True)
class Pull:
    """The skin around a point of the left half is moved.

    Attributes:
      row: name of the row of the point.
      column: its column, 0 in the middle, positive to the left.
      move: mm to the left, up and forward at the point.
      radius: mm at which the motion has fallen to 1/e.
      side: ``all``, or ``upper`` or ``lower`` for what belongs to one of the lips.
    """

    row: str
    column: int
    move: tuple[float, float, float]
    radius: float
    side: str = "all"


def both_sides(pulls: Iterable[Pull]) -> list[Pull]:
    """Pulls together with those of the other side; those in the middle stay single."""
    result = []
    for pull in pulls:
        result.append(pull)
        if pull.column:
            move = (-pull.move[0], *pull.move[1:])
            result.append(dataclasses.replace(pull, column=-pull.column, move=move))
    return result


def pulled(vertices: np.ndarray, pulls: Iterable[Pull]) -> np.ndarray:
    """Displacements [N, 3] in mm of the skin's vertices [N, 3] by pulls together.

    Where pulls overlap they share the skin: their weights add up to hardly more than
    1, so neighbours that pull alike do not double the motion.
    """
    moved, weights = np.zeros_like(vertices), np.zeros(len(vertices))
    lower = sides.lowerness()
    shares = {"all": np.ones_like(lower), "upper": 1 - lower, "lower": lower}
    for pull in pulls:
        centre = vertices[skin.vertex(pull.row, pull.column)]
        squared = ((vertices - centre) ** 2).sum(-1) / pull.radius**2
        weight = np.exp(-squared) * shares[pull.side]
        moved += weight[:, None] * np.array(pull.move)
        weights += weight
    return moved * ((1 + weights**8) ** -0.125)[:, None]


def turned(
    points: np.ndarray, axis_point: np.ndarray, degrees: float | np.ndarray
) -> np.ndarray:
    """Points [N, 3] turned about an axis to the left through a point.

    Positive angles turn what is in front downwards.
    """
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    y, z = (points - axis_point)[:, 1], (points - axis_point)[:, 2]
    turned_y, turned_z = cos * y - sin * z, sin * y + cos * z
    return axis_point + np.stack([points[:, 0] - axis_point[0], turned_y, turned_z], -1)
