"""Landmarks that a finder gives where a data set has none, kept between the two passes."""

import contextlib
import dataclasses
import hashlib
import itertools
import os
from collections.abc import Generator
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.detectors import FaceDetector
from data_pipelines.landmarks.finders import (
    FaceFinder,
    FinderSettings,
    build_detector,
    describe_finder,
)
from data_pipelines.landmarks.following import Choice
from data_pipelines.landmarks.schemas import NUM_MEDIAPIPE
from data_pipelines.numpy_files import load_array
from data_pipelines.sources.readers import index_clip, open_clip
from data_pipelines.video import read_image


@dataclasses.dataclass(frozen=True)
class Finding:
    """How faces are looked for, by a finder that gives MediaPipe's mesh.

    Attributes:
      settings: which finder.
      folder: where what it found waits for the second pass.
      choice: which of several faces.
    """

    settings: FinderSettings
    folder: Path
    choice: Choice = "largest"

    def describe(self) -> dict[str, str | float | int | None]:
        """What the records depend on, JSON-like."""
        return {**describe_finder(self.settings), "face": self.choice}

    def open(self) -> FaceDetector:
        """Reads the model.

        Raises:
          ValueError, FileNotFoundError, ImportError: as ``build_detector``.
        """
        return build_detector(self.settings)

    def look(self, detector: FaceDetector, root: Path, file: str, still: bool) -> None:
        """Looks for the face in a picture or clip, and keeps what is found.

        Args:
          detector: that was opened.
          root: folder of the data set.
          file: path below it.
          still: whether it is a picture, not a clip.

        Raises:
          ValueError: it cannot be read.
        """
        finder = FaceFinder(detector, self.settings, self.choice)
        with contextlib.closing(_frames(root / file, still)) as frames:
            first = next(frames)
            size = (first.shape[1], first.shape[0])
            track = finder.follow(itertools.chain([first], frames), size)
        nothing = np.full((len(track), NUM_MEDIAPIPE, 2), np.nan, np.float32)
        path = self._path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        with partial.open("wb") as kept:
            np.save(kept, nothing if track.meshes is None else track.meshes)
        os.replace(partial, path)

    def points(self, file: str) -> np.ndarray:
        """What was found: float32 [T, 478, 2] pixels, NaN in frames without a face."""
        return load_array(self._path(file))

    def _path(self, file: str) -> Path:
        return self.folder / f"{hashlib.sha256(file.encode()).hexdigest()}.npy"


def _frames(path: Path, still: bool) -> Generator[np.ndarray]:
    if still:
        yield read_image(path)
        return
    with contextlib.closing(open_clip(index_clip(path))) as reader:
        yield from reader.iterate()
