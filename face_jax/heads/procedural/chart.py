"""The chart of the skin: rows and columns that follow the features of a face.

The skin is one grid. Columns run from the crown down to the neck, rows around the
head; rows follow brows, lid margins, lips and the jaw line, so that the openings of
eyes and mouth are slits between two rows. Every row and column has a coordinate in
millimetres of an unrolled head, in which ``interpolation`` measures distances.
"""

import numpy as np

# fmt: off
ROW_STEPS = {
    "crown": 0, "scalp_1": 10, "scalp_2": 10, "scalp_3": 13, "scalp_4": 13.5,
    "scalp_5": 13.5, "scalp_6": 17.5, "hairline": 17.5,
    "forehead_1": 13, "forehead_2": 12, "forehead_3": 11,
    "forehead_4": 10, "brow": 8, "under_brow": 6.5, "fold": 5.5, "crease": 4,
    "lid": 3, "upper_margin": 3, "upper_wet": 1.5, "upper_tuck": 1.5,
    "lower_tuck": 6, "lower_wet": 1.5, "lower_margin": 1.5, "lower_lid": 3.5,
    "pouch": 4, "nose_1": 5, "nose_2": 5, "nose_3": 5, "over_tip": 5, "tip": 5,
    "under_tip": 5, "columella": 5, "nostril": 4, "nose_base": 4, "philtrum_1": 4,
    "philtrum_2": 4, "over_lip": 3.5, "upper_border": 2.5, "upper_lip": 2.5,
    "upper_contact": 2.5, "upper_inner": 2.5,
    "lower_inner": 2, "lower_contact": 2.5, "lower_lip": 3, "lower_border": 3.5,
    "under_lip": 3.5, "sulcus": 5, "chin_1": 6, "chin_2": 8, "chin_3": 8,
    "jaw_line": 9, "throat_1": 13, "throat_2": 14, "throat_3": 14, "neck_1": 12,
    "neck_2": 14, "neck_3": 16, "neck_4": 18, "neck_5": 18,
}
"""Rows from top to bottom with the distance of each from the row above it."""

COLUMN_STEPS = (
    0, *(3.5,) * 14, 4, 4.5, 5.5, 7, 8, 9, 11, 13, 14, 15, 16, 17, 18, 19, 19,
)
# fmt: on
"""Steps of the columns from the middle of the face (0) to that of the nape."""

ROW_NAMES = tuple(ROW_STEPS)
ROWS = {name: index for index, name in enumerate(ROW_NAMES)}
ROW_HEIGHTS = -np.cumsum(list(ROW_STEPS.values()))
COLUMN_PLACES = np.cumsum(COLUMN_STEPS)
LAST_COLUMN = len(COLUMN_STEPS) - 1
"""The column down the nape; columns 1 to 28 exist on both sides."""
PERIOD = 2 * COLUMN_PLACES[-1]

INNER_CANTHUS, OUTER_CANTHUS = 4, 13
"""Columns between which the eye is open."""
MOUTH_CORNER = 8
"""Column at which the mouth ends on either side."""


def place(row: str, column: float) -> tuple[float, float]:
    """Chart coordinates (across, up) of a named row at a possibly fractional column."""
    across = np.interp(column, np.arange(LAST_COLUMN + 1), COLUMN_PLACES)
    return float(across), float(ROW_HEIGHTS[ROWS[row]])


def spread(
    first: str, last: str, column: float, three: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the rows from one to another along a parabola.

    Args:
      first: name of the upper row.
      last: name of the lower row.
      column: column of all of them.
      three: [3, 3] positions on the upper row, half way down and on the lower row.

    Returns:
      Chart places [N, 2] and positions [N, 3].
    """
    names = ROW_NAMES[ROWS[first] : ROWS[last] + 1]
    places = np.array([place(name, column) for name in names])
    down = (places[:1, 1:] - places[:, 1:]) / (places[0, 1] - places[-1, 1])
    weights = [
        (1 - down) * (1 - 2 * down),
        4 * down * (1 - down),
        down * (2 * down - 1),
    ]
    return places, np.concatenate(weights, 1) @ three


def half_grid() -> np.ndarray:
    """Chart coordinates [rows, 30, 2] of the left half of the face, middle included."""
    across, up = np.meshgrid(COLUMN_PLACES, ROW_HEIGHTS)
    return np.stack([across, up], -1)
