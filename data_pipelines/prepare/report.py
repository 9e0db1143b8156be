"""What became of a data set: how much is stored, and what was left out and why."""

import collections
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from data_pipelines.prepare.entries import SPLITS
from data_pipelines.prepare.json_files import read_json, write_json
from data_pipelines.prepare.planning import Plan

UNLISTED = "not listed"
"""Why files are left out that a layout cannot place."""


@dataclasses.dataclass(frozen=True)
class Report:
    """Counts of a prepared data set.

    Attributes:
      files: pictures and clips by split.
      frames: frames by split.
      people: different persons by split.
      labels: pictures and clips by expression, ``unknown`` included.
      without_face: frames that are stored but have no landmarks of a face.
      skipped: (file, reason, detail) of all that was left out.
    """

    files: dict[str, int]
    frames: dict[str, int]
    people: dict[str, int]
    labels: dict[str, int]
    without_face: int
    skipped: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(
        cls, plan: Plan, unlisted: Sequence[tuple[str, str]], labels: Sequence[str]
    ) -> "Report":
        """The report of a plan.

        Args:
          plan: what was stored.
          unlisted: files that the layout could not place, with reasons.
          labels: names of the expressions.
        """
        kept = [(part.split, one) for part in plan.parts for one in part.kept]
        by_split = {s: [one for split, one in kept if split == s] for s in SPLITS}
        counted = collections.Counter(one.entry.label or "unknown" for _, one in kept)
        named = [(file, UNLISTED, detail) for file, detail in unlisted]
        return cls(
            files={split: len(ones) for split, ones in by_split.items()},
            frames={
                split: sum(one.examined.num_frames for one in ones)
                for split, ones in by_split.items()
            },
            people={s: len({one.identity for one in by_split[s]}) for s in SPLITS},
            labels={n: counted[n] for n in (*labels, "unknown") if counted[n]},
            without_face=sum(one.examined.without_face for _, one in kept),
            skipped=tuple(
                sorted([*named, *((x.file, x.reason, x.detail) for x in plan.skipped)])
            ),
        )

    @property
    def reasons(self) -> dict[str, int]:
        """Number of files that were left out, by reason."""
        return dict(collections.Counter(reason for _, reason, _ in self.skipped))

    @classmethod
    def read(cls, path: Path) -> "Report":
        """Reads what ``write`` wrote."""
        stored = read_json(path)
        skipped = tuple(
            (file, reason, detail) for file, reason, detail in stored["skipped"]
        )
        return cls(**{**stored, "skipped": skipped})

    def write(self, path: Path) -> None:
        """Writes JSON, which appears whole or not at all."""
        write_json(path, dataclasses.asdict(self))
