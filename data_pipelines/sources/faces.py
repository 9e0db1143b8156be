"""What every collection of single faces offers, whatever its pictures come from."""

import dataclasses
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from data_pipelines.sources.base import ClipReport

UNKNOWN = -1
"""Number of an expression or person that a collection does not know."""


@dataclasses.dataclass(frozen=True)
class FacePicture:
    """One picture of a face with all that is known of it.

    Attributes:
      name: for messages: a path, or what the picture shows.
      image: uint8 RGB [H, W, 3], not to be written to.
      outline: float [P, 2] pixels; their box makes the crop and their hull the outline.
      landmarks_105: float32 [105, 2] pixels, ``MEDIAPIPE_105`` of MediaPipe's mesh, or
        None where they are not known.
      landmarks_68: float32 [68, 2] pixels, Multi-PIE mark-up, or None.
      label: number of the expression, or ``UNKNOWN``.
      identity: number of the person, or ``UNKNOWN``.
      truth: float32 vectors by name, what a synthetic picture was made from; empty for
        photographs.
      clean_image: uint8 RGB [H, W, 3], the same picture without what hides the face, not
        to be written to; None where it is not known.
      occluder_mask: uint8 [H, W], alpha 0..255 of what hides the face, not to be written
        to; None where it is not known.
      occluder: number of the kind of what hides the face; 0 where nothing is known to.
    """

    name: str
    image: np.ndarray
    outline: np.ndarray
    landmarks_105: np.ndarray | None = None
    landmarks_68: np.ndarray | None = None
    label: int = UNKNOWN
    identity: int = UNKNOWN
    truth: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    clean_image: np.ndarray | None = None
    occluder_mask: np.ndarray | None = None
    occluder: int = 0


class FaceCollection(Protocol):
    """Pictures, and clips of which single frames are used, in a fixed order.

    Attributes:
      groups: rows that take turns as one item of an epoch, for each such item.
      report: what could not be used so far, in this process.
    """

    groups: tuple[tuple[int, ...], ...]
    report: ClipReport

    def __len__(self) -> int:
        """Number of pictures and clips."""

    def frames(self, row: int) -> np.ndarray:
        """Numbers of the frames whose landmarks are known, increasing; 0 of a picture.

        Raises:
          UnusableClip: there are none, or they cannot be read.
        """

    def face(self, row: int, frame: int) -> FacePicture:
        """One of these frames.

        Raises:
          UnusableClip: it cannot be read.
        """
