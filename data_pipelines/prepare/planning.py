"""Which frames go into which file of records, once everything has been looked at."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TypeVar

from data_pipelines.prepare.entries import SPLITS, Entry
from data_pipelines.prepare.examining import DUPLICATE, Examined

FRAMES_PER_PART = 500
"""About as many are written again after a kill."""

Item = TypeVar("Item")


@dataclasses.dataclass(frozen=True)
class Kept:
    """A picture or clip that is stored.

    Attributes:
      entry: as its owners distribute it.
      examined: what is known of it.
      identity: number of the person among all of the data set.
      first_frame: row of its first frame among the frames of its split.
    """

    entry: Entry
    examined: Examined
    identity: int
    first_frame: int


@dataclasses.dataclass(frozen=True)
class Part:
    """One file of records.

    Attributes:
      split: name of the split.
      number: of the file in its split.
      count: files of the split.
      kept: what is in it, in order.
    """

    split: str
    number: int
    count: int
    kept: tuple[Kept, ...]

    @property
    def num_frames(self) -> int:
        """Records of the file."""
        return sum(kept.examined.num_frames for kept in self.kept)


@dataclasses.dataclass(frozen=True)
class Plan:
    """A whole data set.

    Attributes:
      parts: its files, split by split.
      people: names of the persons, in the order of their numbers.
      skipped: what is left out, with reasons.
      has_mesh: whether any picture has MediaPipe's mesh.
    """

    parts: tuple[Part, ...]
    people: tuple[str, ...]
    skipped: tuple[Examined, ...]
    has_mesh: bool


def make_plan(entries: Sequence[Entry], examined: Sequence[Examined]) -> Plan:
    """Leaves out what cannot be used, numbers the persons and divides the rest.

    Of equal files the first one is kept.

    Args:
      entries: in their order.
      examined: of each entry.
    """
    checked = list(_without_duplicates(examined))
    pairs = [(e, x) for e, x in zip(entries, checked, strict=True) if not x.reason]
    people = tuple(sorted({entry.person for entry, _ in pairs}))
    numbers = {person: number for number, person in enumerate(people)}
    parts: list[Part] = []
    for split in SPLITS:
        kept, first = [], 0
        for entry, found in pairs:
            if entry.split == split:
                kept.append(Kept(entry, found, numbers[entry.person], first))
                first += found.num_frames
        parts += _divide(split, kept)
    return Plan(
        parts=tuple(parts),
        people=people,
        skipped=tuple(found for found in checked if found.reason),
        has_mesh=any(found.has_mesh for _, found in pairs),
    )


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Consecutive parts of so many items; the last one may be shorter."""
    return [items[begin : begin + size] for begin in range(0, len(items), size)]


def _without_duplicates(examined: Sequence[Examined]) -> Iterator[Examined]:
    first: dict[str, str] = {}
    for found in examined:
        known = first.setdefault(found.digest, found.file) if not found.reason else ""
        if known and known != found.file:
            detail = f"the same as {known}"
            found = dataclasses.replace(found, reason=DUPLICATE, detail=detail)
        yield found


def _divide(split: str, kept: Sequence[Kept]) -> list[Part]:
    groups: list[list[Kept]] = []
    frames = FRAMES_PER_PART
    for one in kept:
        if frames >= FRAMES_PER_PART:
            groups.append([])
            frames = 0
        groups[-1].append(one)
        frames += one.examined.num_frames
    return [
        Part(split, number, len(groups), tuple(group))
        for number, group in enumerate(groups)
    ]
