"""One way to read clips, be they video files or folders of image files."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from data_pipelines.sources.listing import frame_files
from data_pipelines.video import (
    FrameIndex,
    VideoError,
    VideoReader,
    index_frames,
    read_image,
)


@dataclasses.dataclass(frozen=True)
class ImageIndex:
    """The image files of one clip.

    Attributes:
      path: their folder.
      files: the frames in order.
      width: columns of the first frame, which the others must share.
      height: rows of the first frame.
    """

    path: Path
    files: tuple[Path, ...]
    width: int
    height: int


ClipIndex = FrameIndex | ImageIndex


class ClipReader(Protocol):
    """Reads frames of one clip; not for use by several threads."""

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Frames by number, uint8 RGB ``[n, H, W, 3]``."""

    def iterate(self) -> Iterator[np.ndarray]:
        """All frames in order, one in memory at a time."""

    def close(self) -> None:
        """Closes the files."""


def index_clip(path: Path) -> ClipIndex:
    """Finds the frames of a clip.

    Raises:
      FileNotFoundError: there is no such clip.
      ValueError: it is neither a readable video nor a folder of images.
    """
    if not path.is_dir():
        return index_frames(path)
    files = frame_files(path)
    if not files:
        raise VideoError(f"{path}: expected a video or a folder of images, found none")
    height, width = read_image(files[0]).shape[:2]
    return ImageIndex(path, files, width, height)


def clip_size(index: ClipIndex) -> tuple[int, int, int]:
    """Number of frames, columns and rows of a clip."""
    if isinstance(index, ImageIndex):
        return len(index.files), index.width, index.height
    return index.info.frames, index.info.width, index.info.height


def open_clip(index: ClipIndex) -> ClipReader:
    """Opens a clip whose frames have been found."""
    if isinstance(index, ImageIndex):
        return ImageSequenceReader(index)
    return VideoReader(index.path, index=index)


class ImageSequenceReader:
    """A ``ClipReader`` of image files."""

    def __init__(self, index: ImageIndex):
        self._index = index

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Frames by number, uint8 RGB ``[n, H, W, 3]``.

        Raises:
          VideoError: a frame has another size than the first.
        """
        return np.stack([self._frame(number) for number in indices])

    def iterate(self) -> Iterator[np.ndarray]:
        """All frames in order."""
        return map(self._frame, range(len(self._index.files)))

    def close(self) -> None:
        """Nothing stays open."""

    def _frame(self, number: int) -> np.ndarray:
        image = read_image(self._index.files[number])
        height, width = image.shape[:2]
        if (width, height) != (self._index.width, self._index.height):
            raise VideoError(
                f"{self._index.files[number]}: expected {self._index.width} x "
                f"{self._index.height} like the first frame, got {width} x {height}"
            )
        return image
