"""What every collection of clips offers, whatever its clips are made of."""

import collections
import dataclasses
import logging
import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np

logger = logging.getLogger(__name__)


class UnusableClip(ValueError):
    """A clip, or the asked-for frames of it, cannot be used.

    Attributes:
      name: name of the clip.
    """

    def __init__(self, name: str, reason: str):
        """Keeps the name apart.

        Args:
          name: name of the clip.
          reason: one line; the message is ``name: reason`` unless it names the clip.
        """
        super().__init__(reason if name in reason else f"{name}: {reason}")
        self.name = name


@dataclasses.dataclass(frozen=True)
class Clip:
    """What is known of a clip without its pixels.

    Attributes:
      name: for messages: a path, or the name of a clip made in memory.
      num_frames: number of frames ``T``.
      width: columns of the frames that the collection hands out.
      height: rows of these frames.
      landmarks: float32 ``[T, 68, 2]`` in pixels of these frames, or None where the
        collection has no landmarks.
      detected: bool ``[T]``, whether a frame's landmarks can be used; all true where
        the collection has no landmarks.
    """

    name: str
    num_frames: int
    width: int
    height: int
    landmarks: np.ndarray | None
    detected: np.ndarray


class ClipCollection(Protocol):
    """Clips in a fixed order, grouped by the person they show.

    Attributes:
      identities: for each person, in a fixed order, the rows of its clips.
      report: what could not be used so far, in this process.
    """

    identities: tuple[tuple[int, ...], ...]
    report: "ClipReport"

    def __len__(self) -> int:
        """Number of clips."""

    def clip(self, row: int) -> Clip:
        """Describes one clip.

        Raises:
          UnusableClip: it cannot be opened, or its landmarks cannot.
        """

    def frames(self, row: int, indices: Sequence[int]) -> list[np.ndarray]:
        """Frames by number, uint8 ``[height, width, 3]`` each, not to be written to.

        Raises:
          UnusableClip: one of them cannot be decoded.
        """


class ClipReport:
    """Counts the clips that could not be used and logs each of them once.

    A report belongs to one process: data workers keep their own and log it.
    """

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._counts: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def add(self, error: UnusableClip) -> None:
        """Counts one failed use of a clip."""
        with self._lock:
            first = error.name not in self._reasons
            self._reasons.setdefault(error.name, str(error))
            self._counts[error.name] += 1
        if first:
            logger.warning("Skipped: %s", error)

    @property
    def skipped(self) -> dict[str, str]:
        """Names of the clips that failed at least once, with the first reason."""
        with self._lock:
            return dict(self._reasons)

    @property
    def num_failures(self) -> int:
        """Failed uses of all clips together."""
        with self._lock:
            return self._counts.total()

    def summary(self, limit: int = 5) -> str:
        """One line: how many clips failed, and why the first ``limit`` of them did."""
        skipped = self.skipped
        if not skipped:
            return "no clip was skipped"
        shown = "; ".join(list(skipped.values())[:limit])
        more = f"; and {len(skipped) - limit} more" if len(skipped) > limit else ""
        return f"{len(skipped)} clips were skipped: {shown}{more}"

    def __reduce__(self) -> tuple:
        # A copy in another process starts empty: locks and counts stay behind.
        return type(self), ()
