"""Motion of the eyelids: they turn about the centre of the eyeball and stay on it."""

import numpy as np

from face_jax.heads.procedural import chart, lids, skin

# fmt: off
_UPPER_SHARES = {
    "upper_tuck": 1.0, "upper_wet": 1.0, "upper_margin": 1.0, "lid": 0.92,
    "crease": 0.6, "fold": 0.22, "under_brow": 0.05,
}
_LOWER_SHARES = {
    "lower_tuck": 1.0, "lower_wet": 1.0, "lower_margin": 1.0, "lower_lid": 0.6,
    "pouch": 0.2,
}
# fmt: on
"""Share of the rows around an eye in the motion of its margin."""
_LIFT = 0.08
"""Part of the distance from the eye's centre that a closing lid gains per radian: half
closed it lies on a chord, which must not cut into the eyeball."""


def lids_moved(vertices: np.ndarray, upper: float, lower: float) -> np.ndarray:
    """Displacements [N, 3] of the skin when the left eye's lids move.

    Args:
      vertices: [N, 3] of the skin in mm.
      upper: way of the upper margin in parts of the way to the lower margin, negative
        to open the eye further.
      lower: the same of the lower margin on its way to the upper one.
    """
    moved = np.zeros_like(vertices)
    columns = range(chart.INNER_CANTHUS, chart.OUTER_CANTHUS + 1)
    for column in columns:
        top = vertices[skin.vertex("upper_margin", column)]
        bottom = vertices[skin.vertex("lower_margin", column)]
        angle = _elevation(top) - _elevation(bottom)
        for shares, way in ((_UPPER_SHARES, upper), (_LOWER_SHARES, -lower)):
            for row, share in shares.items():
                _turn(moved, vertices, skin.vertex(row, column), share * way * angle)
    return moved


def _turn(moved: np.ndarray, vertices: np.ndarray, index: int, angle: float) -> None:
    """Adds the way of one vertex that goes down by ``angle`` about the eye's centre."""
    offset = vertices[index] - lids.EYE_CENTRE
    cos, sin = np.cos(angle), np.sin(angle)
    y = cos * offset[1] - sin * offset[2]
    z = sin * offset[1] + cos * offset[2]
    way = np.array([0.0, y - offset[1], z - offset[2]])
    moved[index] += way + _LIFT * max(angle, 0.0) * offset


def _elevation(point: np.ndarray) -> float:
    """Angle above the horizontal plane through the centre of the left eyeball."""
    offset = point - lids.EYE_CENTRE
    return float(np.arctan2(offset[1], offset[2]))
