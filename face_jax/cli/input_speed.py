"""How fast a config's training items are made, and what a step waits for them."""

import dataclasses
import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from data_pipelines import pipeline
from face_jax.fsrt.views import color_views
from face_jax.latent_ofer.pictures import PICTURES, pictures_of
from face_jax.smirk.paths import colored, photographs
from face_jax.tables import Table
from face_jax.types import Batch, PyTree

SETTLE = 4
"""Batches before the clock starts: workers begin, and queues fill."""

PLAIN = "plain loop"

FRAMES = ("image", "source_images", "driving_images")
"""Arrays of items that show each frame once; others are further crops of the same."""


@dataclasses.dataclass(frozen=True)
class InputSpeed:
    """One way to make items.

    Attributes:
      way: ``plain loop``: one item after the other, nothing ahead; or the number of
        worker processes.
      seconds: of a batch, in the mean.
      batch_size: items of a batch.
      pictures: frames that an item shows the network.
    """

    way: str
    seconds: float
    batch_size: int
    pictures: int

    @property
    def images_per_second(self) -> float:
        """Pictures that are read, cropped and resized in a second."""
        return self.batch_size * self.pictures / self.seconds

    def waiting(self, step_seconds: float) -> float:
        """Share of the time that a training step of such length would wait, 0 to 1.

        Batches are made while the step before is computed.
        """
        return max(0.0, 1.0 - step_seconds / self.seconds)


def without_cache(data: ConfigDict) -> ConfigDict:
    """The data block with sources that decode every picture anew."""
    changed = data.copy_and_resolve_references()
    mixture = changed.mixture.values() if "mixture" in changed else ()
    for block in (changed, *mixture):
        for name, source in pipeline.SOURCES.items():
            has_cache = "cache_bytes" in inspect.signature(source).parameters
            if name in block and has_cache:
                with block[name].unlocked():
                    block[name].cache_bytes = 0
    return changed


def input_speeds(
    config: ConfigDict, batch_size: int, workers: Sequence[int], batches: int
) -> list[InputSpeed]:
    """Times the plain loop where there is one source, then every number of workers.

    Args:
      config: of a run; its data block is taken as it is.
      batch_size: items of a batch.
      workers: numbers of worker processes.
      batches: batches that are timed each way.

    Raises:
      FileNotFoundError: the data are not there.
      ValueError: the data block is not consistent.
    """
    data, seed = config.data, config.run.seed
    pictures = _pictures(data)
    found = []
    if "mixture" not in data:
        plain = _plain_batches(data, seed, batch_size)
        found.append(_timed(PLAIN, plain, batches, batch_size, pictures))
    for count in workers:
        stream = pipeline.build(data, seed, batch_size, num_workers=count)
        try:
            found.append(_timed(str(count), stream, batches, batch_size, pictures))
        finally:
            stream.close()
    return found


def device_seconds(
    item: str, batch: Mapping[str, np.ndarray], rounds: int = 5
) -> float:
    """Seconds that colour changes and normalisation of a batch take on the device.

    Args:
      item: what the batch consists of, a name in ``PREPARED``.
      batch: of the training stream.
      rounds: how often it is timed; the fastest round counts.
    """
    placed = jax.device_put(dict(batch))
    run = jax.jit(PREPARED[item])
    jax.block_until_ready(run(placed))
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        jax.block_until_ready(run(placed))
        times.append(time.perf_counter() - begin)
    return min(times)


def _all_pictures(batch: Batch) -> PyTree:
    return [pictures_of(batch, name) for name in PICTURES if name in batch]


PREPARED: Mapping[str, Callable[[Batch], PyTree]] = {
    "fsrt_item": lambda batch: color_views(
        batch, jnp.zeros(len(batch["item_id"])), jitter=True
    ),
    "smirk_item": lambda batch: photographs(colored(batch)),
    "latent_ofer_item": _all_pictures,
    "latent_item": _all_pictures,
}
"""Pictures of a batch as the networks see them in training, by kind of item."""


def speed_table(
    title: str, speeds: Sequence[InputSpeed], step_seconds: float | None
) -> Table:
    """The speeds, one row each; waiting only where a step was timed."""
    header = ["workers", "ms per batch", "items/s", "images/s"]
    rows: list[list[str | float]] = [
        [
            speed.way,
            1e3 * speed.seconds,
            speed.batch_size / speed.seconds,
            speed.images_per_second,
        ]
        for speed in speeds
    ]
    if step_seconds is not None:
        header.append("waiting, % of the step")
        for row, speed in zip(rows, speeds, strict=True):
            row.append(100 * speed.waiting(step_seconds))
    return Table(title, header, rows)


def _pictures(data: ConfigDict) -> int:
    """Frames of a source that an item is made from."""
    spec = pipeline.element_spec(data, batch_size=1)
    shapes = [spec[name].shape for name in FRAMES if name in spec]
    return sum(int(np.prod(shape[:-3])) for shape in shapes)


def _plain_batches(
    data: ConfigDict, seed: int, batch_size: int
) -> Iterator[dict[str, np.ndarray]]:
    """Batches of such items, made one after the other in this thread."""
    settings = pipeline.read_settings(data, pipeline.SOURCES, pipeline.ITEMS)
    recipe = pipeline.construct(pipeline.ITEMS, settings.item, settings.blocks)
    source = pipeline.build_source(data)
    random = np.random.default_rng(seed)
    count = recipe.num_records(source)
    while True:
        items = [
            recipe.sample(source, int(random.integers(count)), random)
            for _ in range(batch_size)
        ]
        yield {name: np.stack([item[name] for item in items]) for name in items[0]}


def _timed(
    way: str, batches: Iterator[Any], count: int, batch_size: int, pictures: int
) -> InputSpeed:
    for _ in range(1 if way == PLAIN else SETTLE):
        next(batches)
    begin = time.perf_counter()
    for _ in range(count):
        next(batches)
    seconds = (time.perf_counter() - begin) / count
    return InputSpeed(way, seconds, batch_size, pictures)
