"""Which vertices go with the lower jaw, and which with the lower lip."""

import functools

import numpy as np

from face_jax.heads.procedural import chart, skin
from face_jax.heads.procedural.assembly import Assembly

_LIP_BLEND, _CORNER_BLEND, _SPREAD = 9.0, 9.0, 0.55
"""Millimetres of the chart over which the lips blend into each other at the corners:
up and down at the corner, along the lips towards it, and per millimetre beyond it."""


def smoothstep(value: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    value = np.clip(value, 0, 1)
    return value * value * (3 - 2 * value)


@functools.lru_cache
def lowerness() -> np.ndarray:
    """Share [N] of the lower lip in the motion of the skin's vertices.

    0 above the line of the mouth and 1 below it, with a step between the lips that
    fades towards the corners, beyond which the cheek passes smoothly from 0 to 1.
    """
    row, column = skin.chart_of_vertices()
    across = chart.COLUMN_PLACES[np.abs(column)]
    corner = chart.COLUMN_PLACES[chart.MOUTH_CORNER]
    middle = chart.ROW_HEIGHTS[chart.ROWS["upper_inner"]] - 1.0
    below = middle - chart.ROW_HEIGHTS[row]
    width = _LIP_BLEND + _SPREAD * np.maximum(across - corner, 0)
    smooth = smoothstep(0.5 + 0.5 * below / width)
    near = smoothstep((across - (corner - _CORNER_BLEND)) / _CORNER_BLEND)
    return near * smooth + (1 - near) * (below > 0)


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
    """Share [N] of the jaw in the motion of the cavity: that of the lips, then by height."""
    span = head.ranges["cavity"]
    rim = jaw_share()[head.follow_rows[span, 0]]
    ring = np.arange(span.stop - span.start) // 34
    height = head.vertices[span, 1]
    depth = smoothstep((head.vertices[span, 2] + 70) / 40)
    by_height = smoothstep(0.5 - (height + 65.8) / 24) * depth
    share = np.clip(ring / 2, 0, 1)
    return (1 - share) * rim + share * by_height
