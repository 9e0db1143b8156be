"""Face detectors: one interface, its simplest back ends, and the choice of a face."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, Protocol

import numpy as np

from data_pipelines.landmarks.files import LandmarkTrack
from data_pipelines.landmarks.schemas import NUM_LANDMARKS, face_box

Choice = Literal["largest", "central"] | int
"""Which of several faces: the one of largest area, the one nearest to the middle of
the picture, or the n-th from the left (0 is the leftmost)."""


@dataclasses.dataclass(frozen=True)
class Face:
    """One detected face.

    Attributes:
      box: float [4] left, top, right, bottom as pixel edges: from hairline to chin.
      landmarks: float32 [68, 2] in pixels, or None where a detector gives none.
      score: confidence from 0 to 1.
      is_crop: whether the box is a finished crop, to be used as it is.
    """

    box: np.ndarray
    landmarks: np.ndarray | None
    score: float
    is_crop: bool = False


@dataclasses.dataclass(frozen=True)
class FaceTrack:
    """One face through a clip.

    Attributes:
      boxes: float64 [T, 4]; zeros where not valid.
      valid: bool [T], whether the face was found.
      points: float32 [T, 68, 2] landmarks in pixels; NaN where there are none.
      is_crop: whether the boxes are finished crops, to be used as they are.
    """

    boxes: np.ndarray
    valid: np.ndarray
    points: np.ndarray
    is_crop: bool = False

    def __len__(self) -> int:
        return len(self.boxes)


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
    """Finds the faces that stand in landmark files.

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


def choose_face(
    faces: Sequence[Face], choice: Choice, frame_size: tuple[int, int]
) -> Face | None:
    """Picks one of the faces of a frame.

    Args:
      faces: all faces of the frame.
      choice: which.
      frame_size: (width, height).

    Returns:
      The face; None if there are none, or fewer than the number asks for.

    Raises:
      ValueError: there is no such choice.
    """
    if isinstance(choice, int):
        ordered = sorted(faces, key=lambda face: _centre(face.box)[0])
        return ordered[choice] if 0 <= choice < len(ordered) else None
    if choice == "largest":
        return max(faces, key=lambda face: _area(face.box), default=None)
    if choice == "central":
        middle = np.asarray(frame_size) / 2
        return min(
            faces, key=lambda f: np.linalg.norm(_centre(f.box) - middle), default=None
        )
    raise ValueError(f"expected 'largest', 'central' or a number, got {choice!r}")


def follow_face(
    detections: Iterable[Sequence[Face]], choice: Choice, frame_size: tuple[int, int]
) -> FaceTrack:
    """Follows one face through a clip.

    Args:
      detections: the faces of each frame.
      choice: which face to begin with.
      frame_size: (width, height).

    Returns:
      The track. In each frame it takes the face that overlaps most with the one seen
      last; where none overlaps (after a cut) it chooses anew.
    """
    last: Face | None = None
    chosen: list[Face | None] = []
    for faces in detections:
        face = max(faces, key=lambda f: _overlap(f, last), default=None)
        if face is None or _overlap(face, last) == 0:
            face = choose_face(faces, choice, frame_size)
        chosen.append(face)
        last = face or last
    return _to_track(chosen)


def _to_track(faces: Sequence[Face | None]) -> FaceTrack:
    boxes = np.zeros((len(faces), 4))
    points = np.full((len(faces), NUM_LANDMARKS, 2), np.nan, np.float32)
    for number, face in enumerate(faces):
        if face is not None:
            boxes[number] = face.box
            if face.landmarks is not None:
                points[number] = face.landmarks
    valid = np.array([face is not None for face in faces], bool)
    is_crop = any(face is not None and face.is_crop for face in faces)
    return FaceTrack(boxes, valid, points, is_crop)


def _overlap(face: Face, other: Face | None) -> float:
    """Intersection over union of two boxes; 0 if there is no other."""
    if other is None:
        return 0.0
    low = np.maximum(face.box[:2], other.box[:2])
    high = np.minimum(face.box[2:], other.box[2:])
    common = _area(np.concatenate([low, np.maximum(high, low)]))
    return common / max(_area(face.box) + _area(other.box) - common, 1e-9)


def _area(box: np.ndarray) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _centre(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2
