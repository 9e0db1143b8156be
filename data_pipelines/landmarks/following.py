"""Which of several faces is meant, and where it is in every frame of a clip."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from data_pipelines.landmarks.boxes import area, centre, overlap
from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.schemas import NUM_LANDMARKS, NUM_MEDIAPIPE

Choice = Literal["largest", "central"] | int
"""Which of several faces: the one of largest area, the one nearest to the middle of
the picture, or the n-th from the left (0 is the leftmost)."""

PATIENCE = 25
"""Frames for which a face that is not found is waited for while others are there."""


@dataclasses.dataclass(frozen=True)
class FaceTrack:
    """One face through a clip.

    Attributes:
      boxes: float64 [T, 4]; zeros where not valid.
      valid: bool [T], whether the face was found.
      points: float32 [T, 68, 2] landmarks in pixels; NaN where there are none.
      is_crop: whether the boxes are finished crops, to be used as they are.
      meshes: float32 [T, 478, 2] pixels, MediaPipe's mesh, NaN where there is none; None
        where no frame has one.
    """

    boxes: np.ndarray
    valid: np.ndarray
    points: np.ndarray
    is_crop: bool = False
    meshes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def finest_points(self) -> np.ndarray | None:
        """The meshes, or the 68 landmarks [T, 68, 2], or None if all that is known are
        boxes."""
        if self.meshes is not None:
            return self.meshes
        return self.points if np.isfinite(self.points).any() else None


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
        ordered = sorted(faces, key=lambda face: centre(face.box)[0])
        return ordered[choice] if 0 <= choice < len(ordered) else None
    if choice == "largest":
        return max(faces, key=lambda face: area(face.box), default=None)
    if choice == "central":
        middle = np.asarray(frame_size) / 2
        return min(
            faces, key=lambda f: np.linalg.norm(centre(f.box) - middle), default=None
        )
    raise ValueError(f"expected 'largest', 'central' or a number, got {choice!r}")


def follow_face(
    detections: Iterable[Sequence[Face]], choice: Choice, frame_size: tuple[int, int]
) -> FaceTrack:
    """Follows one face through a clip.

    In each frame it takes the face that overlaps most with the one seen last. Where that
    is not found while others go on to be there, it is waited for, ``PATIENCE`` frames at
    most, and no other is taken for it. Where no face overlaps with any seen before (after
    a cut) it chooses anew.

    Args:
      detections: the faces of each frame.
      choice: which face to begin with.
      frame_size: (width, height).

    Returns:
      The track.
    """
    follower = _Follower(choice, frame_size)
    return _to_track([follower.find(faces) for faces in detections])


class _Follower:
    """Remembers the face that is followed, and those beside it."""

    def __init__(self, choice: Choice, frame_size: tuple[int, int]):
        self._choice, self._frame_size = choice, frame_size
        self._last: Face | None = None
        self._others: list[Face] = []
        self._missing = 0

    def find(self, faces: Sequence[Face]) -> Face | None:
        """The face that is followed, among those of the next frame."""
        found = self._same(faces)
        if found is None and self._may_choose(faces):
            found = choose_face(faces, self._choice, self._frame_size)
        if found is None:
            self._missing += 1
            self._others = [_moved(other, faces) for other in self._others]
            return None
        self._last, self._missing = found, 0
        self._others = [face for face in faces if face is not found]
        return found

    def _same(self, faces: Sequence[Face]) -> Face | None:
        """Where the face of last time is now; other people are not taken for it."""
        if self._last is None:
            return None
        pairs = [(overlap(face.box, self._last.box), face) for face in faces]
        own = [
            (common, face)
            for common, face in pairs
            if common > 0 and common >= self._overlap_with_others(face)
        ]
        return max(own, key=lambda pair: pair[0])[1] if own else None

    def _may_choose(self, faces: Sequence[Face]) -> bool:
        """Whether all faces are new ones, or it has been waited long enough."""
        if self._last is None or self._missing >= PATIENCE:
            return True
        return all(self._overlap_with_others(face) == 0 for face in faces)

    def _overlap_with_others(self, face: Face) -> float:
        return max(
            (overlap(face.box, other.box) for other in self._others), default=0.0
        )


def _moved(other: Face, faces: Sequence[Face]) -> Face:
    """Where a face is now; where it was if it is not found."""
    best = max(faces, key=lambda face: overlap(face.box, other.box), default=other)
    return best if overlap(best.box, other.box) > 0 else other


def _to_track(faces: Sequence[Face | None]) -> FaceTrack:
    boxes = np.zeros((len(faces), 4))
    points = np.full((len(faces), NUM_LANDMARKS, 2), np.nan, np.float32)
    meshes = None
    if any(face is not None and face.mesh is not None for face in faces):
        meshes = np.full((len(faces), NUM_MEDIAPIPE, 2), np.nan, np.float32)
    for number, face in enumerate(faces):
        if face is None:
            continue
        boxes[number] = face.box
        if face.landmarks is not None:
            points[number] = face.landmarks
        if meshes is not None and face.mesh is not None:
            meshes[number] = face.mesh
    valid = np.array([face is not None for face in faces], bool)
    is_crop = any(face is not None and face.is_crop for face in faces)
    return FaceTrack(boxes, valid, points, is_crop, meshes)
