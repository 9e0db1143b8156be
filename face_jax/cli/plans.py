"""The plans of a config, topology by topology and mesh by mesh."""

import dataclasses
import logging
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ml_collections import ConfigDict

from face_jax.cli.runs import make_trainer
from face_jax.train.loop import Trainer
from face_jax.train.partitioning import check_batch_size
from face_jax.train.plan import Plan, plan_iteration
from face_jax.train.topologies import Topology, topology

log = logging.getLogger("face_jax")

Mesh = tuple[int, int, int]
"""Sizes of data, fsdp and tensor."""


def parse_meshes(texts: Sequence[str]) -> list[Mesh]:
    """Meshes as they are written: ``64,4,1``.

    Args:
      texts: one for each mesh.

    Raises:
      ValueError: one is not three whole numbers of 1 or more, or -1.
    """
    meshes = []
    for text in texts:
        if not re.fullmatch(r"(-1|[1-9]\d*)(,(-1|[1-9]\d*)){2}", text):
            raise ValueError(
                "--mesh: expected sizes of data, fsdp and tensor, such as 64,4,1, "
                f"got {text!r}"
            )
        data, fsdp, tensor = map(int, text.split(","))
        meshes.append((data, fsdp, tensor))
    return meshes


@dataclasses.dataclass(frozen=True)
class _Job:
    """A run on a topology, yet to be planned."""

    trainer: Trainer
    topology: Topology


def make_plans(
    config: ConfigDict,
    topologies: Sequence[str],
    meshes: Sequence[Mesh],
    iterations: Sequence[int],
    batch_size: int | None = None,
    rows_per_chip: int | None = None,
    quick: bool = True,
) -> list[Plan]:
    """Plans all iterations on all meshes of all topologies.

    What can be wrong is looked at before anything is compiled.

    Args:
      config: of a run.
      topologies: their names.
      meshes: how the chips are arranged, each.
      iterations: numbers of iterations of the run.
      batch_size: rows of the global batch; None takes the config's.
      rows_per_chip: the same for each chip, in its place.
      quick: see ``plan_iteration``.

    Raises:
      ValueError: a topology or mesh does not exist, or the batch does not divide it.
    """
    jobs = []
    for chips in map(topology, topologies):
        count = len(chips.devices)
        rows = batch_size or (rows_per_chip or 0) * count or config.loader.batch_size
        jobs += [_job(config, chips, mesh, rows) for mesh in meshes]
    plans = []
    for job in jobs:
        for iteration in iterations:
            shape = "x".join(str(n) for n in job.trainer.mesh.shape.values())
            log.info("%s as %s, step %d", job.topology.name, shape, iteration)
            plan = plan_iteration(job.trainer, job.topology, iteration, quick)
            log.info("compiled in %.0f s", plan.compile_seconds)
            plans.append(plan)
    return plans


def _job(config: ConfigDict, chips: Topology, mesh: Mesh, rows: int) -> _Job:
    settings = config.copy_and_resolve_references()
    settings.loader.batch_size = rows
    settings.mesh.update(dict(zip(("data", "fsdp", "tensor"), mesh, strict=True)))
    # Nothing is written there: a trainer wants a folder.
    trainer = make_trainer(settings, Path(tempfile.gettempdir()), chips.devices)
    check_batch_size(rows, trainer.accumulation, trainer.mesh)
    return _Job(trainer, chips)
