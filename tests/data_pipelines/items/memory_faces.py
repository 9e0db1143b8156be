"""Faces in memory whose landmarks can be found again in the pixels."""

import functools

import numpy as np

from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.sources.base import ClipReport, UnusableClip
from data_pipelines.sources.faces import FacePicture
from tests.data_pipelines.synth.plain_face import plain_face

WIDTH, HEIGHT = 300, 260
TRUTH = {"shape_params": np.arange(4, dtype=np.float32), "camera": np.ones(3)}
FAR_APART = (0, 8, 16, 19, 24, 33, 36, 45, 48, 54)
"""Landmarks without neighbours: their spots do not run into each other."""


class MemoryFaces:
    """A ``FaceCollection`` of ``num_clips`` clips with a spot on some landmarks.

    Args:
      num_clips: rows, each a group of its own unless ``groups`` are given.
      num_frames: frames of each of them.
      broken: rows that cannot be opened.
      unplaced: rows whose landmarks lie all in one place.
      with_105: whether MediaPipe's landmarks are known.
      with_68: whether the 68 are known.
      truth: what the pictures were made from.
    """

    def __init__(
        self,
        num_clips=3,
        num_frames=4,
        groups=None,
        broken=(),
        unplaced=(),
        with_105=True,
        with_68=True,
        truth=None,
    ):
        self.groups = groups or tuple((row,) for row in range(num_clips))
        self.report = ClipReport()
        self.num_clips, self.num_frames = num_clips, num_frames
        self.broken, self.unplaced = broken, unplaced
        self.with_105, self.with_68 = with_105, with_68
        self.truth = truth or {}

    def __len__(self):
        return self.num_clips

    def frames(self, row):
        if row in self.broken:
            raise UnusableClip(f"face{row}", "cannot be opened")
        return np.arange(self.num_frames)

    def face(self, row, frame):
        points = landmarks(row, frame)
        outline, inner = face_outline(points), inner_points(points)
        placed = row not in self.unplaced
        return FacePicture(
            name=f"face{row}",
            image=picture(row, frame),
            outline=outline if placed else outline * 0,
            landmarks_105=inner if self.with_105 and placed else None,
            landmarks_68=points if self.with_68 else None,
            label=row % 7,
            identity=10 + row,
            truth=self.truth,
        )


def landmarks(row, frame):
    """68 points of a slightly turned face whose mouth sinks, float32 [68, 2]."""
    angle = 0.05 * row - 0.1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    face = plain_face(190) - [95, 85]
    face[48:, 1] += 2 * frame
    return (face @ turn.T + np.array([150, 135 - row])).astype(np.float32)


@functools.cache
def picture(row, frame):
    """A frame with a spot on every landmark that is ``FAR_APART``."""
    return spots(landmarks(row, frame)[list(FAR_APART)])


def inner_points(points):
    """105 points, the first ones of which are those with spots."""
    return points[[*FAR_APART, *range(68), *range(27)]]


def spots(points):
    """A picture with a bright spot of a few pixels on every point."""
    columns = np.exp(-((np.arange(WIDTH) - points[:, :1]) ** 2) / 8)
    rows = np.exp(-((np.arange(HEIGHT) - points[:, 1:]) ** 2) / 8)
    levels = 20 + 220 * np.einsum("pr,pc->rc", rows, columns)
    return np.repeat(levels[..., None].clip(0, 255).astype(np.uint8), 3, axis=2)
