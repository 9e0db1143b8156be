"""Opens video streams, and turns their frames the way they are to be seen."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type


class VideoError(ValueError):
    """A video file that cannot be read or written; the message names the file."""


@contextmanager
def open_video(path: Path, threads: int = 1) -> Iterator[tuple[Any, Any]]:
    """Opens a file and its video stream.

    Args:
      path: the file.
      threads: decoding threads; 0 lets the decoder choose.

    Yields:
      (container, stream) of PyAV; the container is closed afterwards.

    Raises:
      FileNotFoundError: there is no such file.
      VideoError: the file is no container of a video stream, or reading it failed.
    """
    container, stream = open_stream(path, threads)
    with container:
        try:
            yield container, stream
        except av.error.FFmpegError as error:
            raise VideoError(f"{path}: cannot be read: {error.strerror}") from error


def open_stream(path: Path, threads: int = 1) -> tuple[Any, Any]:
    """Like ``open_video``, for callers that close the container themselves."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such video file")
    if path.is_dir():
        raise VideoError(f"{path}: expected a video file, found a folder")
    try:
        container = av.open(str(path))
    except av.error.FFmpegError as error:
        size = path.stat().st_size
        raise VideoError(
            f"{path}: not a readable video ({size} bytes): {error.strerror}"
        ) from error
    streams = [s for s in container.streams.video if not _is_cover_picture(s)]
    if not streams:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        container.close()
        raise VideoError(f"{path}: no video stream, only {kinds}")
    stream = streams[0]
    stream.codec_context.thread_count = threads
    stream.thread_type = "AUTO" if threads != 1 else "NONE"
    return container, stream


def first_frame(path: Path) -> av.VideoFrame:
    """Decodes the first frame of a file.

    Raises:
      FileNotFoundError: there is no such file.
      VideoError: the file is no video, or its first frame cannot be decoded.
    """
    with open_video(path) as (container, stream):
        try:
            frame = next(container.decode(stream), None)
        except av.error.FFmpegError as error:
            raise VideoError(
                f"{path}: frame 0 cannot be decoded: {error.strerror}"
            ) from error
    if frame is None:
        raise VideoError(f"{path}: the video stream holds no frames")
    return frame


def display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Returns the (a, b, c, d) of a frame's display matrix; identity if it has none.

    Only the signs matter to ``orient``: of each row the larger entry decides.
    """
    side_data: Any = frame.side_data
    if Type.DISPLAYMATRIX not in side_data:
        return (1, 0, 0, 1)
    data = bytes(side_data[Type.DISPLAYMATRIX])
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5]
    if abs(int(a)) >= abs(int(b)):
        return (int(np.sign(a)), 0, 0, int(np.sign(d)))
    return (0, int(np.sign(b)), int(np.sign(c)), 0)


def orient(image: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """Turns and mirrors a stored image [H, W, ...] as its display matrix says.

    Args:
      image: [H, W, ...].
      matrix: (a, b, c, d) with entries -1, 0 and 1.

    Returns:
      A view, [H, W, ...] or [W, H, ...].
    """
    a, b, c, d = matrix
    if a == 0:
        image = np.swapaxes(image, 0, 1)
    flip_x, flip_y = a + c < 0, b + d < 0
    return image[:: -1 if flip_y else 1, :: -1 if flip_x else 1]


def clockwise_degrees(matrix: tuple[int, int, int, int]) -> int:
    """Returns by how much a display matrix turns: 0, 90, 180 or 270 degrees."""
    a, b, _, _ = matrix
    return round(math.degrees(math.atan2(b, a))) % 360


def _is_cover_picture(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
