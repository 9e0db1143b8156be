"""Finders of faces by name: from settings to a detector, and to a face in every frame."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.landmarks import mediapipe_faces, yunet
from data_pipelines.landmarks.detectors import (
    Face,
    FaceDetector,
    LandmarkFileDetector,
    WholeImageDetector,
    detect_faces,
)
from data_pipelines.landmarks.files import LandmarkTrack
from data_pipelines.landmarks.following import Choice, FaceTrack, follow_face

_OF_TRACKS = {"landmarks": LandmarkFileDetector, "truth": LandmarkFileDetector}
_OF_MODELS: Mapping[str, Callable[..., FaceDetector]] = {
    "mediapipe": mediapipe_faces.MediaPipeDetector,
    "yunet": yunet.YuNetDetector,
}
MODEL_SOURCES = {"mediapipe": mediapipe_faces.SOURCE, "yunet": yunet.SOURCE}
"""Where the models come from, by the names of the finders that need one."""

FINDERS = (*_OF_TRACKS, *_OF_MODELS, "whole")
"""``landmarks``: the faces of landmark files. ``truth``: those of synthetic records.
``mediapipe``, ``yunet``: by a model file. ``whole``: every picture is a face, cropped
already."""


@dataclasses.dataclass(frozen=True)
class FinderSettings:
    """Which finder.

    Attributes:
      name: a name in ``FINDERS``.
      model: file of its model; None for those without.
      least_score: of faces that count, 0 to 1; None for the finder's own.
    """

    name: str = "landmarks"
    model: Path | None = None
    least_score: float | None = None

    def __post_init__(self) -> None:
        if self.name not in FINDERS:
            raise ValueError(
                f"finder: expected one of {', '.join(FINDERS)}, got {self.name!r}"
            )
        needs_model = self.name in MODEL_SOURCES
        if needs_model and self.model is None:
            raise ValueError(
                f"finder {self.name!r} needs the file of its model; "
                f"{MODEL_SOURCES[self.name]}"
            )
        if not needs_model and (self.model, self.least_score) != (None, None):
            raise ValueError(f"finder {self.name!r} takes no model and no score")
        if self.least_score is not None and not 0 <= self.least_score <= 1:
            raise ValueError(
                f"finder: expected a least score of 0 to 1, got {self.least_score}"
            )


def finder_settings(given: str | Mapping[str, Any] | FinderSettings) -> FinderSettings:
    """Settings from a name, or from a block of a configuration.

    Args:
      given: a name; or a mapping of the fields of ``FinderSettings``, of which paths may
        be text.

    Raises:
      ValueError: an unknown name or key, or values that do not fit together.
    """
    if isinstance(given, FinderSettings):
        return given
    block: dict[str, Any] = {"name": given} if isinstance(given, str) else dict(given)
    known = [field.name for field in dataclasses.fields(FinderSettings)]
    unknown = sorted(set(block) - set(known))
    if unknown:
        raise ValueError(
            f"finder: unknown {', '.join(unknown)}; known are {', '.join(known)}"
        )
    if block.get("model") is not None:
        block["model"] = Path(block["model"])
    return FinderSettings(**block)


def build_detector(
    given: str | Mapping[str, Any] | FinderSettings,
    tracks: Sequence[LandmarkTrack] = (),
) -> FaceDetector:
    """The detector of a name or settings block.

    Args:
      given: see ``finder_settings``.
      tracks: landmarks of each person, for ``landmarks`` and ``truth``.

    Raises:
      ValueError: wrong settings, tracks that are missing or not used, or a file that is
        no such model.
      FileNotFoundError: the model's file does not exist.
      ImportError: a package is not installed.
    """
    settings = finder_settings(given)
    if (settings.name in _OF_TRACKS) != bool(tracks):
        wanted = "needs" if settings.name in _OF_TRACKS else "takes no"
        raise ValueError(f"finder {settings.name!r} {wanted} known landmarks")
    if tracks:
        return _OF_TRACKS[settings.name](tracks)
    if settings.name == "whole":
        return WholeImageDetector()
    score = settings.least_score
    options = {} if score is None else {"least_score": score}
    return _OF_MODELS[settings.name](settings.model, **options)


def describe_finder(
    given: str | Mapping[str, Any] | FinderSettings,
) -> dict[str, str | float | None]:
    """What a result says of the finder that it depends on.

    Args:
      given: see ``finder_settings``.

    Returns:
      JSON-like data: ``name``; ``model``, the name of its file, and ``model_sha256``, its
      hash, hexadecimal, both None without a model; ``least_score``, None for the
      finder's own.

    Raises:
      ValueError: wrong settings.
      FileNotFoundError: the model's file does not exist.
    """
    settings = finder_settings(given)
    digest = None
    if settings.model is not None:
        with settings.model.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": settings.name,
        "model": settings.model.name if settings.model else None,
        "model_sha256": digest,
        "least_score": settings.least_score,
    }


@dataclasses.dataclass(frozen=True)
class FaceFinder:
    """Finds one face in pictures and clips by looking at their pixels.

    Attributes:
      detector: finds all faces.
      settings: what it was built from.
      choice: which of several faces.
    """

    detector: FaceDetector
    settings: FinderSettings
    choice: Choice = "largest"

    def follow(
        self,
        frames: Iterable[np.ndarray | None],
        frame_size: tuple[int, int],
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> FaceTrack:
        """Follows the face through the frames of a clip, or finds it in a picture.

        Args:
          frames: uint8 RGB [H, W, 3] each; None for those that cannot be decoded, which
            have no face.
          frame_size: (width, height) of them.
          on_progress: called with the number of frames looked at so far.

        Returns:
          The track.
        """
        width, height = frame_size
        black = np.zeros((height, width, 3), np.uint8)
        readable: list[bool] = []

        def shown() -> Iterator[np.ndarray]:
            for frame in frames:
                readable.append(frame is not None)
                yield black if frame is None else frame

        def found() -> Iterator[Sequence[Face]]:
            for number, faces in enumerate(detect_faces(self.detector, shown())):
                on_progress(number + 1)
                yield faces if readable[number] else []

        return follow_face(found(), self.choice, frame_size)
