"""Face detectors: one interface, and the back ends that need no model."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

import numpy as np

from data_pipelines.landmarks.files import LandmarkTrack
from data_pipelines.landmarks.schemas import face_box


@dataclasses.dataclass(frozen=True)
class Face:
    """One detected face.

    Attributes:
      box: float [4] left, top, right, bottom as pixel edges: from hairline to chin.
      landmarks: float32 [68, 2] in pixels, or None where a detector gives none.
      score: confidence from 0 to 1; 1 where a detector gives none.
      is_crop: whether the box is a finished crop, to be used as it is.
      mesh: float32 [478, 2] in pixels, MediaPipe's mesh, or None.
    """

    box: np.ndarray
    landmarks: np.ndarray | None
    score: float
    is_crop: bool = False
    mesh: np.ndarray | None = None


class FaceDetector(Protocol):
    """Finds faces in pictures."""

    def detect(self, frames: np.ndarray, first: int = 0) -> list[list[Face]]:
        """Finds all faces of some frames.

        Args:
          frames: uint8 RGB [n, H, W, 3], consecutive frames of a clip or one picture.
          first: number of the first of them in its clip.

        Returns:
          For each frame its faces, possibly none.
        """


@dataclasses.dataclass(frozen=True)
class LandmarkFileDetector:
    """Finds the faces whose landmarks are known: from files, or from synthetic records.

    Attributes:
      tracks: landmarks of one person each, in pixels of the frames.
    """

    tracks: Sequence[LandmarkTrack]

    def detect(self, frames: np.ndarray, first: int = 0) -> list[list[Face]]:
        """See ``FaceDetector``.

        Raises:
          ValueError: the files know fewer frames.
        """
        known = min((len(track) for track in self.tracks), default=0)
        if first + len(frames) > known:
            raise ValueError(
                f"expected landmarks of at least {first + len(frames)} frames, the "
                f"landmark file has {known}"
            )
        return [self._faces(first + number) for number in range(len(frames))]

    def _faces(self, number: int) -> list[Face]:
        points = [track.points[number] for track in self.tracks if track.valid[number]]
        return [Face(face_box(landmarks), landmarks, 1.0) for landmarks in points]


@dataclasses.dataclass(frozen=True)
class WholeImageDetector:
    """Takes the whole picture for one face, as in data that are cropped already."""

    def detect(self, frames: np.ndarray, first: int = 0) -> list[list[Face]]:
        """See ``FaceDetector``."""
        height, width = frames.shape[1:3]
        box = np.array([0, 0, width, height], np.float64)
        return [[Face(box, None, 1.0, is_crop=True)] for _ in frames]


def detect_faces(
    detector: FaceDetector, frames: Iterable[np.ndarray], chunk: int = 16
) -> Iterator[list[Face]]:
    """Detects through a clip of any length, a few frames in memory at a time.

    Args:
      detector: the detector.
      frames: uint8 RGB [H, W, 3] each.
      chunk: frames handed to the detector at once.

    Yields:
      The faces of each frame.
    """
    frames = iter(frames)
    first = 0
    while some := list(islice(frames, chunk)):
        yield from detector.detect(np.stack(some), first)
        first += len(some)
