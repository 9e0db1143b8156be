"""Clips of synthetic faces, read from the records that the generator wrote."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.sources.base import Clip, ClipReport, UnusableClip
from data_pipelines.sources.cache import BoundedCache
from data_pipelines.sources.framing import Framing, whole_frames
from data_pipelines.sources.records import PathLike, RecordSource, decode_picture
from data_pipelines.sources.synthetic_settings import (
    BUILT_IN_HEAD,
    VERSION,
    SyntheticSettings,
)


class SyntheticClips:
    """Clips of rendered, moving faces with exact landmarks.

    Attributes:
      identities: rows of the clips of each person.
      numbers: the persons' numbers in the data set.
      report: what could not be used so far, in this process.
    """

    def __init__(
        self,
        path: PathLike | None = None,
        split: str = "train",
        num_identities: int | None = None,
        frame_size: int | None = None,
        cache_bytes: int = 1 << 30,
        built_in: Mapping[str, Any] | None = None,
    ):
        """Lists the clips.

        Args:
          path: folder that ``face-jax prepare synthetic`` wrote; None takes the
            built-in data set, which ``face-jax train`` and ``face-jax demo`` generate
            where it is missing.
          split: ``train``, ``validation`` or ``test``; each has persons of its own.
          num_identities: how many persons of the split to use; None takes them all.
          frame_size: side to which frames are resized; None keeps the stored one.
          cache_bytes: memory for decoded frames in each process.
          built_in: arguments of ``built_in_settings``: which data set is built in.

        Raises:
          FileNotFoundError: the data set has not been generated.
          ValueError: it has no such split, or fewer persons.
        """
        if path is None:
            path = built_in_settings(**(built_in or {})).folder()
        root = Path(path)
        if not (root / "clips" / VERSION).is_dir():
            raise FileNotFoundError(
                f"{root}: no clips of synthetic faces of version {VERSION} are there; "
                "`face-jax prepare synthetic --clips N --out DIR` makes some"
            )
        self._table = RecordSource(root / "clips" / VERSION, split)
        self._frames = RecordSource(root / "frames" / VERSION, split)
        self._frame_size = frame_size
        self._cache = BoundedCache(cache_bytes)
        self.report = ClipReport()
        self._list_clips(split, num_identities)

    def __len__(self) -> int:
        return len(self._clips)

    def clip(self, row: int) -> Clip:
        """Describes one clip."""
        return self._clips[row]

    def frames(self, row: int, indices: Sequence[int]) -> list[np.ndarray]:
        """Frames by number, uint8 ``[height, width, 3]`` each, not to be written to.

        Raises:
          UnusableClip: one of them cannot be decoded.
        """
        return [self._frame(row, index) for index in indices]

    def _list_clips(self, split: str, num_identities: int | None) -> None:
        """Reads the table of the split: one record for each clip."""
        persons: dict[int, list[int]] = {}
        self._clips: list[Clip] = []
        self._first: list[int] = []
        self._framing: list[Framing] = []
        for row in range(len(self._table)):
            record = self._table[row]
            identity = int(record["identity"])
            if len(persons) == num_identities and identity not in persons:
                break
            persons.setdefault(identity, []).append(row)
            self._add_clip(record)
        if num_identities is not None and len(persons) < num_identities:
            raise ValueError(
                f"num_identities: {self._table.path} has {len(persons)} persons with "
                f"clips in {split}, got {num_identities}"
            )
        self.numbers = tuple(persons)
        self.identities = tuple(tuple(rows) for rows in persons.values())

    def _add_clip(self, record: dict) -> None:
        size, num_frames = int(record["size"]), int(record["num_frames"])
        framing = whole_frames(size, size, self._frame_size)
        clip = Clip(
            name=f"synthetic face {record['identity']}, clip {record['clip']}",
            num_frames=num_frames,
            width=framing.width,
            height=framing.height,
            landmarks=framing.landmarks(record["landmarks_68"]).astype(np.float32),
            detected=np.ones(num_frames, bool),
        )
        self._clips.append(clip)
        self._first.append(int(record["first_frame"]))
        self._framing.append(framing)

    def _frame(self, row: int, index: int) -> np.ndarray:
        frame = self._cache.get((row, index))
        if frame is None:
            frame = self._framing[row].frame(self._decode(row, index))
            frame.flags.writeable = False
            self._cache.put((row, index), frame, frame.nbytes)
        return frame

    def _decode(self, row: int, index: int) -> np.ndarray:
        clip = self._clips[row]
        if not 0 <= index < clip.num_frames:
            raise UnusableClip(
                clip.name, f"expected a frame below {clip.num_frames}, got {index}"
            )
        record = self._frames[self._first[row] + index]
        try:
            return decode_picture(record["image"], f"{clip.name}, frame {index}")
        except ValueError as error:
            raise UnusableClip(clip.name, str(error)) from error


def built_in_settings(
    people: int = 1,
    clips_per_person: int = 1,
    num_frames: int = 350,
    frame_rate: float = 25.0,
    size: int = 64,
    head: str = BUILT_IN_HEAD,
    seed: int = 0,
) -> SyntheticSettings:
    """The data set that ``SyntheticClips`` reads when no path is given.

    Args:
      people: persons in all splits together, see ``split_of``.
      clips_per_person: clips of each of them.
      num_frames: frames of each clip.
      frame_rate: frames of a second.
      size: side of the frames.
      head: ``procedural`` or the path of a head model.
      seed: what it is drawn from.

    Raises:
      ValueError: a number below its smallest.
    """
    return SyntheticSettings(
        clips=people * clips_per_person,
        clips_per_person=clips_per_person,
        num_frames=num_frames,
        frame_rate=frame_rate,
        size=size,
        head=head,
        seed=seed,
    )
