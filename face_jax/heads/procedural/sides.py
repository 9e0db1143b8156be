"""Which vertices go with the lower jaw, and which with the lower lip."""

import functools

import numpy as np

from face_jax.heads.procedural import chart, mouth, skin
from face_jax.heads.procedural.assembly import Assembly

_BLEND, _SPREAD = 13.0, 0.6
"""Half width in mm of the chart of the zone between the jaw and the rest, beyond the
corner of the mouth, and what every millimetre further back adds to it."""
_PINCH, _PINCH_LENGTH = 9.0, 7.0
"""Rows up to this many mm from the line of the mouth meet in its corner and move alike
there; that ends so far beyond the corner."""


def smoothstep(value: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    value = np.clip(value, 0, 1)
    return value * value * (3 - 2 * value)


@functools.lru_cache
def lowerness() -> np.ndarray:
    """Share [N] of the lower lip in the motion of the skin's vertices.

    0 above the line of the mouth and 1 below it, with a step between the lips that
    fades towards the corners; beyond them the cheek passes smoothly from 0 to 1.
    """
    row, column = skin.chart_of_vertices()
    across = chart.COLUMN_PLACES[np.abs(column)]
    corner = chart.COLUMN_PLACES[chart.MOUTH_CORNER]
    middle = chart.ROW_HEIGHTS[chart.ROWS["upper_inner"]] - 1.0
    below = middle - chart.ROW_HEIGHTS[row]
    beyond = np.maximum(across - corner, 0)
    pinch = _PINCH * (1 - smoothstep(beyond / _PINCH_LENGTH))
    apart = np.sign(below) * np.maximum(np.abs(below) - pinch, 0)
    cheek = smoothstep(0.5 + 0.5 * apart / (_BLEND + _SPREAD * beyond))
    # An opening of the shape of an ellipse, on which the lips meet at the corners.
    open_share = np.sqrt(1 - np.minimum(across / corner, 1) ** 2.5)
    return open_share * (below > 0) + (1 - open_share) * cheek


@functools.lru_cache
def jaw_share() -> np.ndarray:
    """Share [N] of the jaw in the motion of the skin's vertices."""
    row, column = skin.chart_of_vertices()
    across = chart.COLUMN_PLACES[np.abs(column)]
    start, end = (chart.ROW_HEIGHTS[chart.ROWS[name]] for name in ("chin_3", "neck_1"))
    throat = smoothstep((chart.ROW_HEIGHTS[row] - end) / (start - end))
    front = smoothstep((98.0 - across) / 45.0)
    return lowerness() * throat * front


def cavity_jaw_share(head: Assembly) -> np.ndarray:
    """Share [N] of the jaw in the motion of the cavity.

    That of the lips at its rim, and by height behind it, less towards the throat.
    """
    span = head.ranges["cavity"]
    rim = jaw_share()[head.follow_rows[span, 0]]
    _, height, depth = head.vertices[span].T
    low = smoothstep(0.5 - (height + 65.8) / 24)
    by_height = low * smoothstep((depth + 70) / 40)
    inward = np.clip(np.arange(len(rim)) // mouth.RIM / 2, 0, 1)
    return (1 - inward) * rim + inward * by_height
