"""Eyelids: rows of points that lie on the eyeball and close around it."""

import numpy as np

from face_jax.heads.procedural import chart

EYE_CENTRE = np.array([31.5, 0.0, -19.0])
"""Centre of the left eyeball."""
EYE_RADIUS = 12.0

_INNER_CANTHUS = np.array([16.8, -2.8, -12.3])
_OUTER_CANTHUS = np.array([44.9, -0.5, -19.7])
_UPPER_RISE, _LOWER_FALL = 5.4, 3.7
"""Heights of the margins above and below the line between the canthi."""

# fmt: off
_UPPER_ROWS = (
    ("upper_tuck", None, 0.0), ("upper_wet", 0.0, 0.0), ("upper_margin", 1.1, 0.6),
    ("lid", 1.5, 2.5), ("crease", 0.6, 4.7),
)
_LOWER_ROWS = (
    ("lower_tuck", None, 0.0), ("lower_wet", 0.0, 0.0), ("lower_margin", 1.0, -0.5),
    ("lower_lid", 1.5, -4.2),
)
# fmt: on
"""Row, height above the eyeball at the margin, way along the lid from the margin."""

_BESIDE = {
    2: ((7.0, 10.0, -2.5), (6.2, -1.0, -0.8), (6.4, -12.0, 5.2)),
    3: ((11.2, 10.0, -5.2), (11.4, -2.0, -7.2), (10.2, -11.8, -1.0)),
    14: ((53.7, 7.3, -23.6), (51.8, -1.0, -24.2), (53.0, -9.5, -24.8)),
    15: ((58.6, 6.5, -30.8), (58.2, -1.2, -31.5), (58.2, -9.0, -31.8)),
}
"""Columns beside the canthi, over which the rows of the lids spread again: upper,
middle and lower point."""


def lid_points() -> tuple[np.ndarray, np.ndarray]:
    """Chart places [N, 2] and positions [N, 3] of the lids of the left eye."""
    columns = np.arange(chart.INNER_CANTHUS, chart.OUTER_CANTHUS + 1)
    along = (columns - columns[0]) / (columns[-1] - columns[0])
    places, points = [], []
    for rows, bow, peak in (
        (_UPPER_ROWS, _UPPER_RISE, 0.46),
        (_LOWER_ROWS, -_LOWER_FALL, 0.56),
    ):
        margin = margin_curve(along, bow, peak)
        for row, height, way in rows:
            places += [chart.place(row, float(column)) for column in columns]
            points.append(_lid_row(margin, along, height, way))
    for column, three in _BESIDE.items():
        beside = chart.spread("fold", "pouch", column, np.array(three))
        places += list(beside[0])
        points.append(beside[1])
    return np.array(places), np.concatenate(points)


def margin_curve(along: np.ndarray, bow: float, peak: float) -> np.ndarray:
    """Edge of a lid [N, 3] from the inner canthus (0) to the outer one (1).

    Args:
      along: [N] in [0, 1].
      bow: height of the bow over the line between the canthi, below it if negative.
      peak: where along the lid it is highest.
    """
    line = _INNER_CANTHUS + along[:, None] * (_OUTER_CANTHUS - _INNER_CANTHUS)
    line[:, 1] += bow * _almond(along, peak)
    offset = line - EYE_CENTRE
    squared = (EYE_RADIUS + 0.6) ** 2 - offset[:, 0] ** 2 - offset[:, 1] ** 2
    on_ball = np.sqrt(np.maximum(squared, 0.0))
    line[:, 2] = EYE_CENTRE[2] + _soft_maximum(on_ball, offset[:, 2])
    return line


def _almond(along: np.ndarray, peak: float) -> np.ndarray:
    """A bow from 0 through 1 at ``peak`` to 0, steep at the ends."""
    power = np.log(0.5) / np.log(peak)
    return (4 * along**power * (1 - along**power)) ** 0.8


def _soft_maximum(a: np.ndarray, b: np.ndarray, width: float = 1.5) -> np.ndarray:
    return 0.5 * (a + b + np.sqrt((a - b) ** 2 + width**2)) - 0.25 * width


def _lid_row(
    margin: np.ndarray, along: np.ndarray, height: float | None, way: float
) -> np.ndarray:
    """Moves the margin by ``way`` along the ball and ``height`` away from it."""
    out = margin - EYE_CENTRE
    distance = np.linalg.norm(out, axis=1, keepdims=True)
    out = out / distance
    if height is None:
        inside = EYE_CENTRE + (EYE_RADIUS - 0.8) * out
        inside[[0, -1]] = margin[[0, -1]] - 0.7 * out[[0, -1]]
        return inside
    up = np.array([0.0, 1.0, 0.0]) - out * out[:, 1:2]
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    share = 0.35 + 0.65 * np.clip(4 * along * (1 - along), 0, 1) ** 0.6
    angle = share[:, None] * way / distance
    lift = distance + height * share[:, None]
    return EYE_CENTRE + lift * (np.cos(angle) * out + np.sin(angle) * up)
