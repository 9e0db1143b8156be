"""``face-jax train``: one config, one work directory; one run, or stages in order."""

import argparse
import contextlib
import os
import signal
import traceback
from collections.abc import Iterator
from pathlib import Path

import jax
from ml_collections import ConfigDict

from face_jax.cli.config import load_config
from face_jax.cli.console import log_by_process, log_to_console
from face_jax.cli.exit_codes import EXPECTED, ExitCode, tell
from face_jax.cli.run_flags import add_config
from face_jax.cli.runs import train
from face_jax.cli.stages import train_stages
from face_jax.train import distributed
from face_jax.train.failures import ProcessLostError, first_line
from face_jax.train.interrupts import leaving_at

LOGS = "logs"
"""Folder in a work directory, with a file for each of several processes."""

DESCRIPTION = "Train a model; the same command goes on where a run stopped."
EPILOG = """examples:
  face-jax train --config configs/fsrt/demo.py --workdir runs/demo
  face-jax train --config configs/fsrt/demo.py --workdir runs/me \\
      --set data.source=clips --set data.clips.path=me.mp4
  face-jax train --config configs/fsrt/vox256.py:smoke --workdir runs/smoke
  face-jax train --config configs/smirk/synthetic80.py --workdir runs/smirk --until encoders
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
    parser.add_argument(
        "--until",
        metavar="STAGE",
        help="the last stage to be done, where the config has stages",
    )


def main(args: argparse.Namespace) -> int:
    """Trains; returns the exit status."""
    log_to_console()
    config = load_config(args.config, args.set)
    distributed.initialize()
    with _leaving_alone(args.debug), leaving_at(signal.SIGTERM, ExitCode.PREEMPTED):
        if jax.process_count() > 1:
            log_by_process(args.workdir / LOGS, jax.process_index())
        if _train(config, args.workdir, args.until):
            return ExitCode.DONE
        return ExitCode.PREEMPTED


def _train(config: ConfigDict, workdir: Path, until: str | None) -> bool:
    """Whether all of it is done."""
    if "stages" in config:
        return train_stages(config, workdir, until)
    if until is not None:
        raise ValueError(f"--until: the config has no stages, got {until!r}")
    return int(train(config, workdir).step) >= config.run.steps


@contextlib.contextmanager
def _leaving_alone(debug: bool) -> Iterator[None]:
    """An error in one of several processes ends it at once.

    JAX would wait for the others at the exit, and they wait for this one in a computation.
    """
    try:
        yield
    except (*EXPECTED, jax.errors.JaxRuntimeError) as error:
        if jax.process_count() == 1:
            raise
        if debug:
            traceback.print_exc()
        prog = f"face-jax train, process {jax.process_index()}"
        os._exit(tell(prog, _of_several(error)))


def _of_several(error: Exception) -> Exception:
    """What a failure of JAX most often means in a run of several processes."""
    if not isinstance(error, jax.errors.JaxRuntimeError):
        return error
    return ProcessLostError(
        f"a computation of all processes failed ({first_line(error)}); where one of them "
        "is gone, start all of them again: they go on from the newest checkpoint"
    )
