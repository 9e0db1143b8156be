"""The stage of a pipeline that stores what Latent-OFER's recogniser is trained on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

import data_pipelines
from data_pipelines.sources.latents import write_latents
from face_jax.cli.progress import Progress
from face_jax.cli.synthetic_data import ensure
from face_jax.latent_ofer.model import Model, assemble, look
from face_jax.train.distributed import is_main_process, wait_for_all
from face_jax.train.interrupts import asked_to_stop
from face_jax.viz import to_uint8

Rows = dict[str, np.ndarray]


def store_latents(config: ConfigDict, folder: Path) -> bool:
    """Looks at every picture of some data sets once, and stores what is seen.

    Args:
      config: ``runs``, folders of the stages ``detector``, ``expression`` and
        ``refinement``; ``method``, which detector decides; ``sets``, blocks of data by
        name; ``batch_size``, pictures in work at once. What is seen of a set stays in
        memory until it is written.
      folder: each set gets a folder in it, see ``data_pipelines.sources.latents``; sets
        that are there already are left as they are.

    Returns:
      Whether all of them are there; False when it was asked to stop. The first of
      several processes does the work, and they can agree to stop only after it.

    Raises:
      FileNotFoundError: a run has no checkpoint.
      ValueError: a run is of another system.
    """
    missing = [name for name in config.sets if not (folder / name).exists()]
    ensure(*(config.sets[name] for name in missing))
    with asked_to_stop() as stop:
        if missing and is_main_process():
            alone = jax.process_count() == 1
            _store(config, folder, missing, stop if alone else lambda: False)
        wait_for_all("latents")
        return not stop()


def _store(
    config: ConfigDict, folder: Path, names: list[str], stop: Callable[[], bool]
) -> None:
    model = assemble(config.runs.to_dict(), config.method)
    for name in names:
        block = config.sets[name]
        rows = _look_at_all(model, block.to_dict(), config.batch_size, name, stop)
        if stop():
            return
        occluders = data_pipelines.build_source(block).occluder_names
        write_latents(folder / name, rows, occluders)


def _look_at_all(
    model: Model,
    block: Mapping[str, Any],
    batch_size: int,
    name: str,
    stop: Callable[[], bool],
) -> Rows:
    """The rows of a set, or the first of them when it is asked to stop."""
    total = len(data_pipelines.build_source(block))
    parts: list[Rows] = []
    with Progress(total, f"pictures of {name}") as progress:
        for number, batch in enumerate(
            data_pipelines.build_evaluation(block, batch_size), start=1
        ):
            parts.append(_look(model, batch))
            progress.update(min(number * batch_size, total))
            if stop():
                break
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _look(model: Model, batch: Mapping[str, np.ndarray]) -> Rows:
    """What the stages before the recogniser make of the rows of a batch that count."""
    seen = jax.device_get(look(model, batch["image"]))
    rows = {
        "images": to_uint8(seen.reconstructed.images),
        "tokens": seen.reconstructed.tokens.astype(np.float16),
        "relevance": seen.relevance,
        "labels": batch["label"],
        "occluders": batch["occluder"],
        "identities": batch["identity"],
    }
    counts = batch["mask"] > 0
    return {key: array[counts] for key, array in rows.items()}
