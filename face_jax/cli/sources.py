"""Pictures of the identity to animate: stills, frames of clips, or the best of them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np

from data_pipelines.landmarks.finders import FaceFinder
from data_pipelines.video import VideoReader, read_image
from face_jax.cli.faces import DEFAULT_RULE, CropRule, FaceCrops, evenly, find_crops
from face_jax.fsrt.inference import Model, describe_frames
from face_jax.fsrt.source_selection import spread_indices

PICTURE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif")
)
MOST_CANDIDATES = 64
"""Frames of a clip among which the best sources are searched."""


@dataclasses.dataclass(frozen=True)
class SourceFace:
    """One picture of the identity.

    Attributes:
      path: its file.
      frame: its number in a clip; None for a still.
      picture: uint8 [H, W, 3], the crop as the model gets it.
      box: [4] of the crop in the full picture.
      keypoints: float32 [10, 2] in pixel coordinates of the crop, or None.
      landmarks: float32 [68, 2] in pixels of the full picture, or None.
    """

    path: Path
    frame: int | None
    picture: np.ndarray
    box: np.ndarray
    keypoints: np.ndarray | None
    landmarks: np.ndarray | None

    @property
    def name(self) -> str:
        """The file, with the frame's number if it is a clip."""
        return str(self.path) if self.frame is None else f"{self.path}#{self.frame}"

    def read_full(self) -> np.ndarray:
        """The picture without crop, uint8 [H, W, 3]."""
        if self.frame is None:
            return read_image(self.path)
        with VideoReader(self.path) as reader:
            return reader.read([self.frame])[0]


@dataclasses.dataclass(frozen=True)
class SourceFaces:
    """All pictures of the identity; the first one gives its pose and expression."""

    faces: Sequence[SourceFace]

    @property
    def images(self) -> list[np.ndarray]:
        """The crops."""
        return [face.picture for face in self.faces]

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called."""
        return tuple(face.name for face in self.faces)

    @property
    def keypoints(self) -> np.ndarray | None:
        """Float32 [S, 10, 2] in pixel coordinates; None unless all pictures have them."""
        found = [face.keypoints for face in self.faces if face.keypoints is not None]
        return np.stack(found) if len(found) == len(self.faces) else None

    @property
    def landmarks(self) -> np.ndarray | None:
        """Float32 [68, 2] of the first picture, or None."""
        return self.faces[0].landmarks


def read_sources(
    paths: Sequence[Path],
    size: int,
    *,
    landmark_files: Sequence[Path] = (),
    frames: Sequence[int] | None = (0,),
    rule: CropRule = DEFAULT_RULE,
    finder: FaceFinder | None = None,
) -> SourceFaces:
    """Reads pictures of one identity.

    Args:
      paths: stills and clips.
      size: side of the model's pictures, pixels.
      landmark_files: one for each path, or none; without them, files of the same name
        beside the pictures are used where they exist.
      frames: which frames of every clip, negative ones from the end; None takes up to
        64 with a face, evenly spread, to choose from with ``pick_sources``.
      rule: what is cut out of the pictures.
      finder: finds the faces of those without a given landmark file.

    Returns:
      The sources in order.

    Raises:
      ValueError: a file is no picture and no clip, a clip lacks a frame, or landmarks
        do not belong to their file.
      FileNotFoundError: a file does not exist.
    """
    if landmark_files and len(landmark_files) != len(paths):
        raise ValueError(
            f"source landmarks: one file for each of {len(paths)} sources expected, "
            f"got {len(landmark_files)}"
        )
    files: Sequence[Path | None] = landmark_files or [None] * len(paths)
    faces: list[SourceFace] = []
    for path, file in zip(paths, files, strict=True):
        if path.suffix.lower() in PICTURE_SUFFIXES:
            faces.append(_still(path, file, rule, size, finder))
        else:
            faces += _clip_frames(path, file, rule, size, frames, finder)
    return SourceFaces(faces)


def pick_sources(model: Model, candidates: SourceFaces, count: int) -> SourceFaces:
    """Chooses the pictures whose poses and expressions spread most.

    Args:
      model: the model.
      candidates: what to choose from.
      count: how many to choose.

    Returns:
      The chosen ones, the most central first.

    Raises:
      ValueError: there are fewer candidates, or the model needs landmarks that some of
        them lack.
    """
    require_landmarks(model, candidates)
    motions = [
        describe_frames(
            model,
            face.picture[None],
            None if face.keypoints is None else face.keypoints[None],
            batch=1,
        )
        for face in candidates.faces
    ]
    together = jax.tree.map(lambda *rows: np.concatenate(rows), *motions)
    chosen = spread_indices(together, count)
    return SourceFaces([candidates.faces[i] for i in chosen])


def require_landmarks(model: Model, sources: SourceFaces) -> None:
    """Checks that a model gets the landmarks that it takes its keypoints from.

    Raises:
      ValueError: a picture has none; names it.
    """
    lacking = [face.name for face in sources.faces if face.keypoints is None]
    if model.networks.keypoints == "landmarks" and lacking:
        raise ValueError(missing_landmarks(lacking[0]))


def missing_landmarks(name: str) -> str:
    """The message for a picture or clip whose landmarks are needed."""
    return (
        f"{name}: this model takes its keypoints from landmarks (keypoints='landmarks')"
        ", and there are none for this file; a landmark file (.npz or .npy) or --finder "
        "mediapipe is needed"
    )


def _still(
    path: Path,
    file: Path | None,
    rule: CropRule,
    size: int,
    finder: FaceFinder | None,
) -> SourceFace:
    picture = read_image(path)
    frame_size = (picture.shape[1], picture.shape[0])
    crops = find_crops(path, file, 1, frame_size, rule, finder, picture)
    return _cut(path, None, picture, crops, size)


def _clip_frames(
    path: Path,
    file: Path | None,
    rule: CropRule,
    size: int,
    frames: Sequence[int] | None,
    finder: FaceFinder | None,
) -> list[SourceFace]:
    with VideoReader(path) as reader:
        frame_size = (reader.info.width, reader.info.height)
        crops = find_crops(path, file, len(reader), frame_size, rule, finder)
        if frames is None:
            frames = evenly(np.flatnonzero(crops.valid).tolist(), MOST_CANDIDATES)
        outside = [n for n in frames if not -len(reader) <= n < len(reader)]
        if outside:
            raise ValueError(
                f"{path}: source frame {outside[0]} does not exist, the clip has "
                f"{len(reader)} frames"
            )
        numbers = [number % len(reader) for number in frames]
        return [
            _cut(path, number, reader.read([number])[0], crops, size)
            for number in numbers
        ]


def _cut(
    path: Path,
    frame: int | None,
    picture: np.ndarray,
    crops: FaceCrops,
    size: int,
) -> SourceFace:
    number = frame or 0
    keypoints = crops.keypoints(slice(number, number + 1))
    return SourceFace(
        path=path,
        frame=frame,
        picture=crops.cut(picture, number, size),
        box=crops.boxes[number],
        keypoints=None if keypoints is None else keypoints[0],
        landmarks=None if crops.landmarks is None else crops.landmarks[number],
    )
