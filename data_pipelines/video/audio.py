"""Copies the sound of one file into another while the other is being written."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from data_pipelines.video.streams import VideoError

COPIED_CODECS = ("aac", "mp3", "ac3", "eac3", "alac")
"""Codecs that mp4 holds and players know: their packets are copied unchanged."""


class AudioCopy:
    """One audio stream on its way from an input file into an output container.

    Packets are handed over as the picture advances, so that the muxer never has to
    hold more than a moment of either.
    """

    def __init__(self, path: str | os.PathLike[str], output: Any, start: float = 0.0):
        """Opens the sound of a file and adds a stream for it to the output.

        Args:
          path: a file with sound: a video, or audio alone.
          output: PyAV output container whose header is not written yet.
          start: seconds of the input, counted from its first picture (its first
            sample if it has none), that become the start of the output.

        Raises:
          FileNotFoundError: there is no such file.
          VideoError: the file is unreadable or has no sound.
        """
        self.path = Path(path)
        self._output = output
        self._input = _open(self.path)
        source = self._input.streams.audio[0]
        self._offset = start + _origin(self._input)
        self._copies = source.codec_context.codec.canonical_name in COPIED_CODECS
        if self._copies:
            self._target = output.add_stream_from_template(source)
        else:
            layout = (
                "mono" if source.codec_context.layout.nb_channels == 1 else "stereo"
            )
            self._target = output.add_stream(
                "aac", rate=_aac_rate(source), layout=layout
            )
        self._pieces = self._read(source)
        self._held: Any = next(self._pieces, None)

    def write_until(self, seconds: float) -> None:
        """Writes the sound up to a time of the output, to the nearest packet.

        Args:
          seconds: time in the output.

        Raises:
          VideoError: the sound cannot be decoded.
        """
        while self._held is not None and _middle(self._held) < seconds:
            self._write(self._held)
            self._held = next(self._pieces, None)

    def close(self) -> None:
        """Writes what the encoder still holds."""
        if not self._copies:
            self._output.mux(self._target.encode(None))

    def release(self) -> None:
        """Closes the input file."""
        self._input.close()

    def _read(self, source: Any) -> Iterator[Any]:
        """Yields packets (to copy) or frames (to encode), timed for the output."""
        pieces = self._packets(source) if self._copies else self._input.decode(source)
        try:
            for piece in pieces:
                piece.pts -= round(self._offset / piece.time_base)
                if self._copies:
                    piece.dts = piece.pts
                # A packet that ends exactly at 0 primes the decoder for the next.
                if _end(piece) >= 0:
                    yield piece
        except av.error.FFmpegError as error:
            raise VideoError(
                f"{self.path}: unreadable sound: {error.strerror}"
            ) from error

    def _packets(self, source: Any) -> Iterator[Any]:
        return (p for p in self._input.demux(source) if p.pts is not None and p.size)

    def _write(self, piece: Any) -> None:
        if self._copies:
            piece.stream = self._target
            self._output.mux(piece)
        else:
            self._output.mux(self._target.encode(piece))


def has_audio(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file has sound.

    Raises:
      FileNotFoundError: there is no such file.
      VideoError: the file is not a media file.
    """
    with _open_container(Path(path)) as container:
        return bool(container.streams.audio)


def _open(path: Path) -> Any:
    container = _open_container(path)
    if not container.streams.audio:
        container.close()
        raise VideoError(f"{path}: no sound in this file")
    return container


def _open_container(path: Path) -> Any:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file to take the sound from")
    try:
        return av.open(str(path))
    except av.error.FFmpegError as error:
        raise VideoError(f"{path}: cannot take the sound: {error.strerror}") from error


def _origin(container: Any) -> float:
    stream = (*container.streams.video, *container.streams.audio)[0]
    return float((stream.start_time or 0) * stream.time_base)


def _aac_rate(source: Any) -> int:
    rate = source.codec_context.sample_rate
    return rate if rate in (16000, 22050, 24000, 32000, 44100, 48000) else 48000


def _seconds(piece: Any) -> float:
    if isinstance(piece, av.AudioFrame):
        return piece.samples / piece.sample_rate
    return float((piece.duration or 0) * piece.time_base)


def _end(piece: Any) -> float:
    return float(piece.pts * piece.time_base) + _seconds(piece)


def _middle(piece: Any) -> float:
    return float(piece.pts * piece.time_base) + _seconds(piece) / 2
