"""What one config describes: one system, its data, one run in one work directory."""

from collections.abc import Sequence
from pathlib import Path

import jax
from ml_collections import ConfigDict

from face_jax.cli.config import plain
from face_jax.cli.reports import make_reporter
from face_jax.cli.streams import PipelineStreams
from face_jax.cli.synthetic_data import ensure
from face_jax.systems import build_task
from face_jax.train import partitioning
from face_jax.train.loop import Trainer
from face_jax.train.state import TrainState


def train(config: ConfigDict, workdir: Path) -> TrainState:
    """Runs what a config describes.

    Args:
      config: a config with the blocks of ``configs/common.py``.
      workdir: folder of the run.

    Returns:
      The last state.

    Raises:
      ValueError: the config is not consistent with itself, the devices or the folder.
      FileNotFoundError: an earlier run that it names does not exist.
    """
    prepare(config)
    return make_trainer(config, workdir).run()


def prepare(config: ConfigDict) -> None:
    """Refuses what cannot start, then draws the synthetic faces that are missing.

    Raises:
      ValueError: the config is not consistent with itself.
      FileNotFoundError: an earlier run that it names does not exist.
    """
    # To draw faces takes minutes: what cannot start is told before.
    build_task(config.system, config.task.to_dict()).check()
    ensure_data(config)


def ensure_data(config: ConfigDict) -> None:
    """Draws the synthetic faces that a run reads, those that are missing."""
    ensure(config.data, *(evaluation.data for evaluation in config.evals.values()))


def make_trainer(
    config: ConfigDict, workdir: Path, devices: Sequence[jax.Device] | None = None
) -> Trainer:
    """The run that a config describes; nothing is written yet.

    Args:
      config: as for ``train``.
      workdir: folder of the run.
      devices: to run on, all of this machine by default.

    Raises:
      ValueError: the config is not consistent with itself or the devices.
    """
    settings = plain(config)
    data = {"data": config.data.to_dict(), "evals": config.evals.to_dict()}
    return Trainer(
        task=build_task(config.system, config.task.to_dict()),
        streams=PipelineStreams(**data, **config.loader, seed=config.run.seed),
        workdir=workdir,
        config=settings,
        mesh=partitioning.make_mesh(**config.mesh, devices=devices),
        report=make_reporter(config.reports.tasks, workdir),
        report_every=config.reports.every,
        **config.run,
    )
