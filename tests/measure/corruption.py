"""Damages the newest checkpoint of a run in random places, and looks at what is restored.

  python -m tests.measure.corruption [--count 200] [--seed 0]

A run of the toy system (``tests/train/toy.py``) leaves checkpoints of two steps. Each time one
file of the newer one has a byte changed, its end cut off, or is removed; then a training goes
on from what is there, and a model is loaded for inference. Both must find the arrays of the
newer step (the damage was harmless) or those of the older one (it was detected, and the newer
one set aside). Anything else is printed, and the exit status is 1.
"""

import argparse
import collections
import contextlib
import logging
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np

from face_jax.train.checkpoints import Checkpoints, load_variables
from face_jax.train.loop import Trainer
from face_jax.train.partitioning import make_mesh
from face_jax.train.state import abstract_state
from tests.train.toy import ToyStreams, ToyTask

OLDER, NEWER = 4, 8
METRIC = {"best_metric": "heldout/mse", "best_mode": "min"}
HARMLESS, DETECTED = "harmless", "detected"


def main(arguments: list[str] | None = None) -> int:
    """Damages and counts; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        return report(measure(Path(name), args.count, args.seed))


def measure(folder: Path, count: int, seed: int) -> list[tuple[str, str]]:
    """Damages so often.

    Returns:
      For each time what was done, and what came of it.
    """
    whole = folder / "whole"
    trainer(whole).run()
    runs = {step: _arrays(load_variables(whole, step)[0]) for step in (OLDER, NEWER)}
    outcomes = []
    for number in range(count):
        broken = folder / "broken"
        shutil.copytree(whole, broken)
        what = damage(
            broken / "checkpoints" / str(NEWER), random.Random(f"{seed} {number}")
        )
        outcomes.append((what, outcome(broken, runs)))
        shutil.rmtree(broken)
        if sys.stderr.isatty():
            print(f"\r{number + 1} of {count}", end="", file=sys.stderr)
    return outcomes


def trainer(workdir: Path) -> Trainer:
    """The run whose checkpoints are damaged."""
    return Trainer(
        task=ToyTask(),
        streams=ToyStreams(),
        workdir=workdir,
        config={"system": "toy", "task": {"networks": {"hidden": 32}}},
        mesh=make_mesh(1, 1, 1, devices=jax.devices()[:1]),
        steps=NEWER,
        save_every=OLDER,
        **METRIC,
    )


def damage(folder: Path, chance: random.Random) -> str:
    """Changes, cuts or removes one file below a folder; says what it did."""
    path = chance.choice(sorted(p for p in folder.rglob("*") if p.is_file()))
    data, name = bytearray(path.read_bytes()), path.relative_to(folder)
    kind = chance.choices(("flip", "cut", "remove"), (8, 3, 1))[0]
    if kind == "remove":
        path.unlink()
        return f"{name} removed"
    place = chance.randrange(max(len(data), 1))
    if kind == "cut" or not data:
        path.write_bytes(data[:place])
        return f"{name} cut after {place} of {len(data)} bytes"
    data[place] ^= chance.randrange(1, 256)
    path.write_bytes(data)
    return f"{name} byte {place} of {len(data)} changed"


def outcome(workdir: Path, runs: dict[int, list[np.ndarray]]) -> str:
    """What a training and a model for inference find in a folder."""
    with _warnings() as told:
        try:
            # First for inference: a training sets aside what is broken.
            loaded = _step_of(_arrays(load_variables(workdir)[0]), runs)
            restored = _step_of(_restored(workdir), runs)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    if {loaded, restored} == {NEWER}:
        return HARMLESS
    aside = (workdir / "checkpoints" / f"{NEWER}.corrupt").exists()
    named = [line for line in told if f"checkpoints/{NEWER}: " in line]
    # What is not read does no harm: inference needs no optimizer's state.
    each_told = len(named) == (loaded == OLDER) + (restored == OLDER)
    if {loaded, restored} <= set(runs) and aside == (restored == OLDER) and each_told:
        return DETECTED
    return f"loaded {loaded}, restored {restored}, set aside {aside}, told {told}"


class _Told(logging.Handler):
    """Keeps the messages."""

    def __init__(self, told: list[str]):
        super().__init__()
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(record.getMessage())


@contextlib.contextmanager
def _warnings() -> Iterator[list[str]]:
    """What the library warns of inside, not printed."""
    told: list[str] = []
    handler, log = _Told(told), logging.getLogger("face_jax")
    log.addHandler(handler)
    log.propagate = False
    try:
        yield told
    finally:
        log.removeHandler(handler)
        log.propagate = True


def report(outcomes: list[tuple[str, str]]) -> int:
    """Prints how often what came of it; the exit status."""
    kinds = collections.Counter(what.split()[-1] for what, _ in outcomes)
    counts = collections.Counter(found for _, found in outcomes)
    good = counts[HARMLESS] + counts[DETECTED]
    print(
        f"{len(outcomes)} times damaged ({kinds['changed']} a byte, {kinds['bytes']} cut, "
        f"{kinds['removed']} removed): {counts[DETECTED]} detected, "
        f"{counts[HARMLESS]} harmless, {len(outcomes) - good} neither"
    )
    for what, found in outcomes:
        if found not in (HARMLESS, DETECTED):
            print(f"{what}: {found}")
    return int(good < len(outcomes))


def _restored(workdir: Path) -> list[np.ndarray]:
    run = trainer(workdir)
    abstract = abstract_state(run.task, run.streams.spec(), False)
    checkpoints = Checkpoints(workdir, run.config, run.task.teachers(), **METRIC)
    teachers = run.task.pretrained()
    state = checkpoints.restore_newest(abstract, run.shardings_of(abstract), teachers)
    checkpoints.close()
    if state is None:
        raise RuntimeError("a training would begin anew")
    return _arrays({n: v for n, v in state.variables().items() if n not in teachers})


def _step_of(arrays: list[np.ndarray], runs: dict[int, list[np.ndarray]]) -> int | None:
    for step, known in runs.items():
        if len(known) == len(arrays) and all(map(np.array_equal, known, arrays)):
            return step
    return None


def _arrays(variables) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(variables)]


if __name__ == "__main__":
    sys.exit(main())
