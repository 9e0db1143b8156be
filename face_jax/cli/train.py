"""``face-jax train``: one config, one work directory; one run, or stages in order."""

import argparse
from pathlib import Path

from face_jax.cli.config import load_config
from face_jax.cli.console import log_to_console
from face_jax.cli.run_flags import add_config
from face_jax.cli.runs import train
from face_jax.cli.stages import train_stages
from face_jax.train import distributed

DESCRIPTION = "Train a model; the same command goes on where a run stopped."
EPILOG = """examples:
  face-jax train --config configs/fsrt/demo.py --workdir runs/demo
  face-jax train --config configs/fsrt/demo.py --workdir runs/me \\
      --set data.source=clips --set data.clips.path=me.mp4
  face-jax train --config configs/fsrt/vox256.py:smoke --workdir runs/smoke
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_config(
        parser, "such as run.steps=500, or of a stage: stages.NAME.run.steps=500"
    )
    parser.add_argument(
        "--workdir",
        required=True,
        type=Path,
        help="folder for checkpoints, figures and pictures of this run; where the config "
        "has stages, each gets a folder in it",
    )


def main(args: argparse.Namespace) -> int:
    """Trains; returns the exit status."""
    log_to_console()
    config = load_config(args.config, args.set)
    distributed.initialize()
    run = train_stages if "stages" in config else train
    run(config, args.workdir)
    return 0
