"""MediaPipe's points on brows, eyes, nose and lips, as places of the chart."""

import numpy as np

from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.heads.procedural.places import Place

# fmt: off
_LEFT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 249, 390, 373, 374, 380, 381, 382)
_RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 7, 163, 144, 145, 153, 154, 155)
_LEFT_BROW = (336, 296, 334, 293, 300, 285, 295, 282, 283, 276)
_RIGHT_BROW = (107, 66, 105, 63, 70, 55, 65, 52, 53, 46)
_OUTER_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
_OUTER_LOWER = (146, 91, 181, 84, 17, 314, 405, 321, 375)
_INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_INNER_LOWER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
_NOSE: dict[int, Place] = {
    168: ("lid", 0, 0), 6: ("lower_tuck", 0, 0), 197: ("lower_lid", 0, 0.5),
    195: ("nose_1", 0, 0), 5: ("nose_3", 0, 0), 4: ("over_tip", 0, 0.5),
    2: ("nose_base", 0, 0), 326: ("nose_base", 2, 0), 97: ("nose_base", -2, 0),
    327: ("nose_base", 5, 0), 98: ("nose_base", -5, 0),
    358: ("tip", 6, 0), 129: ("tip", -6, 0),
}
# fmt: on
_BROW_COLUMNS = (3.6, 7.2, 10.3, 12.7, 14.4)
_BROW_UPPER, _BROW_LOWER = (
    (-0.25, -0.55, -0.65, -0.5, -0.05),
    (0.5, 0.35, 0.2, 0.25, 0.5),
)


def mediapipe_places() -> list[Place]:
    """Places of the 105 points in their order."""
    table = dict(_NOSE)
    table |= _eye(_LEFT_EYE, 1) | _eye(_RIGHT_EYE, -1)
    table |= _brow(_LEFT_BROW, 1) | _brow(_RIGHT_BROW, -1)
    table |= _lip(_OUTER_UPPER, "upper_border", 0.0, 8.0)
    table |= _lip(_OUTER_LOWER, "lower_border", 0.0, 6.6)
    table |= _lip(_INNER_UPPER, "upper_contact", 0.6, 7.2)
    table |= _lip(_INNER_LOWER, "lower_inner", 0.4, 6.2)
    return [table[index] for index in MEDIAPIPE_105]


def _eye(indices: tuple[int, ...], side: int) -> dict[int, Place]:
    """Upper margin from the outer to the inner canthus, then the lower one between."""
    columns = side * np.linspace(13, 4, 9)
    upper = [("upper_margin", column, 0.0) for column in columns]
    lower = [("lower_margin", column, 0.0) for column in columns[1:-1]]
    return dict(zip(indices, upper + lower, strict=True))


def _brow(indices: tuple[int, ...], side: int) -> dict[int, Place]:
    columns = [side * column for column in _BROW_COLUMNS]
    upper = [("brow", c, d) for c, d in zip(columns, _BROW_UPPER, strict=True)]
    lower = [("brow", c, d) for c, d in zip(columns, _BROW_LOWER, strict=True)]
    return dict(zip(indices, upper + lower, strict=True))


def _lip(
    indices: tuple[int, ...], row: str, further: float, end: float
) -> dict[int, Place]:
    """Points from the right to the left end of a row of the lips."""
    columns = np.linspace(-end, end, len(indices))
    return {
        index: (row, column, further)
        for index, column in zip(indices, columns, strict=True)
    }
