"""What the painters know of a head: landmarks, ears and hairline on its unrolled picture."""

import dataclasses

import numpy as np

from data_pipelines.synth.noise import curve
from data_pipelines.synth.unrolled import (
    SIDE,
    Unrolling,
    azimuths_of,
    columns_of,
    evenness_of,
    landmarks_of,
    unrolling_of,
)
from face_jax.geometry.head import HeadModel

_EAR_AZIMUTH = 1.68
_EAR_HALF_WIDTH = 0.28
_EAR_TOP, _EAR_BOTTOM = 0.012, -0.05
"""Where ears are, from the outer corners of the eyes, on heads that do not say it."""

_HAIRLINE = np.array(
    [
        (0.0, 0.060),
        (0.25, 0.062),
        (0.5, 0.059),
        (0.75, 0.049),
        (0.98, 0.036),
        (1.12, 0.016),
        (1.2, -0.01),
    ],
    np.float32,
)
"""Azimuth in radians and metres above the brows of a young hairline over the face."""

_NAPE = np.array([(2.3, -0.055), (2.7, -0.1), (np.pi, -0.105)], np.float32)


@dataclasses.dataclass(frozen=True)
class FaceMap:
    """Landmarks of one head on its unrolled picture.

    Attributes:
      unrolling: the chart.
      marks: [68, 2] float32 pixels.
      ear_azimuth: radians of the middle of the ears.
      ear_width: radians from the front to the back of an ear.
      ear_top: row of their upper ends.
      ear_bottom: row of their lobes.
      evenness: [SIDE, SIDE] float32, 1 where the picture shows the skin undistorted, 0
        where it is stretched several times, as under the jaw.
    """

    unrolling: Unrolling
    marks: np.ndarray
    ear_azimuth: float
    ear_width: float
    ear_top: float
    ear_bottom: float
    evenness: np.ndarray

    @property
    def brow_row(self) -> float:
        """Mean row of the brows."""
        return float(self.marks[17:27, 1].mean())

    def pixels(self, metres: float) -> float:
        """Pixels of a length on the face."""
        return metres / self.unrolling.metres_per_pixel

    def between(self, first: int, second: int, share: float) -> np.ndarray:
        """Point [2] at a share of the way from one landmark to another."""
        return (1.0 - share) * self.marks[first] + share * self.marks[second]

    def offset(self, mark: int, right: float, down: float) -> np.ndarray:
        """Point [2] a few metres beside a landmark."""
        shift = np.array([self.pixels(right), self.pixels(down)], np.float32)
        return self.marks[mark] + shift


def face_map(head: HeadModel) -> FaceMap:
    """Unrolls a head's template.

    Raises:
      ValueError: the head has no embedding ``full_68``.
    """
    template = np.asarray(head.template)
    marks = landmarks_of(head)
    unrolling = unrolling_of(template, marks)
    ears = [np.asarray(head.regions[n]) for n in _EARS if n in head.regions]
    pixels = unrolling.unroll(marks)
    evenness = evenness_of(unrolling, template, np.asarray(head.faces))
    if not ears:
        eye = pixels[36, 1]
        rows = [eye - v / unrolling.metres_per_pixel for v in (_EAR_TOP, _EAR_BOTTOM)]
        return FaceMap(
            unrolling,
            pixels,
            _EAR_AZIMUTH,
            2 * _EAR_HALF_WIDTH,
            rows[0],
            rows[1],
            evenness,
        )
    points = unrolling.unroll(template[np.any(ears, axis=0)])
    azimuths = np.abs(azimuths_of(points[:, 0]))
    front, back = np.quantile(azimuths, [0.02, 0.98])
    top, bottom = np.quantile(points[:, 1], [0.02, 0.98])
    middle, width = float(front + back) / 2, float(back - front)
    return FaceMap(
        unrolling, pixels, middle, width, float(top), float(bottom), evenness
    )


_EARS = ("left_ear", "right_ear")


def hairline_rows(face: FaceMap, recession: float, peak: float) -> np.ndarray:
    """Row of the hairline over every column, [SIDE] float32; hair grows above it.

    Args:
      face: the head.
      recession: 0 young to 1 bare temples.
      peak: metres by which the middle comes down (a widow's peak), or up.
    """
    azimuth = np.abs(azimuths_of(np.arange(SIDE, dtype=np.float32) + 0.5))
    front = _HAIRLINE.copy()
    front[:, 1] += 0.035 * recession * np.exp(-(((front[:, 0] - 0.55) / 0.3) ** 2))
    front[:, 1] += 0.012 * recession * (front[:, 0] < 0.6)
    front[:2, 1] -= peak * np.array([1.0, 0.4], np.float32)
    rows = [face.brow_row - face.pixels(float(height)) for height in front[:, 1]]
    knots = np.stack([front[:, 0], np.array(rows, np.float32)], 1)
    knots = np.concatenate([knots, _around_ear(face), _nape(face)])
    path = curve(knots, 400)
    order = np.argsort(path[:, 0])
    return np.interp(azimuth, path[order, 0], path[order, 1]).astype(np.float32)


def _around_ear(face: FaceMap) -> np.ndarray:
    """Hairline from the sideburn over the ear to behind it, [k, 2]."""
    front = face.ear_azimuth - 0.5 * face.ear_width
    back = face.ear_azimuth + 0.5 * face.ear_width
    height = face.ear_bottom - face.ear_top
    return np.array(
        [
            (front - 0.1, face.ear_top + 0.45 * height),
            (front + 0.0, face.ear_top + 0.4 * height),
            (front + 0.08, face.ear_top - 0.05 * height),
            (face.ear_azimuth, face.ear_top - 0.15 * height),
            (back, face.ear_top + 0.1 * height),
            (back + 0.08, face.ear_top + 0.9 * height),
        ],
        np.float32,
    )


def _nape(face: FaceMap) -> np.ndarray:
    rows = [face.brow_row - face.pixels(float(height)) for height in _NAPE[:, 1]]
    return np.stack([_NAPE[:, 0], np.array(rows, np.float32)], 1)


def above_rows(rows: np.ndarray, softness: float) -> np.ndarray:
    """Share of hair [SIDE, SIDE] above a hairline [SIDE], softened by some pixels."""
    y = np.arange(SIDE, dtype=np.float32)[:, None] + 0.5
    return 1.0 / (1.0 + np.exp(np.clip((y - rows[None]) / softness, -30, 30)))


def column_of(azimuth: float) -> float:
    """Column of an azimuth in radians, positive to the subject's left."""
    return float(columns_of(np.array(azimuth, np.float32)))
