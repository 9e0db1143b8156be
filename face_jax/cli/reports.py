"""Evaluations of ``face-jax evaluate`` inside a training, on its checkpoints."""

import argparse
import logging
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import jax

from face_jax.cli import evaluate

log = logging.getLogger("face_jax")

FOLDER = "reports"
"""Folder in a work directory: ``reports/<step>/<task>`` holds what an evaluation found."""


def make_reporter(
    tasks: Sequence[str], workdir: Path
) -> Callable[[int | str], None] | None:
    """Makes what measures the newest checkpoint of a run.

    Args:
      tasks: words and flags of ``face-jax evaluate``, each without ``--checkpoint`` and
        ``--out``, such as ``"held-out --frames 24"``.
      workdir: folder of the run.

    Returns:
      A function of the step, or of another name for a folder of reports; None where
      there are no tasks. A report that is there already is not made again, so that a run
      that was killed goes on with those that are missing.

    Raises:
      ValueError: no such task or flag, a task twice, or a run of several processes.
    """
    if not tasks:
        return None
    if jax.process_count() > 1:
        raise ValueError(
            "reports.tasks: expected none in a run of several processes; call `face-jax "
            "evaluate` on its checkpoints"
        )
    names = [_parse(task, workdir, workdir / FOLDER).word for task in tasks]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"reports.tasks: expected each once, got {repeated[0]} twice")

    def report(step: int | str) -> None:
        for name, task in zip(names, tasks, strict=True):
            out = workdir / FOLDER / str(step) / name
            if not out.exists():
                log.info("evaluating for %s: %s", out, task)
                args = _parse(task, workdir, out)
                args.act(args)

    return report


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong by an error rather than by leaving."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parse(task: str, checkpoint: Path, out: Path) -> argparse.Namespace:
    parser = _Parser(add_help=False)
    evaluate.add_arguments(parser)
    places = ["--checkpoint", str(checkpoint), "--out", str(out)]
    try:
        return parser.parse_args([*shlex.split(task), *places])
    except ValueError as error:
        raise ValueError(f"reports.tasks: {task!r}: {error}") from error
