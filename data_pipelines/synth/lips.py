"""Lips on the unrolled head: their outline, creases and colour."""

import numpy as np

from data_pipelines.synth.face_map import FaceMap
from data_pipelines.synth.noise import area, blur, curve, line, smooth_noise
from data_pipelines.synth.unrolled import SIDE

_OUTER = tuple(range(48, 60))
_INNER = tuple(range(60, 68))


def lip_cover(face: FaceMap) -> np.ndarray:
    """Share of lip, [SIDE, SIDE] float32 in [0, 1], soft at the edge."""
    outline = curve(face.marks[list(_OUTER)], 96, closed=True)
    return area(outline, 1.1)


def lower_lip(face: FaceMap) -> np.ndarray:
    """1 on the lower lip, 0 on the upper one, [SIDE, SIDE] float32."""
    middle = float(face.marks[list(_INNER), 1].mean())
    rows = np.arange(SIDE, dtype=np.float32)[:, None] + 0.5
    return np.broadcast_to(np.clip((rows - middle) / 4.0 + 0.5, 0, 1), (SIDE, SIDE))


def mouth_line(face: FaceMap) -> np.ndarray:
    """Where the lips meet, [SIDE, SIDE] float32 in about [0, 1]."""
    inner = face.marks[list(_INNER)]
    upper = np.concatenate([face.marks[48:49], inner[0:5], face.marks[54:55]])
    lower = np.concatenate([inner[4:8], inner[0:1]])[::-1]
    meeting = line(curve(upper, 50), 1.2, 0.9)
    return np.maximum(meeting, line(curve(lower, 40), 1.0, 0.9))


def creases(random: np.random.Generator) -> np.ndarray:
    """Fine lines down the lips, [SIDE, SIDE] float32 of deviation about 1."""
    fine = random.standard_normal((SIDE // 12, SIDE)).astype(np.float32)
    rows = np.repeat(fine, 12, axis=0)
    rows = np.concatenate([rows, rows[: SIDE - len(rows)]])
    return blur(rows, 0.8) * 2.0 + 0.4 * smooth_noise(random, 6)
