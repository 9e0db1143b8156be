"""The costs of a config's training step, batch size by batch size."""

import dataclasses
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jax
from ml_collections import ConfigDict

from face_jax.bench.measuring import fresh_compilation
from face_jax.cli.config import load_config
from face_jax.cli.runs import make_trainer
from face_jax.tables import Cell, Table
from face_jax.train.step_timing import StepTiming, time_iteration

log = logging.getLogger("face_jax")


@dataclasses.dataclass(frozen=True)
class StepCost:
    """One batch size at one iteration.

    Attributes:
      batch_size: rows of the global batch.
      iteration: its number in the run.
      timing: what it costs; None where the devices have too little memory.
    """

    batch_size: int
    iteration: int
    timing: StepTiming | None


def stage_config(
    address: str, overrides: Sequence[str], stage: str | None
) -> ConfigDict:
    """The config of a run, or of one stage of several.

    Args:
      address: a config file and its variants, see ``load_config``.
      overrides: ``key=value``.
      stage: name of the stage; None where the config has none.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is no config, an override does not fit, or the stage is not
        one that trains.
    """
    config = load_config(address, overrides)
    if "stages" not in config:
        if stage is not None:
            raise ValueError(f"--stage: none expected, {address} has none; got {stage}")
        return config
    known = [name for name, block in config.stages.items() if "task" in block]
    if stage not in known:
        raise ValueError(f"--stage: one of {', '.join(known)} expected, got {stage}")
    return config.stages[stage]


def step_costs(
    config: ConfigDict,
    batch_sizes: Sequence[int] | None,
    iterations: Sequence[int],
    steps: int,
) -> list[StepCost]:
    """Times all batch sizes at all iterations.

    Args:
      config: of a run.
      batch_sizes: rows of the global batch; None takes the config's.
      iterations: numbers of iterations of the run.
      steps: iterations of a round.

    Raises:
      ValueError: the config is not consistent with itself or the devices.
    """
    costs = []
    for rows in batch_sizes or (config.loader.batch_size,):
        settings = config.copy_and_resolve_references()
        settings.loader.batch_size = rows
        # Nothing is written there: a trainer wants a folder.
        trainer = make_trainer(settings, Path(tempfile.gettempdir()))
        for iteration in iterations:
            log.info("batch of %d, iteration %d", rows, iteration)
            timing = None
            try:
                with fresh_compilation():
                    timing = time_iteration(trainer, iteration, steps)
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error):
                    raise
            costs.append(StepCost(rows, iteration, timing))
    return costs


def cost_table(title: str, costs: Sequence[StepCost]) -> Table:
    """The costs, one row each.

    Args:
      title: what was timed.
      costs: of batch sizes and iterations.
    """
    header = (
        "batch",
        "step",
        "phase",
        "ms",
        "examples/s",
        "TFLOP",
        "TFLOP/s",
        "of bf16 peak, %",
        "memory, GiB",
        "to compile, s",
    )
    return Table(title, header, [_row(cost) for cost in costs])


def _row(cost: StepCost) -> list[Cell]:
    timing, first = cost.timing, (str(cost.batch_size), cost.iteration)
    if timing is None:
        return [*first, "out of memory", *[None] * 7]
    share = timing.utilisation
    return [
        *first,
        timing.phase,
        1e3 * timing.best,
        cost.batch_size / timing.best,
        timing.flops / 1e12,
        timing.flops / timing.best / 1e12,
        None if share is None else 100 * share,
        timing.memory_bytes / 2**30,
        timing.compile_seconds,
    ]
