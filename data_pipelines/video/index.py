"""The frame index of a video: what it holds and where each frame can be found.

Containers store packets in decoding order and know frames by time, not by number.
The index is made by reading all packets without decoding them (milliseconds for a
clip): the display times in order give every frame its number, and the key frames
say where decoding may start. It holds plain arrays and can be pickled, so that it is
built once per file and shared by readers and worker processes.
"""

import dataclasses
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type

FALLBACK_RATE = Fraction(25)
"""Frames per second of a file that states none (one frame, raw streams)."""


class VideoError(ValueError):
    """A video file that cannot be read or written; the message names the file."""


@dataclasses.dataclass(frozen=True)
class VideoInfo:
    """What a video holds, as a viewer sees it.

    Attributes:
      frames: number of frames that can be read.
      missing_frames: frames that the header promises and the file does not hold
        (truncated downloads); 0 for complete files.
      fps: average frames per second.
      width: pixels, after rotation. Pixels count as square: a stated pixel aspect
        ratio is not applied.
      height: pixels, after rotation.
      duration: seconds from the first frame to the end of the last.
      has_audio: whether there is an audio stream.
      rotation: degrees by which stored frames are turned clockwise for display; 0, 90,
        180 or 270. Readers have already applied it.
      codec: name of the video codec, such as ``h264``.
    """

    frames: int
    missing_frames: int
    fps: Fraction
    width: int
    height: int
    duration: float
    has_audio: bool
    rotation: int
    codec: str


@dataclasses.dataclass(frozen=True)
class FrameIndex:
    """Frame numbers, display times and key frames of one video file.

    Attributes:
      path: the file.
      info: what the file holds.
      times: int64 [frames], display times in units of the stream, increasing; None
        where the container has no trustworthy times. Frames of such a file are
        counted while decoding from its start.
      key_frames: int64 [k], numbers of the frames at which decoding may start,
        increasing; the first is 0.
      seek_times: int64 [k], where to seek for each key frame. These are decoding
        times, which no key frame after the wanted one can undercut.
      display_matrix: how stored frames are turned and mirrored for display, as
        (a, b, c, d): x' = a x + c y and y' = b x + d y.
    """

    path: Path
    info: VideoInfo
    times: np.ndarray | None
    key_frames: np.ndarray
    seek_times: np.ndarray
    display_matrix: tuple[int, int, int, int]

    def key_frame_of(self, frame: int) -> int:
        """Returns the position in ``key_frames`` from which ``frame`` is decoded."""
        return int(np.searchsorted(self.key_frames, frame, side="right")) - 1


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Returns what a video holds; reads all packets and decodes one frame.

    Raises:
      FileNotFoundError: there is no such file.
      VideoError: the file is no video, or its first frame cannot be decoded.
    """
    return index_frames(path).info


def index_frames(path: str | os.PathLike[str]) -> FrameIndex:
    """Builds the frame index of a video file.

    Args:
      path: a file of any container and codec that FFmpeg reads.

    Returns:
      The index. Packets that the file marks as not displayed or that are cut off are
      left out.

    Raises:
      FileNotFoundError: there is no such file.
      VideoError: the file is no video, or its first frame cannot be decoded.
    """
    path = Path(path)
    first = _first_frame(path)
    with open_video(path) as (container, stream):
        packets = [packet for packet in container.demux(stream) if packet.size]
        shown = [p for p in packets if not (p.is_discard or p.is_corrupt)]
        fps = Fraction(stream.average_rate or stream.guessed_rate or FALLBACK_RATE)
        if not shown:
            raise VideoError(f"{path}: the video stream holds no whole frame")
        if _times_are_trustworthy(container, stream, shown):
            times, key_frames, seek_times = _index_by_time(shown)
            duration = float(
                (times[-1] - times[0] + _last_duration(shown)) * stream.time_base
            )
            frames = len(times)
        else:
            times, key_frames, seek_times = None, np.zeros(1, int), np.zeros(1, int)
            duration, frames = float(len(shown) / fps), len(shown)
        matrix = display_matrix(first)
        height, width = orient(np.empty((first.height, first.width)), matrix).shape
        info = VideoInfo(
            frames=frames,
            missing_frames=max(
                stream.frames - len(packets) + _count_corrupt(packets), 0
            ),
            fps=fps,
            width=width,
            height=height,
            duration=duration,
            has_audio=bool(container.streams.audio),
            rotation=_clockwise_degrees(matrix),
            codec=stream.codec_context.codec.canonical_name,
        )
    return FrameIndex(path, info, times, key_frames, seek_times, matrix)


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
      VideoError: the file is no container of a video stream.
    """
    container, stream = open_stream(path, threads)
    with container:
        yield container, stream


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


def _first_frame(path: Path) -> av.VideoFrame:
    try:
        with open_video(path) as (container, stream):
            frame = next(container.decode(stream), None)
    except av.error.FFmpegError as error:
        raise VideoError(
            f"{path}: frame 0 cannot be decoded: {error.strerror}"
        ) from error
    if frame is None:
        raise VideoError(f"{path}: the video stream holds no frames")
    return frame


def _times_are_trustworthy(container: Any, stream: Any, packets: list[Any]) -> bool:
    # AVI numbers packets in decoding order and calls the number a display time, which
    # is wrong as soon as frames are reordered; raw streams have no times at all.
    reordered_avi = (
        container.format.name == "avi" and stream.codec_context.reorder_depth
    )
    return not reordered_avi and all(packet.pts is not None for packet in packets)


def _index_by_time(packets: list[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keys = (
        sorted((p for p in packets if p.is_keyframe), key=lambda p: p.pts)
        or packets[:1]
    )
    # Frames shown before the first key frame refer to pictures that were cut away.
    times = np.unique([p.pts for p in packets if p.pts >= keys[0].pts]).astype(np.int64)
    key_frames = np.searchsorted(times, [p.pts for p in keys])
    seek_times = np.array([p.pts if p.dts is None else min(p.pts, p.dts) for p in keys])
    return times, key_frames.astype(np.int64), seek_times.astype(np.int64)


def _last_duration(packets: list[Any]) -> int:
    return max(packets, key=lambda p: p.pts).duration or 0


def _count_corrupt(packets: list[Any]) -> int:
    return sum(packet.is_corrupt for packet in packets)


def _clockwise_degrees(matrix: tuple[int, int, int, int]) -> int:
    a, b, _, _ = matrix
    return round(math.degrees(math.atan2(b, a))) % 360


def _is_cover_picture(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
