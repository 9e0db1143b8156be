"""Data sets that ``face-jax prepare`` stored: faces one by one, and whole clips."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.landmarks.outlines import MEDIAPIPE_105, face_outline
from data_pipelines.landmarks.schemas import mediapipe_to_68
from data_pipelines.numpy_files import load_array
from data_pipelines.sources.base import Clip, ClipReport, UnusableClip
from data_pipelines.sources.cache import BoundedCache
from data_pipelines.sources.faces import UNKNOWN, FacePicture
from data_pipelines.sources.framing import Framing, whole_frames
from data_pipelines.sources.records import PathLike, RecordSource, decode_picture
from data_pipelines.sources.split_index import (
    FRAMES,
    VERSION,
    landmarks_path,
    read_index,
)


class PreparedRecords:
    """Frames of the pictures and clips of one split; what both collections share.

    Attributes:
      index: of the split.
      label_names: names of the expressions, in the order of their numbers.
    """

    def __init__(self, path: PathLike, split: str, cache_bytes: int):
        if cache_bytes < 0:
            raise ValueError(f"cache_bytes: expected 0 or more, got {cache_bytes}")
        root = Path(path)
        self.index = read_index(root, split)
        self._records = RecordSource(root / FRAMES / VERSION, split)
        self._tracks_file = landmarks_path(root, split)
        self.label_names = self._records.names["label"]
        self._cache = BoundedCache(cache_bytes)

    @functools.cached_property
    def _tracks(self) -> np.ndarray:
        """Landmarks of all frames, read from the file as they are asked for."""
        return load_array(self._tracks_file, mmap_mode="r")

    def __getstate__(self) -> dict[str, Any]:
        # An open map would be copied whole into other processes.
        return {k: v for k, v in self.__dict__.items() if k != "_tracks"}

    def record(self, row: int, frame: int) -> Mapping[str, Any]:
        """The record of a frame, its ``image`` decoded: uint8 RGB, not to be written to.

        Raises:
          UnusableClip: there is no such frame, or it cannot be decoded.
        """
        found = self._cache.get((row, frame))
        if found is None:
            found = self._decoded(row, frame)
            self._cache.put((row, frame), found, found["image"].nbytes)
        return found

    def landmarks(self, row: int) -> np.ndarray:
        """68 points of all frames of a clip, float32 [T, 68, 2]; NaN without a face."""
        first, count = self.index.first_frame[row], self.index.num_frames[row]
        return np.asarray(self._tracks[int(first) : int(first + count)])

    def _decoded(self, row: int, frame: int) -> Mapping[str, Any]:
        name, count = self.index.files[row], int(self.index.num_frames[row])
        if not 0 <= frame < count:
            raise UnusableClip(name, f"expected a frame below {count}, got {frame}")
        record = self._records[int(self.index.first_frame[row]) + frame]
        try:
            image = decode_picture(record["image"], f"{name}, frame {frame}")
        except ValueError as error:
            raise UnusableClip(name, str(error)) from error
        if image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=-1)
        image = np.ascontiguousarray(image[..., :3])
        image.flags.writeable = False
        return {**record, "image": image}


class PreparedFaces:
    """Faces of a prepared data set, one frame at a time.

    Attributes:
      groups: rows that take turns as one item of an epoch.
      people: names of the persons, in the order of their numbers.
      occluder_names: what hides faces here, which nobody has told: ``none``.
      label_names: names of the expressions, in the order of their numbers.
      labels: int64 [len(self)], number of each file's expression, -1 if not known.
      report: what could not be used so far, in this process.
    """

    def __init__(
        self,
        path: PathLike,
        split: str = "train",
        label_names: Sequence[str] | None = None,
        labelled: bool = False,
        approximate_68: bool = False,
        one_per_person: bool = False,
        cache_bytes: int = 1 << 30,
    ):
        """Opens a split; pictures are decoded when they are asked for.

        Args:
          path: folder that ``face-jax prepare`` wrote.
          split: ``train``, ``validation`` or ``test``.
          label_names: names of the expressions in the order of the numbers that they
            shall have, so that data sets with other orders go together; other
            expressions are not known then. None takes the order of the data set.
          labelled: whether files without a known expression are left out.
          approximate_68: whether the nearest vertices of MediaPipe's mesh serve for 68
            points where these are not known.
          one_per_person: whether the files of a person take turns, so that an epoch
            shows everyone once; otherwise it shows every file.
          cache_bytes: memory for decoded pictures in each process, 0 or more.

        Raises:
          FileNotFoundError: there is no prepared data set.
          ValueError: it has no such split, or no file is left.
        """
        self._stored = PreparedRecords(path, split, cache_bytes)
        stored = self._stored.label_names
        self.label_names = stored if label_names is None else tuple(label_names)
        self._numbers = _numbers_of(stored, self.label_names)
        labels = self._numbers[self._stored.index.label]
        self._rows = np.flatnonzero(labels >= 0) if labelled else np.arange(len(labels))
        if not len(self._rows):
            raise ValueError(f"{path}, {split}: no file has a known expression")
        self._approximate_68 = approximate_68
        self.labels = labels[self._rows]
        self.people = self._stored.index.people
        self.occluder_names = ("none",)
        people = self._stored.index.identity[self._rows]
        self.groups = _groups(people) if one_per_person else _single(len(self._rows))
        self.report = ClipReport()

    def __len__(self) -> int:
        return len(self._rows)

    def frames(self, row: int) -> np.ndarray:
        """Numbers of the frames with a face, int64, increasing.

        All of them where nobody has looked for landmarks: clips in which none was found
        are not stored.
        """
        stored = int(self._rows[row])
        count = int(self._stored.index.num_frames[stored])
        if count == 1:
            return np.zeros(1, np.int64)
        known = np.isfinite(self._stored.landmarks(stored)).all(axis=(1, 2))
        return np.flatnonzero(known) if known.any() else np.arange(count)

    def face(self, row: int, frame: int = 0) -> FacePicture:
        """One frame; a picture without landmarks is a face as a whole.

        Raises:
          UnusableClip: it cannot be decoded.
        """
        stored = int(self._rows[row])
        record = self._stored.record(stored, frame)
        mesh = _known(record.get("landmarks_478"))
        points_68 = _known(record["landmarks_68"])
        if points_68 is None and mesh is not None and self._approximate_68:
            points_68 = mediapipe_to_68(mesh)
        return FacePicture(
            name=f"{self._stored.index.files[stored]}, frame {frame}",
            image=record["image"],
            outline=_outline(record, mesh, points_68),
            landmarks_105=None if mesh is None else mesh[list(MEDIAPIPE_105)],
            landmarks_68=points_68,
            label=int(self._numbers[record["label"]]),
            identity=int(record["identity"]),
        )


class PreparedClips:
    """Clips of a prepared data set.

    Attributes:
      identities: rows of the clips of each person.
      report: what could not be used so far, in this process.
    """

    def __init__(
        self,
        path: PathLike,
        split: str = "train",
        frame_size: int | None = None,
        cache_bytes: int = 1 << 30,
    ):
        """Opens a split; pictures alone are left out.

        Args:
          path: folder that ``face-jax prepare`` wrote.
          split: ``train``, ``validation`` or ``test``.
          frame_size: side to which frames are resized; None keeps the stored one.
          cache_bytes: memory for decoded frames in each process, 0 or more.

        Raises:
          FileNotFoundError: there is no prepared data set.
          ValueError: it has no such split, or no clips.
        """
        self._stored = PreparedRecords(path, split, cache_bytes)
        index = self._stored.index
        self._rows = np.flatnonzero(index.num_frames > 1)
        if not len(self._rows):
            raise ValueError(f"{path}, {split}: expected clips, it has pictures alone")
        self._frame_size = frame_size
        self.identities = _groups(index.identity[self._rows])
        self.report = ClipReport()

    def __len__(self) -> int:
        return len(self._rows)

    def clip(self, row: int) -> Clip:
        """Describes one clip."""
        stored, framing = int(self._rows[row]), self._framing(row)
        landmarks = self._stored.landmarks(stored)
        detected = np.isfinite(landmarks).all(axis=(1, 2))
        known = bool(detected.any())
        moved = framing.landmarks(landmarks).astype(np.float32)
        return Clip(
            name=self._stored.index.files[stored],
            num_frames=len(landmarks),
            width=framing.width,
            height=framing.height,
            landmarks=moved if known else None,
            detected=detected if known else np.ones(len(landmarks), bool),
        )

    def frames(self, row: int, indices: Sequence[int]) -> list[np.ndarray]:
        """Frames by number, uint8 ``[height, width, 3]`` each, not to be written to.

        Raises:
          UnusableClip: one of them cannot be decoded.
        """
        stored, framing = int(self._rows[row]), self._framing(row)
        found = [self._stored.record(stored, index)["image"] for index in indices]
        return [framing.frame(image) for image in found]

    def _framing(self, row: int) -> Framing:
        stored, index = int(self._rows[row]), self._stored.index
        return whole_frames(
            int(index.width[stored]), int(index.height[stored]), self._frame_size
        )


def _known(points: np.ndarray | None) -> np.ndarray | None:
    return None if points is None or not np.isfinite(points).all() else points


def _outline(
    record: Mapping[str, Any], mesh: np.ndarray | None, points_68: np.ndarray | None
) -> np.ndarray:
    """What is surest to be the face: landmarks, its box, or the whole picture."""
    if mesh is not None:
        return mesh
    if points_68 is not None:
        return face_outline(points_68)
    box = np.asarray(record["box"], np.float32)
    if not np.isfinite(box).all():
        height, width = record["image"].shape[:2]
        box = np.array([0, 0, width - 1, height - 1], np.float32)
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _numbers_of(stored: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """Wanted number of each stored one, int64; the last entry is of unknown ones, -1."""
    found = [wanted.index(name) if name in wanted else UNKNOWN for name in stored]
    return np.array([*found, UNKNOWN], np.int64)


def _single(count: int) -> tuple[tuple[int, ...], ...]:
    return tuple((row,) for row in range(count))


def _groups(people: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Rows of each person, persons by number."""
    order = np.argsort(people, kind="stable")
    starts = np.flatnonzero(np.diff(people[order], prepend=-1))
    parts = np.split(order, starts[1:])
    return tuple(tuple(part.tolist()) for part in parts if len(part))
