"""What a data set of synthetic faces consists of, and where the built-in one is kept.

Nothing here draws faces: training reads the records with numpy alone, and only the
command line generates them.
"""

import dataclasses
import hashlib
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

VERSION = "1.0.1"
"""Of the generator: another one draws other pictures from the same settings."""

CACHE_VARIABLE = "FACE_JAX_CACHE"
"""Environment variable that names the folder of cached data."""

SPLITS = ("train", "validation", "test")
BUILT_IN_HEAD = "procedural"
FORMATS = ("png", "jpeg")

_MANY = 10_000_000
"""Far more than disks hold; each picture is planned in memory."""
_RANGES = {
    "images": (0, _MANY),
    "clips": (0, _MANY),
    "num_frames": (1, 100_000),
    "size": (16, 2048),
    "images_per_person": (1, _MANY),
    "clips_per_person": (1, _MANY),
    "occluded": (0, 1),
    "free_expressions": (0, 1),
    "seed": (0, 2**32 - 1),
}
"""Smallest and largest number of each setting."""


@dataclasses.dataclass(frozen=True)
class SyntheticSettings:
    """All that a data set follows from; equal settings give equal bytes.

    Attributes:
      images: number of still pictures.
      clips: number of clips.
      num_frames: frames of each clip.
      frame_rate: frames of a second. A lower one shows more motion in as many frames.
      size: side of the pictures, pixels.
      images_per_person: still pictures of each person.
      clips_per_person: clips of each person.
      occluded: share of the still pictures with something before the face.
      free_expressions: share of the still pictures that show no class of expression
        but actions of mouth, brows and lids put together at random; unlabelled, -1.
      one_look: whether all persons have one skin, hair, clothes and light, and differ
        in the shape of their heads alone.
      head: ``procedural``, or the path of a head model.
      seed: everything random follows from it.
      picture_format: ``png`` (exact) or ``jpeg`` (a fifth of the size); masks are
        always exact.
    """

    images: int = 0
    clips: int = 0
    num_frames: int = 100
    frame_rate: float = 25.0
    size: int = 128
    images_per_person: int = 20
    clips_per_person: int = 2
    occluded: float = 0.4
    free_expressions: float = 0.0
    one_look: bool = False
    head: str = BUILT_IN_HEAD
    seed: int = 0
    picture_format: str = "png"

    def __post_init__(self) -> None:
        """Refuses settings that no data set can have."""
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name}: expected {least} to {most}, got {value}")
        if not 0 < self.frame_rate < math.inf:
            raise ValueError(f"frame_rate: expected above 0, got {self.frame_rate}")
        if not self.images and not self.clips:
            raise ValueError("images, clips: expected at least one of them, got none")
        if self.picture_format not in FORMATS:
            raise ValueError(
                f"picture_format: expected one of {', '.join(FORMATS)}, "
                f"got {self.picture_format!r}"
            )

    @property
    def people_in_images(self) -> int:
        """Persons with still pictures."""
        return -(-self.images // self.images_per_person)

    @property
    def people_in_clips(self) -> int:
        """Persons with clips; they are the first ones of those with pictures."""
        return -(-self.clips // self.clips_per_person)

    def describe(self) -> dict[str, Any]:
        """Everything that tells data sets apart, as JSON-like data.

        A head from a file is known by its content. ``free_expressions`` and ``one_look``
        are told where there are some: data sets without are those of before they came.

        Raises:
          FileNotFoundError: there is no such head model.
        """
        told = dataclasses.asdict(self)
        for name in ("free_expressions", "one_look"):
            if not told[name]:
                del told[name]
        head = self.head if self.head == BUILT_IN_HEAD else _digest(self.head)
        return {"version": VERSION, **told, "head": head}

    def folder(self) -> Path:
        """Where the data set of these settings is kept if no place is given.

        Raises:
          FileNotFoundError: there is no such head model.
        """
        text = json.dumps(self.describe(), sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        return cache_folder() / "synthetic" / f"{VERSION}-{name}"


def cache_folder() -> Path:
    """The folder of cached data: ``FACE_JAX_CACHE``, or one in the user's cache.

    That is ``XDG_CACHE_HOME``, else ``~/Library/Caches`` on macOS and ``~/.cache``
    elsewhere.
    """
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named)
    if users := os.environ.get("XDG_CACHE_HOME"):
        return Path(users) / "face_jax"
    below = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
    return Path.home().joinpath(*below, "face_jax")


def split_of(identity: int) -> str:
    """The split that a person belongs to with all pictures and clips.

    Of ten persons in a row, eight are for training, so that the first ones of a data
    set are divided like all of them.

    Args:
      identity: number of the person.

    Returns:
      A name in ``SPLITS``.
    """
    return {4: "validation", 9: "test"}.get(identity % 10, "train")


def _digest(path: str) -> str:
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{path}: no such head; expected {BUILT_IN_HEAD!r} or a file that "
            "`face-jax prepare head` wrote"
        )
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
