"""``face-jax train``: one config, one work directory, one run."""

import argparse
from pathlib import Path

from ml_collections import ConfigDict

from face_jax.cli.config import load_config, plain
from face_jax.cli.console import log_to_console
from face_jax.cli.streams import PipelineStreams
from face_jax.cli.synthetic_data import ensure
from face_jax.systems import build_task
from face_jax.train import distributed, partitioning
from face_jax.train.loop import Trainer
from face_jax.train.state import TrainState

DESCRIPTION = "Train a model; the same command goes on where a run stopped."
EPILOG = """examples:
  face-jax train --config configs/fsrt/demo.py --workdir runs/demo
  face-jax train --config configs/fsrt/demo.py --workdir runs/me \\
      --set data.source=clips --set data.clips.path=me.mp4
  face-jax train --config configs/fsrt/vox256.py:smoke --workdir runs/smoke
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument(
        "--config",
        required=True,
        metavar="FILE[:VARIANT]",
        help="Python config file, such as configs/fsrt/demo.py",
    )
    parser.add_argument(
        "--workdir",
        required=True,
        type=Path,
        help="folder for checkpoints, figures and pictures of this run",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one value of the config, such as run.steps=500 (repeatable)",
    )


def main(args: argparse.Namespace) -> int:
    """Trains; returns the exit status."""
    log_to_console()
    train(load_config(args.config, args.set), args.workdir)
    return 0


def train(config: ConfigDict, workdir: Path) -> TrainState:
    """Runs what a config describes.

    Args:
      config: a config with the blocks of ``configs/common.py``.
      workdir: folder of the run.

    Returns:
      The last state.

    Raises:
      ValueError: the config is not consistent with itself, the devices or the folder.
    """
    distributed.initialize()
    ensure(config.data, *(evaluation.data for evaluation in config.evals.values()))
    return make_trainer(config, workdir).run()


def make_trainer(config: ConfigDict, workdir: Path) -> Trainer:
    """The run that a config describes; nothing is written yet."""
    settings = plain(config)
    data = {"data": config.data.to_dict(), "evals": config.evals.to_dict()}
    return Trainer(
        task=build_task(config.system, config.task.to_dict()),
        streams=PipelineStreams(**data, **config.loader, seed=config.run.seed),
        workdir=workdir,
        config=settings,
        mesh=partitioning.make_mesh(**config.mesh),
        **config.run,
    )
