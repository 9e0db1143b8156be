"""Reads frames of a video: any few by number, or all of them in order."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from data_pipelines.video.index import FrameIndex, index_frames
from data_pipelines.video.streams import VideoError, open_stream, orient


class VideoReader:
    """Random access to the frames of one video file.

    A read decodes only from the key frame before each wanted frame. Reading the same
    number always gives the same pixels, in any order of calls. The file stays open
    until ``close``; readers serve as context managers. Not for use by several threads.

    Attributes:
      index: the frame index, which may be handed to another reader of the same file.
      info: what the file holds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        index: FrameIndex | None = None,
        threads: int = 1,
    ):
        """Opens a video.

        Args:
          path: the video file.
          index: its index if there is one already; made here otherwise.
          threads: decoding threads; 0 lets the decoder choose. The default suits data
            loading, where many readers share the processors.

        Raises:
          FileNotFoundError: there is no such file.
          VideoError: the file is no video.
        """
        self.path = Path(path)
        self.index = index or index_frames(path)
        self.info = self.index.info
        self._threads = threads
        self._container, self._stream = open_stream(self.path, threads)

    def __len__(self) -> int:
        return self.info.frames

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._container.close()

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Reads frames by number.

        Args:
          indices: frame numbers in any order, repeated or not; negative ones count
            from the end.

        Returns:
          uint8 RGB [n, H, W, 3], turned for display, in the order of ``indices``.

        Raises:
          IndexError: a number is outside the clip.
          VideoError: a frame cannot be decoded; names the file and the frame.
        """
        wanted = self._resolve(indices)
        frames = np.empty((len(wanted), self.info.height, self.info.width, 3), np.uint8)
        keys = [self.index.key_frame_of(number) for number in wanted]
        for key in sorted(set(keys)):
            slots: dict[int, list[int]] = {}
            for slot, number in enumerate(wanted):
                if keys[slot] == key:
                    slots.setdefault(number, []).append(slot)
            for number, image in self._decode(sorted(slots)):
                frames[slots[number]] = image
        return frames

    def iterate(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Yields frames in order, one in memory at a time.

        Args:
          start: first frame, as in a slice.
          stop: end, as in a slice; None for the end of the clip.

        Yields:
          uint8 RGB [H, W, 3].

        Raises:
          VideoError: a frame cannot be decoded; names the file and the frame.
        """
        for _, image in self._decode(range(*slice(start, stop).indices(len(self)))):
            yield image

    def iterate_readable(self) -> Iterator[np.ndarray | None]:
        """Yields all frames in order, None for those that cannot be decoded.

        After damaged data reading goes on at the next key frame.

        Yields:
          uint8 RGB [H, W, 3], or None.
        """
        start = 0
        with VideoReader(self.path, self._by_display_time(), self._threads) as again:
            while start < len(self):
                try:
                    for image in (again if start else self).iterate(start):
                        yield image
                        start += 1
                except VideoError:
                    keys = self.index.key_frames
                    later = keys[keys > start]
                    goes_on = int(later[0]) if len(later) else len(self)
                    yield from [None] * (goes_on - start)
                    start = goes_on

    def _by_display_time(self) -> FrameIndex:
        """The index with less cautious places to seek: never the key frame before."""
        if self.index.times is None:
            return self.index
        seek_times = self.index.times[self.index.key_frames]
        return dataclasses.replace(self.index, seek_times=seek_times)

    def _resolve(self, indices: Sequence[int] | np.ndarray) -> list[int]:
        count = len(self)
        for number in indices:
            if not -count <= number < count:
                raise IndexError(
                    f"{self.path}: no frame {number}, the clip has {count}"
                )
        return [int(number) % count for number in indices]

    def _decode(self, numbers: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Yields (number, image) of increasing ``numbers`` in one forward pass."""
        remaining = iter(numbers)
        wanted = next(remaining, None)
        if wanted is None:
            return
        expected = int(self.index.key_frames[self.index.key_frame_of(wanted)])
        try:
            for number, frame in self._frames_from(wanted):
                if frame.is_corrupt:
                    raise self._error(number, "damaged data")
                if number == wanted:
                    yield number, self._to_image(frame)
                    wanted = next(remaining, None)
                    if wanted is None:
                        return
                elif number > wanted:
                    break
                expected = number + 1
        except av.error.FFmpegError as error:
            raise self._error(expected, error.strerror) from error
        raise self._error(wanted, "missing from the decoded stream")

    def _frames_from(self, wanted: int) -> Iterator[tuple[int, Any]]:
        """Yields (number, frame) from the key frame before ``wanted`` onwards."""
        times = self.index.times
        if times is None:
            self._reopen()
            yield from enumerate(self._container.decode(self._stream))
            return
        first_key = self.index.key_frame_of(wanted)
        for key in (first_key, 0):
            frames = self._seek(key)
            frame = next(frames, None)
            # Containers with a coarse index may land behind the key frame.
            if (
                frame is not None
                and frame.pts <= times[self.index.key_frames[first_key]]
            ):
                break
        while frame is not None:
            number = int(np.searchsorted(times, frame.pts))
            if number >= self.index.key_frames[key] and times[number] == frame.pts:
                yield number, frame
            frame = next(frames, None)

    def _seek(self, key: int) -> Iterator[Any]:
        self._container.seek(int(self.index.seek_times[key]), stream=self._stream)
        return self._container.decode(self._stream)

    def _reopen(self) -> None:
        self.close()
        self._container, self._stream = open_stream(self.path, self._threads)

    def _to_image(self, frame: Any) -> np.ndarray:
        image = orient(frame.to_ndarray(format="rgb24"), self.index.display_matrix)
        if image.shape[:2] != (self.info.height, self.info.width):
            raise VideoError(
                f"{self.path}: the frame size changes from {self.info.width} x "
                f"{self.info.height} to {image.shape[1]} x {image.shape[0]}"
            )
        return image

    def _error(self, number: int, reason: str | None) -> VideoError:
        return VideoError(f"{self.path}: frame {number} cannot be decoded: {reason}")


def iterate_frames(
    path: str | os.PathLike[str],
    start: int = 0,
    stop: int | None = None,
    threads: int = 0,
) -> Iterator[np.ndarray]:
    """Yields the frames of a video in order, one in memory at a time.

    Args:
      path: the video file.
      start: first frame, as in a slice.
      stop: end, as in a slice; None for the end of the clip.
      threads: decoding threads; 0 lets the decoder choose.

    Yields:
      uint8 RGB [H, W, 3], turned for display.

    Raises:
      FileNotFoundError: there is no such file.
      VideoError: the file is no video, or a frame cannot be decoded.
    """
    with VideoReader(path, threads=threads) as reader:
        yield from reader.iterate(start, stop)
