"""Pictures and clips whose faces are to be found: their files and their frames."""

import dataclasses
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_pipelines.landmarks.face_points import find_points
from data_pipelines.landmarks.finders import FaceFinder
from data_pipelines.sources.face_listing import find_pictures, is_clip
from data_pipelines.video import VideoReader, probe, read_image
from face_jax.cli.face_squares import CropRule, MadeBy, find_squares, read_points
from face_jax.cli.searching import fill_short_gaps, search


class Input(NamedTuple):
    """One picture or clip that was asked for.

    Attributes:
      path: the file.
      landmarks: its landmark file, or None.
      name: what its results are called, a relative path without ending.
      from_folder: whether it was found in a folder, and may be left out.
    """

    path: Path
    landmarks: Path | None
    name: str
    from_folder: bool


@dataclasses.dataclass(frozen=True)
class Footage:
    """A picture, or a clip, with the squares in which its face is looked for.

    Attributes:
      path: the file.
      frame_size: (width, height) in pixels.
      frame_rate: frames per second; None of a picture.
      squares: float64 [T, 4], see ``find_squares``.
      valid: bool [T], where a face is looked for.
      points: float32 [T, 68 or 478, 2] pixels, NaN where they are not known; None
        where there are no landmarks.
      made_by: what made the squares.
      still: the picture itself, uint8 [H, W, 3]; None of a clip.
    """

    path: Path
    frame_size: tuple[int, int]
    frame_rate: Fraction | None
    squares: np.ndarray
    valid: np.ndarray
    points: np.ndarray | None
    made_by: MadeBy
    still: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.squares)

    def frames(self) -> Iterator[np.ndarray | None]:
        """All frames, uint8 [H, W, 3]; None for those that cannot be decoded."""
        if self.still is not None:
            yield self.still
            return
        with VideoReader(self.path, threads=0) as reader:
            yield from reader.iterate_readable()


@dataclasses.dataclass(frozen=True)
class Frame:
    """One frame of a picture or clip.

    Attributes:
      footage: what it is of.
      number: which frame.
      picture: uint8 [H, W, 3]; None where it cannot be decoded.
    """

    footage: Footage
    number: int
    picture: np.ndarray | None

    @property
    def valid(self) -> bool:
        """Whether a face is looked for."""
        return self.picture is not None and bool(self.footage.valid[self.number])

    @property
    def square(self) -> np.ndarray:
        """Where it is looked for, float64 [4], see ``find_squares``."""
        return self.footage.squares[self.number]

    @property
    def shown(self) -> np.ndarray:
        """uint8 [H, W, 3], black where the frame cannot be decoded."""
        if self.picture is not None:
            return self.picture
        width, height = self.footage.frame_size
        return np.zeros((height, width, 3), np.uint8)


def find_inputs(
    paths: Sequence[Path], landmarks: Sequence[Path] = (), beside: bool = True
) -> list[Input]:
    """Lists what was asked for, and the landmark files that belong to it.

    Args:
      paths: pictures, clips, and folders, which are searched with all folders in them.
      landmarks: one file for each path; or one folder, where files of the same names
        are looked for. Without, they are looked for beside the pictures.
      beside: whether they are looked for there.

    Raises:
      FileNotFoundError: a path does not exist, or a folder holds nothing of use.
      ValueError: there are not as many landmark files as paths, or two results would
        have the same name.
    """
    folder = landmarks[0] if len(landmarks) == 1 and landmarks[0].is_dir() else None
    files: Sequence[Path | None] = [None] * len(paths)
    if landmarks and folder is None:
        files = _given(paths, landmarks)
    inputs: list[Input] = []
    for root, file in zip(paths, files, strict=True):
        for path in find_pictures(root):
            below = path.relative_to(root) if root.is_dir() else Path(path.name)
            stem = below.with_name(below.stem)
            found = file
            if folder is not None:
                found = _existing(folder, stem)
            elif file is None and beside:
                found = _existing(path.parent, Path(path.stem))
            inputs.append(Input(path, found, str(stem), root.is_dir()))
    return _with_own_names(inputs)


def open_footage(
    given: Input, rule: CropRule, finder: FaceFinder | None = None
) -> Footage:
    """Looks at a picture or clip, and decides where its face is looked for.

    Args:
      given: what was asked for.
      rule: which squares.
      finder: looks at the pixels of inputs without a landmark file, if the rule asks
        for faces.

    Raises:
      FileNotFoundError: a file does not exist.
      ValueError: a file is unreadable, the landmarks are those of another one, no frame
        has a face, or the box lies outside.
    """
    rate, count, still = None, 1, None
    if is_clip(given.path):
        info = probe(given.path)
        size, rate, count = (info.width, info.height), info.fps, info.frames
    else:
        still = read_image(given.path)
        size = (still.shape[1], still.shape[0])
    points, boxes, known = None, None, np.ones(count, bool)
    if given.landmarks is not None:
        points, known = read_points(given.landmarks, count, size)
    elif finder is not None and rule.looks_for_faces:
        track = search(given.path, count, size, finder, still)
        points, boxes, known = fill_short_gaps(track)
    try:
        squares, made_by = find_squares(points, known, size, rule, boxes)
    except ValueError as error:
        raise ValueError(f"{given.path}: {error}") from error
    return Footage(
        path=given.path,
        frame_size=size,
        frame_rate=rate,
        squares=squares,
        valid=np.ones(count, bool) if made_by == "fixed" else known,
        points=_where(known, points),
        made_by=made_by,
        still=still,
    )


def _where(known: np.ndarray, points: np.ndarray | None) -> np.ndarray | None:
    """Points [T, P, 2], NaN in the frames that have none."""
    if points is None:
        return None
    return np.where(known[:, None, None], points, np.float32(np.nan))


def _given(paths: Sequence[Path], landmarks: Sequence[Path]) -> Sequence[Path]:
    """One landmark file for each path."""
    folders = [path for path in paths if path.is_dir()]
    if folders or len(landmarks) != len(paths):
        raise ValueError(
            f"--landmarks: expected one folder, or one file for each of {len(paths)} "
            f"pictures and clips, got {len(landmarks)}"
            + (f" for folder {folders[0]}" if folders else "")
        )
    missing = [path for path in landmarks if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"--landmarks: {missing[0]}: no such file")
    return landmarks


def _existing(folder: Path, stem: Path) -> Path | None:
    try:
        return find_points(folder, stem)
    except FileNotFoundError:
        return None


def _with_own_names(inputs: Sequence[Input]) -> list[Input]:
    """Inputs whose names differ: those of equal stems keep their endings."""
    names = [given.name for given in inputs]
    own = [
        given._replace(name=f"{given.name}{given.path.suffix}")
        if names.count(given.name) > 1
        else given
        for given in inputs
    ]
    taken: dict[str, Path] = {}
    for given in own:
        if taken.setdefault(given.name, given.path) is not given.path:
            raise ValueError(
                f"{given.path}: its results would be called as those of "
                f"{taken[given.name]}; give them one after the other"
            )
    return own
