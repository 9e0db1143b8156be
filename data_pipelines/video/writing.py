"""Writes H.264 videos that browsers play, with the sound of another file."""

import os
import secrets
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from data_pipelines.video.audio import AudioCopy, has_audio
from data_pipelines.video.streams import VideoError

SUFFIXES = (".mp4", ".m4v", ".mov")
BT709 = 1
"""Number of the BT.709 colour matrix, primaries and transfer curve in video headers."""
LIMITED_RANGE = 1


class VideoWriter:
    """Writes frames to an mp4 file, which appears under its name only when complete.

    Use it as a context manager: leaving it normally finishes the file, leaving it by
    an exception removes what was written so far.

    Example:
      with VideoWriter("out.mp4", fps=25, audio_from="driving.mp4") as writer:
        for frame in frames:
          writer.write(frame)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fps: Fraction | float,
        size: tuple[int, int] | None = None,
        audio_from: str | os.PathLike[str] | None = None,
        audio_start: float = 0.0,
        crf: int = 18,
        preset: str = "medium",
    ):
        """Prepares a video; the file is begun by the first frame.

        Args:
          path: where the video goes; the name ends in .mp4, .m4v or .mov.
          fps: frames per second; a Fraction is kept exactly, and of a float 29.97
            becomes 30000/1001.
          size: (width, height) of the frames, None for that of the first. Odd sizes
            are padded by repeating the last column or row.
          audio_from: a file whose sound is copied, cut to the length of the video;
            files without sound are accepted and give a silent video.
          audio_start: seconds of ``audio_from`` at which the video starts.
          crf: x264's quality, 0 (lossless) to 51; 18 is visually lossless.
          preset: x264's speed, ``ultrafast`` to ``veryslow``.

        Raises:
          FileNotFoundError: the folder or the file with the sound does not exist.
          ValueError: the name or the frame rate is impossible.
        """
        self.path = Path(path)
        if self.path.suffix.lower() not in SUFFIXES:
            raise ValueError(f"{path}: expected a name ending in {', '.join(SUFFIXES)}")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(
                f"{path}: the folder {self.path.parent} does not exist"
            )
        self.fps = frame_rate(fps)
        self.frames_written = 0
        self._size = size
        sound = audio_from is not None and has_audio(audio_from)
        self._audio_from = audio_from if sound else None
        self._audio_start = audio_start
        self._options = {"crf": str(crf), "preset": preset}
        self._temporary = self.path.with_name(
            f".{self.path.stem}.{secrets.token_hex(4)}.partial{self.path.suffix}"
        )
        self._container: Any = None
        self._video: Any = None
        self._audio: AudioCopy | None = None

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def write(self, frame: np.ndarray) -> None:
        """Appends one frame.

        Args:
          frame: uint8 RGB [H, W, 3], of the same size as all others.

        Raises:
          ValueError: the frame has another shape or type.
          VideoError: the file cannot be written.
        """
        self._check(frame)
        try:
            if self._container is None:
                self._open()
            self._encode(_pad_to_even(frame))
        except (av.error.FFmpegError, OSError) as error:
            self.discard()
            raise VideoError(f"{self.path}: cannot write the video: {error}") from error

    def close(self) -> None:
        """Finishes the file and gives it its name.

        Raises:
          VideoError: no frame was written, or the file cannot be written.
        """
        if self._container is None:
            raise VideoError(f"{self.path}: no frame was written, so there is no video")
        try:
            self._container.mux(self._video.encode(None))
            if self._audio is not None:
                self._audio.close()
            self._container.close()
            os.replace(self._temporary, self.path)
        except (av.error.FFmpegError, OSError) as error:
            raise VideoError(f"{self.path}: cannot write the video: {error}") from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Stops writing and removes the unfinished file."""
        if self._audio is not None:
            self._audio.release()
        if self._container is not None:
            self._container.close()
        self._temporary.unlink(missing_ok=True)

    def _check(self, frame: np.ndarray) -> None:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(
                f"{self.path}: expected uint8 frames [H, W, 3], got {frame.dtype} "
                f"{list(frame.shape)}"
            )
        height, width = frame.shape[:2]
        self._size = self._size or (width, height)
        if (width, height) != tuple(self._size):
            raise ValueError(
                f"{self.path}: expected frames of {self._size[0]} x {self._size[1]} "
                f"pixels, frame {self.frames_written} has {width} x {height}"
            )

    def _open(self) -> None:
        assert self._size is not None
        # With the index in front, browsers start to play before the end has arrived.
        self._container = av.open(
            str(self._temporary), "w", options={"movflags": "+faststart"}
        )
        self._video = self._container.add_stream(
            "libx264", rate=self.fps, options=self._options
        )
        width, height = self._size
        self._video.width, self._video.height = width + width % 2, height + height % 2
        self._video.pix_fmt = "yuv420p"
        context = self._video.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE
        if self._audio_from is not None:
            self._audio = AudioCopy(
                self._audio_from, self._container, self._audio_start
            )

    def _encode(self, frame: np.ndarray) -> None:
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        picture.pts, picture.time_base = self.frames_written, 1 / self.fps
        self._container.mux(self._video.encode(picture))
        self.frames_written += 1
        if self._audio is not None:
            self._audio.write_until(float(self.frames_written / self.fps))


def frame_rate(fps: Fraction | float) -> Fraction:
    """Returns a frame rate as an exact fraction.

    Args:
      fps: frames per second. Rounded decimals of the NTSC rates, such as 29.97 and
        23.976, become 30000/1001 and 24000/1001.

    Raises:
      ValueError: the rate is not a positive number.
    """
    if not 0 < float(fps) < 10_000:
        raise ValueError(f"expected a positive number of frames per second, got {fps}")
    if not isinstance(fps, float):
        return Fraction(fps)
    ntsc = Fraction(1000 * round(fps * 1.001), 1001)
    if round(fps) != fps and abs(float(ntsc) - fps) < 2e-3:
        return ntsc
    return Fraction(fps).limit_denominator(1001)


def _pad_to_even(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    if height % 2 or width % 2:
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(frame)
