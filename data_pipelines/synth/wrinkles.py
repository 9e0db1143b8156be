"""Pores, folds and wrinkles as a height map of the unrolled head."""

import cv2
import numpy as np

from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.noise import blur, curve, line, smooth_noise
from data_pipelines.synth.people import Person
from data_pipelines.synth.unrolled import SIDE

_SIDES = ((-1.0, 36, 39, 31, 48, 17, 21), (1.0, 45, 42, 35, 54, 26, 22))
"""Outward direction; marks of eye corners, nose wing, mouth corner, brow ends."""


def wrinkle_depths(
    random: np.random.Generator, face: FaceMap, person: Person
) -> np.ndarray:
    """Depth of all folds and lines, [SIDE, SIDE] float32, about 1 for a deep fold."""
    age = person.skin.wrinkles
    depths = np.zeros((SIDE, SIDE), np.float32)
    for side in _SIDES:
        depths += (0.18 + 0.55 * age) * _nasolabial(random, face, side)
        depths += (0.12 + 0.45 * age) * _under_eye(random, face, side)
        depths += 0.75 * age * _crows_feet(random, face, side)
        depths += max(0.0, age - 0.25) * 0.7 * _marionette(face, side)
        depths += max(0.0, age - 0.15) * 0.55 * _glabella(random, face, side)
    depths += max(0.0, age - 0.05) * 0.75 * _forehead(random, face)
    depths += (0.1 + 0.5 * age) * _neck(random, face)
    return depths


def skin_relief(
    random: np.random.Generator, depths: np.ndarray, wrinkles: float
) -> np.ndarray:
    """Height of the skin in metres, [SIDE, SIDE] float32: pores and wrinkles."""
    grain = smooth_noise(random, 2.2) + 0.5 * smooth_noise(random, 4.5)
    hills = smooth_noise(random, 11)
    return (
        (3.0e-5 + 2.0e-5 * wrinkles) * grain
        + (0.5e-5 + 3.0e-5 * wrinkles) * hills
        - 8.0e-4 * depths
    )


def slopes(relief: np.ndarray, metres_per_pixel: float) -> np.ndarray:
    """Slopes to the right and down of a height map, [SIDE, SIDE, 2] float32."""
    across = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return np.stack([across, down], axis=-1) / np.float32(metres_per_pixel)


def _fold(points: np.ndarray, width: float, softness: float) -> np.ndarray:
    """A line that fades at both ends."""
    path = curve(points, 40)
    whole = line(path, width, softness)
    middle = line(path[8:-8], width, softness * 1.5)
    return 0.5 * (whole + middle)


def _jitter(random: np.random.Generator, points: np.ndarray, size: float) -> np.ndarray:
    return points + random.normal(0.0, size, points.shape)


def _nasolabial(random: np.random.Generator, face: FaceMap, side: tuple) -> np.ndarray:
    out, _, _, wing, corner, _, _ = side
    points = np.stack(
        [
            face.offset(wing, out * 0.005, -0.008),
            face.offset(wing, out * 0.012, 0.002),
            face.offset(corner, out * 0.008, -0.012),
            face.offset(corner, out * 0.011, 0.002),
        ]
    )
    return _fold(_jitter(random, points, 1.0), 3.0, 2.2)


def _under_eye(random: np.random.Generator, face: FaceMap, side: tuple) -> np.ndarray:
    out, outer, inner, *_ = side
    points = np.stack(
        [
            face.offset(inner, out * 0.002, 0.005),
            face.offset(inner, out * 0.012, 0.011),
            face.offset(outer, -out * 0.008, 0.011),
        ]
    )
    return _fold(_jitter(random, points, 0.7), 2.0, 1.8)


def _crows_feet(random: np.random.Generator, face: FaceMap, side: tuple) -> np.ndarray:
    out, outer, *_ = side
    feet = np.zeros((SIDE, SIDE), np.float32)
    for angle in (-0.5, -0.1, 0.3, 0.65):
        angle = angle + random.normal(0.0, 0.08)
        reach = np.linspace(0.007, random.uniform(0.018, 0.026), 4)
        bend = 0.002 * np.linspace(0.0, 1.0, 4) ** 2
        points = [
            face.offset(outer, out * r * np.cos(angle), r * np.sin(angle) + b)
            for r, b in zip(reach, bend, strict=True)
        ]
        feet += 0.6 * _fold(np.stack(points), 1.3, 0.8)
    return feet


def _marionette(face: FaceMap, side: tuple) -> np.ndarray:
    out, corner = side[0], side[4]
    points = np.stack(
        [
            face.offset(corner, out * 0.004, 0.003),
            face.offset(corner, out * 0.006, 0.012),
            face.offset(corner, out * 0.005, 0.022),
        ]
    )
    return _fold(points, 2.5, 1.8)


def _glabella(random: np.random.Generator, face: FaceMap, side: tuple) -> np.ndarray:
    out, brow = side[0], side[6]
    points = np.stack(
        [
            face.offset(brow, -out * 0.004, -0.008),
            face.offset(brow, -out * 0.003, 0.0),
            face.offset(brow, -out * 0.004, 0.008),
        ]
    )
    return _fold(_jitter(random, points, 0.5), 1.6, 1.0)


def _forehead(random: np.random.Generator, face: FaceMap) -> np.ndarray:
    lines = np.zeros((SIDE, SIDE), np.float32)
    left, right = face.marks[18, 0], face.marks[25, 0]
    for height in (0.016, 0.026, 0.036, 0.046):
        height += random.normal(0.0, 0.0015)
        across = np.linspace(0.02, 0.98, 6) + random.normal(0.0, 0.03)
        wave = 0.003 * np.cos(np.linspace(-np.pi, np.pi, 6) * 1.2)
        down = face.brow_row - face.pixels(height) - np.vectorize(face.pixels)(wave)
        points = np.stack([left + across * (right - left), down], 1)
        lines += random.uniform(0.4, 0.9) * _fold(
            _jitter(random, points, 0.8), 1.5, 0.9
        )
    return lines


def _neck(random: np.random.Generator, face: FaceMap) -> np.ndarray:
    lines = np.zeros((SIDE, SIDE), np.float32)
    for depth in (0.035, 0.052):
        across = np.linspace(-0.05, 0.05, 5)
        points = [face.offset(8, x, depth - 3.0 * x * x) for x in across]
        lines += _fold(_jitter(random, np.stack(points), 1.0), 1.8, 1.2)
    return blur(lines, 0.5)
