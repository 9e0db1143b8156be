"""Several trainings in order, each in a folder of one work directory.

A stage that is finished leaves a marker behind and is skipped from then on; one that was
interrupted goes on by itself when it is run again.
"""

import dataclasses
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from face_jax.train.differences import differences
from face_jax.train.distributed import everywhere, is_main_process
from face_jax.train.timing import format_duration
from face_jax.train.writers import replace_file

log = logging.getLogger("face_jax")

MARKER = "finished.json"
"""The marker in a stage's folder: its settings, and the seconds of its last run."""


@dataclasses.dataclass(frozen=True)
class Stage:
    """One of several trainings.

    Attributes:
      name: also that of its folder.
      settings: JSON-like, what its result depends on.
      run: does the work in the folder that it is given, which it makes when it begins, or
        what is left of it; returns whether all is done, False when it was asked to stop.
    """

    name: str
    settings: Mapping[str, Any]
    run: Callable[[Path], bool]


def run_stages(stages: Sequence[Stage], workdir: Path) -> bool:
    """Runs stages in order, without those that are finished.

    Every process of a run calls this; they skip and stop together.

    Args:
      stages: the stages, each with a name of its own.
      workdir: each stage has the folder ``<workdir>/<name>``.

    Returns:
      Whether all are finished; False when one was asked to stop, and no other began.

    Raises:
      ValueError: a finished stage had other settings, or its marker is unreadable.
    """
    # All are read before anything is done: a wrong setting shows at once.
    taken = [_seconds_taken(stage, workdir / stage.name / MARKER) for stage in stages]
    for number, (stage, seconds) in enumerate(zip(stages, taken, strict=True), start=1):
        title = f"stage {number} of {len(stages)}: {stage.name}"
        if everywhere(seconds is not None):
            log.info("%s is finished (%s)", title, format_duration(seconds or 0.0))
            continue
        log.info("%s", title)
        if not _run(stage, workdir / stage.name):
            log.info("%s is not finished; the same command goes on from here", title)
            return False
    return True


def _run(stage: Stage, folder: Path) -> bool:
    begin = time.monotonic()
    # Asked of all: the signal to stop may have reached some processes only.
    if not everywhere(stage.run(folder)):
        return False
    if is_main_process():
        seconds = round(time.monotonic() - begin, 3)
        marker = {"settings": stage.settings, "seconds": seconds}
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / MARKER, json.dumps(marker, indent=2))
    return everywhere(True)  # once the marker is there


def _seconds_taken(stage: Stage, path: Path) -> float | None:
    """Seconds that a finished stage took; None for one that is not finished."""
    if not path.exists():
        return None
    try:
        marker = json.loads(path.read_text(encoding="utf-8"))
        settings, seconds = marker["settings"], float(marker["seconds"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: no marker of a finished stage; remove it to run the stage again"
        ) from error
    for place, was, now in differences(settings, stage.settings):
        raise ValueError(
            f"stage {stage.name!r} in {path.parent} is finished with other settings: "
            f"{place} was {was!r} there and is {now!r} now; choose another --workdir or "
            "the old value"
        )
    return seconds
