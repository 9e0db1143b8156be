"""A line on the console that tells how far a job is and how long it will take."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from face_jax.train.timing import format_duration

INTERVAL_ON_TERMINAL = 0.5
INTERVAL_IN_LOG = 10.0
"""Seconds between two reports; a file gets few lines, a terminal one that changes."""


class Progress:
    """Counts done units of work, as a context manager.

    The first report starts the clock, so that compilation does not spoil the estimate.
    """

    def __init__(
        self,
        total: int,
        unit: str,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
    ):
        """Starts at zero.

        Args:
          total: units of the whole job.
          unit: what they are called, in the plural.
          stream: where to write; stderr by default.
          now: the clock, in seconds.
        """
        self._total, self._unit = total, unit
        self._stream = stream or sys.stderr
        self._now = now
        self._terminal = self._stream.isatty()
        self._first: tuple[float, int] | None = None
        self._last_report = now()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the line on a terminal."""
        if self._terminal and self._first is not None:
            self._stream.write("\n")

    def update(self, done: int) -> None:
        """Reports that ``done`` units are finished, if it is time to."""
        now = self._now()
        if self._first is None:
            self._first = now, done
        interval = INTERVAL_ON_TERMINAL if self._terminal else INTERVAL_IN_LOG
        if now - self._last_report < interval and done < self._total:
            return
        self._last_report = now
        line = self._line(done, now)
        self._stream.write(f"\r\033[K{line}" if self._terminal else f"{line}\n")
        self._stream.flush()

    def _line(self, done: int, now: float) -> str:
        assert self._first is not None
        line = f"{done}/{self._total} {self._unit}"
        start, already = self._first
        if done > already and now > start:
            rate = (done - already) / (now - start)
            left = format_duration((self._total - done) / rate)
            line += f", {rate:.1f} {self._unit}/s, {left} left"
        return line
