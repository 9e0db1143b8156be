"""Clips on disk: any folder of videos, a few files, or VoxCeleb's layout."""

import contextlib
import dataclasses
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.landmarks.files import LandmarkTrack, load_landmarks
from data_pipelines.sources.base import Clip, ClipReport, UnusableClip
from data_pipelines.sources.cache import BoundedCache
from data_pipelines.sources.framing import (
    Crop,
    Framing,
    check_framing,
    clip_crop,
    whole_frames,
)
from data_pipelines.sources.listing import clip_stem, find_clips, group_by_identity
from data_pipelines.sources.readers import ClipIndex, clip_size, index_clip, open_clip
from data_pipelines.transforms.face_boxes import CROP_SCALE

PathLike = str | os.PathLike[str]

INDEX_BYTES = 64 << 20
"""Budget of the frame indices, about 20,000 clips of ten seconds."""


@dataclasses.dataclass(frozen=True)
class _Opened:
    """A clip whose frames and landmarks are known.

    Attributes:
      clip: what users see.
      index: where the frames are.
      framing: from stored frames to those that users see.
    """

    clip: Clip
    index: ClipIndex
    framing: Framing


class ClipSource:
    """Random access to the frames of clips, cropped and at their working size.

    Only the frames asked for are decoded, and they are kept in memory up to a budget.
    Clips small enough for all clips of their size to fit into the budget together
    are decoded once as a whole. Nothing that is returned depends on what is kept.

    Attributes:
      paths: the clips, in a fixed order.
      identities: rows of the clips of each person, see ``group_by_identity``.
      report: what could not be used so far, in this process.
      cache: decoded frames and landmarks.
    """

    def __init__(
        self,
        path: PathLike | Sequence[PathLike],
        split: str | None = None,
        landmarks: PathLike | None = None,
        crop: Crop = "none",
        crop_scale: float = CROP_SCALE,
        frame_size: int | None = None,
        cache_bytes: int = 1 << 30,
    ):
        """Lists the clips without opening them.

        Args:
          path: a folder of clips, one clip, or several; a clip is a video file or a
            folder of images.
          split: sub-folder of ``path`` to use, such as ``train`` or ``val``.
          landmarks: folder of landmark files ``<stem>.npz`` or ``<stem>.npy``, where
            the stem is a clip's name without its last extension; for a single clip
            the file itself will do. Without it there are no landmarks.
          crop: ``none`` uses whole frames; ``clip`` cuts one square out of a clip,
            around the face in all frames by its landmarks, the central one if there
            are no landmarks at all.
          crop_scale: side of this square over that of the face.
          frame_size: side to which frames are resized once, whole frames without
            keeping their shape; None keeps the stored resolution.
          cache_bytes: memory for decoded frames in each process.

        Raises:
          FileNotFoundError: a path does not exist or holds no clip.
          ValueError: a setting out of range.
        """
        check_framing(crop, crop_scale, frame_size)
        if cache_bytes < 0:
            raise ValueError(f"cache_bytes: expected 0 or more, got {cache_bytes}")
        self.paths = find_clips(path, split)
        self.identities = group_by_identity(self.paths)
        self.report = ClipReport()
        self.cache = BoundedCache(cache_bytes)
        self._landmark_files = _find_landmarks(landmarks, self.paths)
        self._crop = crop
        self._crop_scale = crop_scale
        self._frame_size = frame_size
        self._forget()

    def __len__(self) -> int:
        return len(self.paths)

    def clip(self, row: int) -> Clip:
        """Describes one clip.

        Raises:
          UnusableClip: it cannot be opened, or its landmarks cannot.
        """
        return self._open(row).clip

    def frames(self, row: int, indices: Sequence[int]) -> list[np.ndarray]:
        """Frames by number, uint8 ``[height, width, 3]`` each, not to be written to.

        Raises:
          UnusableClip: one of them cannot be decoded.
        """
        opened = self._open(row)
        kept = self._kept_frames(row, indices)
        if len(kept) < len(set(indices)) and self._is_small(opened.clip):
            self._keep_whole_clip(row, opened)
            kept = self._kept_frames(row, indices)
        missing = sorted(set(indices) - set(kept))
        if missing:
            kept |= self._decode(row, opened, missing)
        return [kept[i] for i in indices]

    def _open(self, row: int) -> _Opened:
        opened = self.cache.get(row)
        if opened is not None:
            return opened
        if row in self._failures:
            raise UnusableClip(str(self.paths[row]), self._failures[row])
        try:
            opened = self._describe(row)
        except (OSError, ValueError) as error:
            self._failures[row] = str(error)
            raise UnusableClip(str(self.paths[row]), str(error)) from error
        self.cache.put(row, opened, _num_bytes(opened.clip))
        return opened

    def _describe(self, row: int) -> _Opened:
        index = self._index(row)
        num_frames, width, height = clip_size(index)
        track = self._load_track(row, num_frames, (width, height))
        if self._crop == "clip":
            framing = clip_crop(
                track, width, height, self._frame_size, self._crop_scale
            )
        else:
            framing = whole_frames(width, height, self._frame_size)
        clip = Clip(
            name=str(self.paths[row]),
            num_frames=num_frames,
            width=framing.width,
            height=framing.height,
            landmarks=None if track is None else framing.landmarks(track.points),
            detected=np.ones(num_frames, bool) if track is None else track.valid,
        )
        return _Opened(clip, index, framing)

    def _index(self, row: int) -> ClipIndex:
        index = self._indices.get(row)
        if index is None:
            index = index_clip(self.paths[row])
            self._indices.put(row, index, 1000 + 16 * clip_size(index)[0])
        return index

    def _load_track(
        self, row: int, num_frames: int, size: tuple[int, int]
    ) -> LandmarkTrack | None:
        if self._landmark_files is None:
            return None
        return load_landmarks(self._landmark_files[row], num_frames, size)

    def _is_small(self, clip: Clip) -> bool:
        return _num_bytes(clip, pixels=True) * len(self) <= self.cache.max_bytes

    def _kept_frames(self, row: int, indices: Sequence[int]) -> dict[int, np.ndarray]:
        frames = {index: self.cache.get((row, index)) for index in indices}
        return {index: frame for index, frame in frames.items() if frame is not None}

    def _keep_whole_clip(self, row: int, opened: _Opened) -> None:
        """Decodes a clip once, as far as it goes; other threads wait for it."""
        with self._lock:
            if row in self._whole:
                return
            self._whole.add(row)
            # Behind a damaged frame, frames are read one by one where they are
            # needed: what an item gets may not depend on what is kept.
            with (
                contextlib.suppress(OSError, ValueError),
                contextlib.closing(open_clip(opened.index)) as reader,
            ):
                for number, image in enumerate(reader.iterate()):
                    self._keep(row, number, opened, image)

    def _decode(
        self, row: int, opened: _Opened, numbers: list[int]
    ) -> dict[int, np.ndarray]:
        try:
            with contextlib.closing(open_clip(opened.index)) as reader:
                images = reader.read(numbers)
        except (OSError, ValueError) as error:
            raise UnusableClip(opened.clip.name, str(error)) from error
        return {
            number: self._keep(row, number, opened, image)
            for number, image in zip(numbers, images, strict=True)
        }

    def _keep(
        self, row: int, number: int, opened: _Opened, image: np.ndarray
    ) -> np.ndarray:
        frame = opened.framing.frame(image)
        if frame.base is not None:
            # A view would keep the other frames of the same read in memory.
            frame = frame.copy()
        frame.flags.writeable = False
        self.cache.put((row, number), frame, frame.nbytes)
        return frame

    def _forget(self) -> None:
        """Starts without knowledge of any file."""
        self._indices = BoundedCache(INDEX_BYTES)
        self._failures: dict[int, str] = {}
        self._whole: set[int] = set()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        private = ("_indices", "_failures", "_whole", "_lock")
        return {k: v for k, v in self.__dict__.items() if k not in private}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


def _num_bytes(clip: Clip, pixels: bool = False) -> int:
    """Memory of a clip's description, with all its frames if ``pixels``."""
    landmarks = 0 if clip.landmarks is None else clip.landmarks.nbytes
    frames = clip.num_frames * clip.height * clip.width * 3 if pixels else 0
    return 1000 + landmarks + clip.detected.nbytes + frames


def _find_landmarks(
    landmarks: PathLike | None, clips: Sequence[Path]
) -> tuple[Path, ...] | None:
    """The landmark file of each clip; those of a folder need not exist."""
    if landmarks is None:
        return None
    root = Path(landmarks)
    if not root.exists():
        raise FileNotFoundError(f"{root}: no such landmark file or folder")
    if root.is_dir():
        return tuple(_landmark_file(root, clip_stem(clip)) for clip in clips)
    if len(clips) > 1:
        raise ValueError(
            f"landmarks: expected a folder for {len(clips)} clips, got the file {root}"
        )
    return (root,)


def _landmark_file(folder: Path, stem: str) -> Path:
    # Not with_suffix: it would cut a stem that contains a dot.
    ours, published = folder / f"{stem}.npz", folder / f"{stem}.npy"
    return published if published.exists() and not ours.exists() else ours
