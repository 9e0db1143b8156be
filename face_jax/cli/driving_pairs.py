"""Who is driven by whose clip in evaluations of cross-reenactment."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from face_jax.cli.driving_data import (
    DrivingClip,
    FileClip,
    describe_crops,
    find_clips,
    paths_of,
    read_list,
)
from face_jax.cli.faces import CropRule
from face_jax.cli.footage import Input, find_inputs
from face_jax.cli.sources import read_sources
from face_jax.fsrt.scores import Clip


@dataclasses.dataclass(frozen=True)
class SourcePicture:
    """A picture of a person, or the first frame of a clip."""

    name: str
    path: Path
    landmarks: Path | None
    rule: CropRule

    def read(self, size: int) -> Clip:
        """The crop, a clip of one frame.

        Args:
          size: side of the model's pictures, pixels.

        Raises:
          FileNotFoundError: there is no such file.
          ValueError: it is no picture and no clip, or its landmarks are of another.
        """
        files = [] if self.landmarks is None else [self.landmarks]
        found = read_sources(
            [self.path], size, landmark_files=files, rule=self.rule
        ).faces[0]
        points = None if found.landmarks is None else found.landmarks[None]
        return describe_crops(
            self.name, found.picture[None], points, found.box[None], size
        )


Pair = tuple[SourcePicture, DrivingClip]


def find_pairs(
    data: Sequence[Path],
    sources: Sequence[Path],
    landmarks: Sequence[Path],
    rule: CropRule,
    split: str = "test",
) -> list[Pair]:
    """All pairs that were asked for.

    Args:
      data: a list with pairs, see ``read_list``; or what ``find_clips`` takes.
      sources: pictures, each driven by every clip; none with a list.
      landmarks: one folder, where files of the same names are looked for; without, they
        are looked for beside pictures and clips.
      rule: what is cut out of frames of files.
      split: of a prepared data set.

    Raises:
      FileNotFoundError: something does not exist.
      ValueError: there is no pair, a list is malformed, or there is a list and sources.
    """
    if landmarks and not (len(landmarks) == 1 and landmarks[0].is_dir()):
        raise ValueError(
            f"--landmarks: expected one folder, for sources and clips, got {landmarks[0]}"
        )
    if len(data) == 1 and data[0].suffix == ".json":
        if sources:
            raise ValueError("--source: expected none, as --data is a list of pairs")
        return [
            (_source(source, landmarks, rule), _clip(clip, landmarks, rule))
            for source, clip in read_pairs(data[0])
        ]
    if not sources:
        raise ValueError("--source: expected pictures, or a list of pairs as --data")
    clips = find_clips(data, landmarks, rule, split)
    people = [_source(path, landmarks, rule) for path in sources]
    return [(person, clip) for person in people for clip in clips]


def read_pairs(path: Path) -> list[tuple[Path, Path]]:
    """Sources and the clips that drive them, of a list, see ``read_list``."""
    pairs = read_list(path, "cross_reenactment").get("pairs")
    if not isinstance(pairs, list) or not pairs:
        raise ValueError(
            f"{path}: expected a list of pairs at cross_reenactment.pairs, got {pairs!r}"
        )
    found = [paths_of(path, "cross_reenactment.pairs", pair) for pair in pairs]
    for pair in found:
        if len(pair) != 2:
            raise ValueError(f"{path}: expected a source and a clip, got {len(pair)}")
    return [(source, driving) for source, driving in found]


def _given(path: Path, landmarks: Sequence[Path]) -> Input:
    return find_inputs([path], landmarks)[0]


def _source(path: Path, landmarks: Sequence[Path], rule: CropRule) -> SourcePicture:
    found = _given(path, landmarks)
    return SourcePicture(found.name, found.path, found.landmarks, rule)


def _clip(path: Path, landmarks: Sequence[Path], rule: CropRule) -> FileClip:
    found = _given(path, landmarks)
    return FileClip(found.name, found.path, found.landmarks, rule)
