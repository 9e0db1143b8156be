"""Streams of batches as pure functions of (configuration, seed, step).

The order of operations, and why:

1. numbers of one epoch, shuffled anew in each epoch, repeated for ever;
2. items made from a number and a generator that belongs to its place in the stream,
   *before* anything is split, so that no process or worker changes an item;
3. batches of one process's size, of which process p of P takes p, p + P, p + 2P, ...,
   so that step k of all processes, in their order, is rows of global batch k;
4. the first ``start_step`` batches left out without being made;
5. prefetch by threads, and by worker processes if there are any.

A run therefore resumes from its step number alone, with any number of processes and
workers. A new kind of item is a recipe (``items/base.py``) and a line in ``ITEMS``; a
new kind of data is a class and a line in ``SOURCES``.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import grain
import numpy as np
from absl import flags

from data_pipelines.items.base import ArraySpec, ElementSpec, Item, ItemRecipe
from data_pipelines.items.fsrt import FsrtItems
from data_pipelines.items.latent_ofer import LatentOferItems
from data_pipelines.items.latents import LatentItems
from data_pipelines.items.smirk import SmirkItems
from data_pipelines.mixtures import component_seeds, mix
from data_pipelines.settings import DataSettings, construct, read_settings
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.clips import ClipSource
from data_pipelines.sources.face_files import FaceFiles
from data_pipelines.sources.latents import LatentFiles
from data_pipelines.sources.prepared import PreparedClips, PreparedFaces
from data_pipelines.sources.synthetic_clips import SyntheticClips
from data_pipelines.sources.synthetic_images import SyntheticImages

SOURCES: dict[str, Callable[..., Any]] = {
    "clips": ClipSource,
    "synthetic": SyntheticClips,
    "faces": FaceFiles,
    "prepared_faces": PreparedFaces,
    "prepared_clips": PreparedClips,
    "synthetic_images": SyntheticImages,
    "latents": LatentFiles,
}
"""What data may come from; the keywords of each are the block of its name."""

ITEMS: dict[str, Callable[..., ItemRecipe]] = {
    "fsrt_item": FsrtItems,
    "smirk_item": SmirkItems,
    "latent_ofer_item": LatentOferItems,
    "latent_item": LatentItems,
}
"""What an element may be; the keywords of each are the block of its name."""

PREFETCHED_BATCHES = 4
"""Batches that wait in memory in each process that makes them."""


def build(
    config: Mapping[str, Any],
    seed: int,
    batch_size: int,
    process_index: int = 0,
    process_count: int = 1,
    start_step: int = 0,
    num_workers: int = 0,
) -> grain.DatasetIterator:
    """Builds an endless stream of training batches.

    Args:
      config: mapping or ``ml_collections.ConfigDict``: ``item``, a name in ``ITEMS``;
        ``source``, a name in ``SOURCES``, or ``mixture``, see ``mixtures.py``; and
        a block of keywords of each of these names.
      seed: everything random follows from it.
      batch_size: rows of the global batch, over all processes.
      process_index: this process.
      process_count: number of processes; each gets ``batch_size / process_count`` rows.
      start_step: number of the first batch.
      num_workers: data worker processes of this process; 0 makes batches in threads
        of this process. Scripts that use workers need the usual
        ``if __name__ == "__main__"``.

    Returns:
      An iterator over dictionaries of numpy arrays, this process's rows. Its
      ``close()`` ends the workers.

    Raises:
      ValueError: an unknown name or key, or a batch that cannot be divided.
      FileNotFoundError: a source without files.
    """
    settings = read_settings(config, SOURCES, ITEMS)
    local_batch = _local_batch(batch_size, process_index, process_count)
    if start_step < 0:
        raise ValueError(f"start_step: expected 0 or more, got {start_step}")
    recipe = construct(ITEMS, settings.item, settings.blocks)
    stream = _training_items(settings, recipe, seed)
    batches = stream.batch(local_batch, drop_remainder=True)
    mine = batches[process_index::process_count][start_step:]
    return iter(_prefetch(mine, num_workers))


def build_evaluation(
    config: Mapping[str, Any],
    batch_size: int,
    process_index: int = 0,
    process_count: int = 1,
    num_workers: int = 0,
    seed: int = 0,
) -> grain.IterDataset:
    """Builds the finite stream of all evaluation items, in a fixed order.

    The last batch is filled up with copies of the last item, so that all processes
    have equally many batches of one shape.

    Args:
      config: as for ``build``, without a mixture.
      batch_size: rows of the global batch, over all processes.
      process_index: this process.
      process_count: number of processes.
      num_workers: data worker processes of this process.
      seed: of the crops in ``validation`` mode, the same in every pass.

    Returns:
      An iterable over dictionaries of numpy arrays, this process's rows; it can be
      gone through again. Items have an additional float32 ``mask``: 1, or 0 for rows
      that do not count (copies, and items whose frames cannot be decoded).

    Raises:
      ValueError: an unknown name or key, a batch that cannot be divided, a mixture,
        or no item at all.
      FileNotFoundError: a source without files.
    """
    settings = read_settings(config, SOURCES, ITEMS)
    if settings.source is None:
        raise ValueError("evaluation: expected source, got a mixture")
    local_batch = _local_batch(batch_size, process_index, process_count)
    recipe = construct(ITEMS, settings.item, settings.blocks)
    source = construct(SOURCES, settings.source, settings.blocks)
    records = recipe.evaluation_records(source)
    num_rows = -(-len(records) // batch_size) * batch_size
    make = functools.partial(_evaluation_item, recipe, source, records, seed)
    batches = grain.MapDataset.range(num_rows).map(make).batch(local_batch)
    return _prefetch(batches[process_index::process_count], num_workers)


def element_spec(
    config: Mapping[str, Any], batch_size: int, evaluation: bool = False
) -> ElementSpec:
    """Shapes and types of a batch, known without opening a file.

    Args:
      config: as for ``build``.
      batch_size: length of the leading axis.
      evaluation: whether the batch comes from ``build_evaluation``.
    """
    settings = read_settings(config, SOURCES, ITEMS)
    recipe = construct(ITEMS, settings.item, settings.blocks)
    spec = dict(recipe.element_spec(evaluation))
    if evaluation:
        spec["mask"] = ArraySpec((), np.dtype(np.float32))
    return {
        name: ArraySpec((batch_size, *array.shape), array.dtype)
        for name, array in spec.items()
    }


def build_source(config: Mapping[str, Any]) -> Any:
    """The data source that a configuration without mixture names, by itself."""
    settings = read_settings(config, SOURCES, ITEMS)
    if settings.source is None:
        raise ValueError("source: expected a name, got a mixture")
    return construct(SOURCES, settings.source, settings.blocks)


def _training_items(
    settings: DataSettings, recipe: ItemRecipe, seed: int
) -> grain.MapDataset:
    if settings.source is not None:
        source = construct(SOURCES, settings.source, settings.blocks)
        return _stream(recipe, source, seed, first_id=0)
    components = settings.mixture
    streams, first_id = [], 0
    for part, part_seed in zip(
        components, component_seeds(seed, len(components)), strict=True
    ):
        source = construct(SOURCES, part.source, part.blocks)
        streams.append(_stream(recipe, source, part_seed, first_id))
        first_id += len(source)
    return mix(streams, [part.weight for part in components])


def _stream(
    recipe: ItemRecipe, source: Any, seed: int, first_id: int
) -> grain.MapDataset:
    numbers = grain.MapDataset.range(recipe.num_records(source))
    endless = numbers.seed(seed).shuffle().repeat(None)
    return endless.random_map(functools.partial(_sample, recipe, source, first_id))


def _sample(
    recipe: ItemRecipe,
    source: Any,
    first_id: int,
    index: int,
    rng: np.random.Generator,
) -> Item:
    item = recipe.sample(source, int(index), rng)
    item["item_id"] = item["item_id"] + np.int32(first_id)
    return item


def _evaluation_item(
    recipe: ItemRecipe, source: Any, records: Any, seed: int, index: int
) -> Item:
    number = min(int(index), len(records) - 1)
    counts = int(index) < len(records)
    rng = np.random.default_rng((seed, number))
    try:
        item = recipe.evaluation_item(source, records[number], rng)
    except UnusableClip as error:
        source.report.add(error)
        spec = recipe.element_spec(evaluation=True)
        item = {name: np.zeros(*array) for name, array in spec.items()}
        counts = False
    item["mask"] = np.array(counts, np.float32)
    return item


def _local_batch(batch_size: int, process_index: int, process_count: int) -> int:
    if process_count < 1 or not 0 <= process_index < process_count:
        raise ValueError(
            f"process_index: expected 0 to {process_count - 1}, got {process_index}"
        )
    if batch_size < 1 or batch_size % process_count:
        raise ValueError(
            f"batch_size: expected a multiple of the {process_count} processes, "
            f"got {batch_size}"
        )
    return batch_size // process_count


def _prefetch(batches: grain.MapDataset, num_workers: int) -> grain.IterDataset:
    _use_one_opencv_thread()
    # Elements are whole batches here: Grain's default buffer of 500 would fill memory.
    threads = grain.ReadOptions(num_threads=2, prefetch_buffer_size=PREFETCHED_BATCHES)
    stream = batches.to_iter_dataset(threads)
    if not num_workers:
        return stream
    if not flags.FLAGS.is_parsed():
        # Grain reads a flag of its own when it starts workers.
        flags.FLAGS.mark_as_parsed()
    return stream.mp_prefetch(
        grain.MultiprocessingOptions(num_workers=num_workers),
        worker_init_fn=_use_one_opencv_thread,
    )


def _use_one_opencv_thread(*_: int) -> None:
    # Pictures are small and threads or processes already share the processors.
    cv2.setNumThreads(0)
