"""Who is driven by whose clip in evaluations of cross-reenactment."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from face_jax.cli.driving_data import (
    DrivingClip,
    FileClip,
    Look,
    describe_crops,
    find_clips,
)
from face_jax.cli.driving_lists import is_list, read_pairs
from face_jax.cli.footage import Input, find_inputs
from face_jax.cli.sources import read_sources
from face_jax.fsrt.scores import Clip


@dataclasses.dataclass(frozen=True)
class SourcePicture:
    """A picture of a person, or the first frame of a clip."""

    name: str
    path: Path
    landmarks: Path | None
    look: Look

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
            [self.path],
            size,
            landmark_files=files,
            rule=self.look.rule,
            finder=self.look.finder,
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
    look: Look,
    split: str = "test",
) -> list[Pair]:
    """All pairs that were asked for.

    Args:
      data: a list with pairs, see ``driving_lists``; or what ``find_clips`` takes.
      sources: pictures, each driven by every clip; none with a list.
      landmarks: one folder, where files of the same names are looked for; without, they
        are looked for beside pictures and clips.
      look: how faces are looked for in files.
      split: of a prepared data set.

    Raises:
      FileNotFoundError: something does not exist.
      ValueError: there is no pair, a list is malformed, or there is a list and sources.
    """
    if landmarks and not (len(landmarks) == 1 and landmarks[0].is_dir()):
        raise ValueError(
            f"--landmarks: expected one folder, for sources and clips, got {landmarks[0]}"
        )
    if is_list(data):
        if sources:
            raise ValueError("--source: expected none, as --data is a list of pairs")
        pairs = read_pairs(data[0], landmarks)
        return [(_source(one, look), _clip(other, look)) for one, other in pairs]
    if not sources:
        raise ValueError("--source: expected pictures, or a list of pairs as --data")
    clips = find_clips(data, landmarks, look, split)
    people = [_source(_given(path, landmarks), look) for path in sources]
    return [(person, clip) for person in people for clip in clips]


def _given(path: Path, landmarks: Sequence[Path]) -> Input:
    return find_inputs([path], landmarks)[0]


def _source(found: Input, look: Look) -> SourcePicture:
    return SourcePicture(found.name, found.path, found.landmarks, look)


def _clip(found: Input, look: Look) -> FileClip:
    return FileClip(found.name, found.path, found.landmarks, look)
