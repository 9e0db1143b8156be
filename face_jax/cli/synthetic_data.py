"""Generates synthetic faces with progress, on request and where a run needs them."""

import dataclasses
import functools
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from data_pipelines.pipeline import ITEMS, SOURCES
from data_pipelines.settings import read_settings
from data_pipelines.sources.synthetic_clips import built_in_settings
from data_pipelines.sources.synthetic_images import built_in_images
from data_pipelines.sources.synthetic_settings import SyntheticSettings
from face_jax.cli.progress import Progress
from face_jax.geometry.head import HeadModel
from face_jax.train.distributed import wait_for_all
from face_jax.train.timing import format_duration

BUILT_IN: dict[str, Callable[..., SyntheticSettings]] = {
    "synthetic": built_in_settings,
    "synthetic_images": built_in_images,
}
"""Sources in the data blocks of configs that have a built-in data set, and what describes
it."""

WORKERS = 8
"""Most processes that draw by default; each takes a gigabyte of memory."""
PICTURES_EACH = 500
"""Fewer for each process are not worth its start: it compiles, and prepares the head."""

log = logging.getLogger("face_jax")


@dataclasses.dataclass(frozen=True)
class Generated:
    """What one call did.

    Attributes:
      pictures: how many it drew; 0 where the data set was complete.
      seconds: how long that took, with the preparation of workers, but without that of
        this process.
    """

    pictures: int
    seconds: float

    @property
    def rate(self) -> float:
        """Pictures in a second."""
        return self.pictures / max(self.seconds, 1e-9)


def generate(
    folder: Path, settings: SyntheticSettings, workers: int | None = None
) -> Generated:
    """Writes what is missing of a data set, with a line of progress.

    Args:
      folder: where.
      settings: what.
      workers: processes that draw on the CPU; 0 draws in this one, on JAX's device.
        None takes as many as are worth their start, up to ``WORKERS``.

    Raises:
      FileNotFoundError: there is no such head model.
      ValueError: the folder holds another data set, or the head cannot show
        expressions.
      ChildProcessError: a worker was killed; the next call goes on.
    """
    # Training imports this module too, and needs neither renderer nor head.
    from data_pipelines.synth import generate as generator
    from data_pipelines.synth.parallel import generate_by_workers
    from face_jax.heads.library import head

    if generator.is_complete(folder, settings):
        return Generated(0, 0.0)
    left = generator.pictures_left(folder, settings)
    workers = _worth_starting(left) if workers is None else workers
    model = head(settings.head)
    log.info("%s: drawing %d synthetic pictures", folder, left)
    given = (folder, settings, model)
    if workers:
        draw = functools.partial(generate_by_workers, *given, _equip, workers)
    else:
        studio = _studio(settings, model)
        draw = functools.partial(generator.generate, *given, studio)
    start = time.monotonic()
    with Progress(left, "pictures") as progress:
        draw(progress=progress.update)
    return Generated(left, time.monotonic() - start)


def _worth_starting(pictures: int) -> int:
    """Processes for so many pictures; 0 where this one alone is as quick."""
    most = min(WORKERS, os.cpu_count() or 1, pictures // PICTURES_EACH)
    return most if most > 1 else 0


def _equip(settings: SyntheticSettings) -> tuple[HeadModel, Any]:
    """Head and studio of a worker, which keeps what it compiles."""
    from face_jax.cli.compilation_cache import enable_compilation_cache
    from face_jax.heads.library import head

    enable_compilation_cache()
    model = head(settings.head)
    return model, _studio(settings, model)


def _studio(settings: SyntheticSettings, model: HeadModel) -> Any:
    from data_pipelines.synth.scene import Studio

    return Studio(model, settings.size)


def ensure(*blocks: Mapping[str, Any]) -> None:
    """Generates the built-in data sets that a run reads, those that are missing.

    Several processes of a run wait for the first one; they must share the cache.

    Args:
      *blocks: data blocks of configs.

    Raises:
      ValueError: a block is none, or describes no data set.
      FileNotFoundError: there is no such head model.
    """
    wanted = dict.fromkeys(_built_in(blocks))
    if not wanted:
        return
    if jax.process_index() == 0:
        for settings in wanted:
            done = generate(settings.folder(), settings)
            if done.pictures:
                log.info("drawn in %s", format_duration(done.seconds))
    wait_for_all("synthetic data")


def _built_in(blocks: Sequence[Mapping[str, Any]]) -> Iterator[SyntheticSettings]:
    """Settings of all data sets that are read from the cache."""
    for data in (read_settings(block, SOURCES, ITEMS) for block in blocks):
        parts = [(data.source, data.blocks)] if data.source else []
        parts += [(part.source, part.blocks) for part in data.mixture]
        for source, keywords in parts:
            given = keywords[source]
            if source in BUILT_IN and not given.get("path"):
                yield BUILT_IN[source](**(given.get("built_in") or {}))
