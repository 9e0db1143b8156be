"""Turns a data set as its owners distribute it into records, from where it was left.

Two passes over its files: all are looked at, then those that can be used are stored. Each
pass is cut into parts that are done by worker processes, and a part's file is there whole
or not at all; so a run that was killed goes on, and ends with the same bytes.
"""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

from data_pipelines.prepare import writing
from data_pipelines.prepare.entries import Entry, Listing
from data_pipelines.prepare.examining import Examined, Source, examine
from data_pipelines.prepare.frames import Storing
from data_pipelines.prepare.json_files import check_settings, read_json, write_json
from data_pipelines.prepare.planning import Plan, chunks, make_plan
from data_pipelines.prepare.report import Report
from data_pipelines.prepare.shards import remove_abandoned
from data_pipelines.sources.split_index import VERSION
from data_pipelines.workers import worker_pool

LOOKED_AT_TOGETHER = 64
"""Files of one part of the first pass."""

WORK, SETTINGS, REPORT = "work", "settings.json", "report.json"
"""Names in the folder of a data set."""

Progress = Callable[[str, int, int], None]
"""(what is done, how much of it, of how much)"""


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What shall be made of a data set.

    Attributes:
      layout: name of its layout.
      labels: names of the expressions, in the order of their numbers.
      source: where its files are.
      folder: where the records go.
      longest_side: see ``Storing``.
      picture_format: see ``Storing``.
      workers: processes that work beside this one; with 0 it does all by itself.
    """

    layout: str
    labels: tuple[str, ...]
    source: Source
    folder: Path
    longest_side: int | None = None
    picture_format: str = "jpeg"
    workers: int = 0

    def describe(self, listing: Listing) -> dict[str, Any]:
        """All that the records depend on, but for the content of the files."""
        names = [dataclasses.astuple(entry) for entry in listing.entries]
        whole = json.dumps(names).encode()
        finding = self.source.finding
        return {
            "version": VERSION,
            "layout": self.layout,
            "longest_side": self.longest_side,
            "picture_format": self.picture_format,
            "with_landmarks": self.source.landmarks is not None,
            "with_landmarks_68": self.source.landmarks_68 is not None,
            "finder": finding.describe() if finding else None,
            "files": len(names),
            "list_of_files": hashlib.sha256(whole).hexdigest(),
        }


def prepare(
    preparation: Preparation,
    listing: Listing,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Writes what is missing of the records of a data set.

    Args:
      preparation: what shall be made.
      listing: the files of the data set.
      progress: told how far each pass is.

    Returns:
      What was stored, and what was left out and why.

    Raises:
      ValueError: the folder holds something else, nothing can be used, or a file has
        changed meanwhile.
      OSError: the folder cannot be written.
      ChildProcessError: a worker was killed; the next run goes on.
    """
    folder = preparation.folder
    _check_folder(folder, preparation.describe(listing))
    if is_complete(folder):
        # A kill may have come before this was removed.
        shutil.rmtree(folder / WORK, ignore_errors=True)
        return Report.read(folder / REPORT)
    remove_abandoned(folder)
    examined = _look_at_all(preparation, listing.entries, progress)
    plan = make_plan(listing.entries, examined)
    if not plan.parts:
        reasons = "; ".join(found.detail for found in plan.skipped[:3])
        raise ValueError(
            f"{preparation.source.root}: none of {len(examined)} files can be used: {reasons}"
        )
    _store_all(preparation, plan, progress)
    report = Report.of(plan, listing.skipped, preparation.labels)
    report.write(folder / REPORT)
    shutil.rmtree(folder / WORK, ignore_errors=True)
    return report


def is_complete(folder: Path) -> bool:
    """Whether a folder holds a whole prepared data set."""
    return (folder / REPORT).is_file()


def _look_at_all(
    preparation: Preparation, entries: Sequence[Entry], progress: Progress
) -> list[Examined]:
    """The first pass; its results wait in files until the second one has ended."""
    parts = chunks(entries, LOOKED_AT_TOGETHER)
    width = len(str(len(parts)))
    paths = [
        preparation.folder / WORK / f"{number:0{width}d}.json"
        for number in range(len(parts))
    ]
    jobs = [
        (len(part), _look_at_part, (preparation.source, part, path))
        for part, path in zip(parts, paths, strict=True)
        if not path.is_file()
    ]
    _run(jobs, preparation.workers, "files looked at", progress)
    return [Examined(**found) for path in paths for found in read_json(path)]


def _look_at_part(source: Source, entries: Sequence[Entry], path: Path) -> None:
    # Opened for each part: it cannot be handed to other processes.
    detector = source.finding.open() if source.finding else None
    found = [dataclasses.asdict(examine(source, one, detector)) for one in entries]
    write_json(path, found)


def _store_all(preparation: Preparation, plan: Plan, progress: Progress) -> None:
    """The second pass, and the tables of what it wrote."""
    storing = Storing(
        labels=preparation.labels,
        has_mesh=plan.has_mesh,
        longest_side=preparation.longest_side,
        picture_format=preparation.picture_format,
    )
    paths = [writing.part_path(preparation.folder, part) for part in plan.parts]
    tracks = preparation.folder / WORK / "landmarks"
    jobs = []
    for part, path in zip(plan.parts, paths, strict=True):
        given = (preparation.source, part, storing, path)
        if not path.is_file():
            track = writing.track_path(tracks, part)
            jobs.append((part.num_frames, writing.write_part, (*given, track)))
    _run(jobs, preparation.workers, "frames stored", progress)
    writing.write_tables(preparation.folder, plan, storing, preparation.layout, tracks)


Job = tuple[int, Callable[..., None], tuple[Any, ...]]
"""How much it does, a function of this package, and its arguments."""


def _run(jobs: Sequence[Job], workers: int, what: str, progress: Progress) -> None:
    total, done = sum(size for size, _, _ in jobs), 0
    for size in _finished(jobs, workers):
        done += size
        progress(what, done, total)


def _finished(jobs: Iterable[Job], workers: int) -> Iterator[int]:
    """Runs jobs; yields the size of each when it has ended.

    Raises:
      ChildProcessError: a worker was killed.
    """
    if not workers:
        for size, function, arguments in jobs:
            function(*arguments)
            yield size
        return
    waiting: dict[Future[None], int] = {}
    remaining = iter(jobs)
    with worker_pool(workers) as pool:
        while True:
            for size, function, arguments in remaining:
                waiting[pool.submit(function, *arguments)] = size
                if len(waiting) >= 2 * workers:
                    break
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                future.result()
                yield waiting.pop(future)


def _check_folder(folder: Path, wanted: dict[str, Any]) -> None:
    """Writes the settings of a new folder, and refuses one of other settings."""
    path = folder / SETTINGS
    if not path.is_file():
        shown = folder.iterdir() if folder.is_dir() else ()
        if any(not file.name.startswith(".") for file in shown):
            raise ValueError(
                f"{folder}: expected an empty folder, or one of this data set"
            )
        write_json(path, wanted)
        return
    check_settings(path, wanted)
