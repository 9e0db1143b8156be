"""The frame index of a video: what it holds and where each frame can be found.

Containers store packets in decoding order and know frames by time, not by number.
The index is made by reading all packets without decoding them (milliseconds for a
clip): the display times in order give every frame its number, and the key frames
say where decoding may start. It holds plain arrays and can be pickled, so that it is
built once per file and shared by readers and worker processes.
"""

import dataclasses
import os
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from data_pipelines.video.streams import (
    VideoError,
    clockwise_degrees,
    display_matrix,
    first_frame,
    open_video,
    orient,
)

FALLBACK_RATE = Fraction(25)
"""Frames per second of a file that states none (one frame, raw streams)."""


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


class _Packet(NamedTuple):
    """What the index keeps of a packet, whose data would fill the memory."""

    pts: int
    dts: int
    duration: int
    has_time: bool
    is_keyframe: bool
    is_corrupt: bool
    is_shown: bool

    @staticmethod
    def of(packet: Any) -> "_Packet":
        pts = packet.pts or 0
        return _Packet(
            pts=pts,
            dts=pts if packet.dts is None else packet.dts,
            duration=packet.duration or 0,
            has_time=packet.pts is not None,
            is_keyframe=packet.is_keyframe,
            is_corrupt=packet.is_corrupt,
            is_shown=not (packet.is_discard or packet.is_corrupt),
        )


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
    matrix, (height, width) = _orientation(first_frame(path))
    with open_video(path) as (container, stream):
        packets = [_Packet.of(p) for p in container.demux(stream) if p.size]
        shown = [packet for packet in packets if packet.is_shown]
        if not shown:
            raise VideoError(f"{path}: the video stream holds no whole frame")
        fps = Fraction(stream.average_rate or stream.guessed_rate or FALLBACK_RATE)
        times, key_frames, seek_times = None, np.zeros(1, int), np.zeros(1, int)
        duration = float(len(shown) / fps)
        if _times_are_trustworthy(container, stream, shown):
            times, key_frames, seek_times = _index_by_time(shown)
            duration = float((_end(shown) - int(times[0])) * stream.time_base)
        whole = sum(not packet.is_corrupt for packet in packets)
        info = VideoInfo(
            frames=len(shown) if times is None else len(times),
            missing_frames=max(stream.frames - whole, 0),
            fps=fps,
            width=width,
            height=height,
            duration=duration,
            has_audio=bool(container.streams.audio),
            rotation=clockwise_degrees(matrix),
            codec=stream.codec_context.codec.canonical_name,
        )
    return FrameIndex(path, info, times, key_frames, seek_times, matrix)


def _orientation(
    frame: av.VideoFrame,
) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """The display matrix of a frame, and the (height, width) that results."""
    matrix = display_matrix(frame)
    height, width = orient(np.empty((frame.height, frame.width)), matrix).shape
    return matrix, (height, width)


def _times_are_trustworthy(container: Any, stream: Any, packets: list[_Packet]) -> bool:
    # AVI numbers packets in decoding order and calls the number a display time, which
    # is wrong as soon as frames are reordered; raw streams have no times at all.
    reordered_avi = (
        container.format.name == "avi" and stream.codec_context.reorder_depth
    )
    return not reordered_avi and all(packet.has_time for packet in packets)


def _index_by_time(packets: list[_Packet]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keys = [packet for packet in packets if packet.is_keyframe] or packets[:1]
    keys.sort(key=lambda packet: packet.pts)
    # Frames shown before the first key frame refer to pictures that were cut away.
    times = np.unique([p.pts for p in packets if p.pts >= keys[0].pts]).astype(np.int64)
    key_frames = np.searchsorted(times, [p.pts for p in keys])
    seek_times = np.array([min(p.pts, p.dts) for p in keys])
    return times, key_frames.astype(np.int64), seek_times.astype(np.int64)


def _end(packets: list[_Packet]) -> int:
    """The time at which the last frame ends, in units of the stream."""
    last = max(packets, key=lambda packet: packet.pts)
    return last.pts + last.duration
