"""What a data set's owners distribute, file by file, whatever its layout."""

import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
_SHARES = {TRAIN: 0.9, VALIDATION: 0.05, TEST: 0.05}
"""Of the persons of data sets whose owners do not divide them."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A picture or clip.

    Attributes:
      file: path below the root of the data set, with slashes.
      split: a name in ``SPLITS``.
      person: whom it shows, by a name of the data set's own; every file for itself where
        that is not known.
      label: name of the expression; empty where it is not known.
      landmarks: file with its landmarks, below the root; empty where they are looked for
        by the file's name.
      box: (left, top, right, bottom) of the face, pixels, or None.
    """

    file: str
    split: str
    person: str
    label: str = ""
    landmarks: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclasses.dataclass(frozen=True)
class Listing:
    """What a layout finds.

    Attributes:
      entries: in the order of their files' names.
      skipped: files that cannot be used, each with the reason.
    """

    entries: tuple[Entry, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def listing(
    entries: Iterable[Entry], skipped: Iterable[tuple[str, str]] = ()
) -> Listing:
    """A listing in its order."""
    ordered = sorted(entries, key=lambda entry: entry.file)
    return Listing(tuple(ordered), tuple(sorted(skipped)))


def split_of_person(person: str) -> str:
    """The split of a person where the owners of the data divide nobody.

    It follows from the name alone, so that a data set that grows, or another one with the
    same persons, is divided alike.
    """
    number = int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big")
    place = number / 2**64
    for split, share in _SHARES.items():
        place -= share
        if place < 0:
            return split
    return TEST


def training_split(person: str) -> str:
    """Training or, for a twentieth of the persons, validation: of data whose owners keep
    others for the test."""
    found = split_of_person(person)
    return TRAIN if found == TEST else found


def below(root: Path, path: Path) -> str:
    """A path below the root as entries have it."""
    return path.relative_to(root).as_posix()


def existing(root: Path, *names: str) -> Path:
    """The first of these files or folders of a data set that is there.

    Raises:
      FileNotFoundError: none is.
    """
    for name in names:
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"{root}: expected {' or '.join(names)} in it, found none")
