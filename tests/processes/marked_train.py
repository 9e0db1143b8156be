"""``face-jax train`` that knows the toy system, and tells what it is doing.

  python -m tests.processes.marked_train MARK train --config ... --workdir ...

MARK is a file that holds one line for each thing begun: restore, step, save, evaluate.
"""

import functools
import sys
import time
from pathlib import Path

import jax

from face_jax.cli import runs
from face_jax.cli.__main__ import main
from face_jax.train import loop
from face_jax.train.checkpoints import Checkpoints
from face_jax.train.evaluate import Evaluator
from tests.train.toy import ToyStreams, ToyTask

TOY = "toy"


class SharedToyStreams(ToyStreams):
    """This process's rows; an evaluation takes long enough to be killed in."""

    def training(self, name, step):
        return map(mine, super().training(name, step))

    def evaluations(self):
        ((every, batches),) = super().evaluations().values()

        def slowly():
            time.sleep(0.3)
            return map(mine, batches())

        return {"heldout": (3 * every, slowly)}


def mine(batch):
    count, index = jax.process_count(), jax.process_index()
    size = len(batch["x"]) // count
    return {n: rows[index * size : (index + 1) * size] for n, rows in batch.items()}


def teach_toy() -> None:
    """The commands know the toy system from now on."""
    streams, build, ensure = runs.PipelineStreams, runs.build_task, runs.ensure_data

    def toy_task(name, fields):
        return ToyTask(**fields) if name == TOY else build(name, fields)

    def toy_streams(**settings):
        return streams(**settings) if settings["data"] else SharedToyStreams()

    runs.build_task, runs.PipelineStreams = toy_task, toy_streams
    runs.ensure_data = lambda config: config.system == TOY or ensure(config)


def mark(path: Path) -> None:
    """Each of the things that a run does is noted where it begins."""

    def noting(owner, name, word):
        function = getattr(owner, name)

        @functools.wraps(function)
        def noted(*arguments, **keywords):
            with path.open("a") as file:
                file.write(word + "\n")
            return function(*arguments, **keywords)

        setattr(owner, name, noted)

    noting(Checkpoints, "restore_newest", "restore")
    noting(Checkpoints, "save", "save")
    noting(Evaluator, "run", "evaluate")
    noting(loop._Run, "_iterate", "step")


if __name__ == "__main__":
    teach_toy()
    mark(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
