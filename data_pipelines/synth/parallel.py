"""Generates a data set of synthetic faces by several processes, a file each at a time.

Most of a picture's time goes into drawing a person, in Python, so that threads do not
help. Pictures are rendered by the CPU, each process on one core of it; the bytes are
those that one process writes there.
"""

import contextlib
import dataclasses
import functools
import os
import signal
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import jax

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.generate import Progress, crew_of, drawing
from data_pipelines.synth.jobs import Job
from data_pipelines.synth.shots import Director
from data_pipelines.workers import spawning, worker_pool
from face_jax.geometry.head import HeadModel

Equip = Callable[[SyntheticSettings], tuple[HeadModel, Any]]
"""Finds the head model of a data set and makes its ``scene.Studio``; for workers, so a
function of a module."""

_SECONDS = 0.5
"""Between two looks at how far the workers are."""
_ONE_CORE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


@dataclasses.dataclass(frozen=True)
class Told:
    """What workers and the process that started them tell each other.

    Attributes:
      drawn: pictures that are drawn.
      stop: set when nothing more is to be drawn.
    """

    drawn: "Synchronized[int]"
    stop: Event


def generate_by_workers(
    folder: Path,
    settings: SyntheticSettings,
    head: HeadModel,
    equip: Equip,
    workers: int,
    progress: Progress = lambda done: None,
) -> None:
    """Writes what is missing of a data set; goes on from where it was left.

    Args:
      folder: where; its parents are made.
      settings: what.
      head: the head model that the settings name.
      equip: finds it again in each worker, and makes its studio.
      workers: processes, at least 1.
      progress: told how many of ``pictures_left`` are done.

    Raises:
      ValueError: the folder holds a data set of other settings, or the head cannot
        show facial actions.
      ChildProcessError: a worker was killed; the next run goes on.
    """
    context = spawning()
    told = Told(context.Value("q", 0), context.Event())
    with (
        drawing(folder, settings, head) as (_, left),
        worker_pool(workers, _begin, (told,)) as pool,
    ):
        waiting = {pool.submit(_draw, settings, equip, job) for job in left}
        try:
            _watch(waiting, told, progress)
        finally:
            told.stop.set()


def _watch(waiting: set[Future[None]], told: Told, progress: Progress) -> None:
    """Tells what the workers have drawn until they are done."""
    before = 0
    while waiting:
        done, waiting = wait(waiting, _SECONDS, FIRST_COMPLETED)
        for future in done:
            future.result()
        # Silent until the first pictures are there: what comes before tells no speed.
        if (drawn := told.drawn.value) > before:
            progress(drawn)
            before = drawn


_shared: dict[str, Told] = {}
"""In a worker: what it shares with the process that started it."""


def _begin(told: Told) -> None:
    """Prepares a worker, before JAX looks for devices."""
    # An interrupt from the keyboard reaches all; the first process tells the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} {_ONE_CORE}".strip()
    jax.config.update("jax_platforms", "cpu")
    _shared["told"] = told


def _draw(settings: SyntheticSettings, equip: Equip, job: Job) -> None:
    """Writes a job's files, unless it is stopped."""
    told = _shared["told"]
    with (
        crew_of(settings, *_equipment(settings, equip)) as crew,
        contextlib.closing(job.run(crew)) as counts,
    ):
        for count in counts:
            if told.stop.is_set():
                return
            with told.drawn.get_lock():
                told.drawn.value += count


@functools.cache
def _equipment(settings: SyntheticSettings, equip: Equip) -> tuple[Director, Any]:
    head, studio = equip(settings)
    director = Director(settings, head)
    return director, studio
