"""Landmarks of the procedural head by anatomy: 68 points, contours, MediaPipe's."""

from face_jax.heads.procedural.places import Place

# fmt: off
_BROW: list[Place] = [
    ("brow", 3.6, -0.1), ("brow", 7.2, -0.25), ("brow", 10.3, -0.25), ("brow", 12.7, -0.15),
    ("brow", 14.4, 0.2),
]
_NOSE: list[Place] = [
    ("lid", 0, 0), ("lower_lid", 0, 0.5), ("nose_2", 0, 0.4), ("tip", 0, 0),
]
_NOSE_BASE: list[Place] = [("nose_base", 0, 0), ("nose_base", 2, 0), ("nose_base", 4.2, 0)]
_OUTER_LIPS_UPPER: list[Place] = [
    ("upper_border", 0, 0), ("upper_border", 1.7, 0), ("upper_border", 4.7, 0),
]
_OUTER_LIPS_LOWER: list[Place] = [
    ("lower_border", 0, 0), ("lower_border", 2.4, 0), ("lower_border", 5.0, 0),
]
_INNER_LIPS: list[Place] = [("upper_contact", 0, 0.5), ("upper_contact", 3.0, 0.5)]
_INNER_LIPS_LOWER: list[Place] = [("lower_inner", 0, 0.5), ("lower_inner", 3.0, 0.5)]
_OUTER_CORNER: Place = ("upper_contact", 8, 0.5)
_INNER_CORNER: Place = ("upper_contact", 7.2, 0.8)
_EYE: list[Place] = [
    ("upper_margin", 4, 0), ("upper_margin", 6.8, 0), ("upper_margin", 10.2, 0),
    ("upper_margin", 13, 0), ("lower_margin", 10.2, 0), ("lower_margin", 6.8, 0),
]
# fmt: on
"""Points of the left half, from the middle outwards, in the order of the mark-up."""


def static_51() -> list[Place]:
    """The 68 points of Multi-PIE without the contour, from point 17 on."""
    brows = _mirrored(_BROW)[::-1] + _BROW
    base = _across(_NOSE_BASE)
    right_eye = [_mirrored(_EYE)[index] for index in (3, 2, 1, 0, 5, 4)]
    outer = [_flip(_OUTER_CORNER), *_across(_OUTER_LIPS_UPPER), _OUTER_CORNER]
    outer += _across(_OUTER_LIPS_LOWER)[::-1]
    inner = [_flip(_INNER_CORNER), *_across(_INNER_LIPS), _INNER_CORNER]
    inner += _across(_INNER_LIPS_LOWER)[::-1]
    return brows + _NOSE + base + right_eye + _EYE + outer + inner


def _flip(place: Place) -> Place:
    return place[0], -place[1], place[2]


def _mirrored(points: list[Place]) -> list[Place]:
    return [_flip(place) for place in points]


def _across(points: list[Place]) -> list[Place]:
    """From right to left, for points that start in the middle."""
    return _mirrored(points[:0:-1]) + points
