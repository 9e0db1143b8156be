"""Kills a training of two processes again and again, and compares it with one left alone.

  python -m tests.measure.faults OUT_DIR [--kills 50] [--seed 0] [--config FILE[:VARIANT]]
      [--set KEY=VALUE]...

Each time a process, a signal (SIGKILL or SIGTERM) and a moment are drawn: while starting, in a
restore, a step, a save or an evaluation. After SIGKILL the other process is killed too, as
launchers do; after SIGTERM both are given time to leave. Then the same command goes on. A
run that ends before it was killed often enough is compared, and the next one begins.

OUT_DIR keeps what is done: the same command goes on. ``faults.jsonl`` has a line for each
kill. The exit status is 1 where arrays differ, or a process left with another status than
it should.
"""

import argparse
import collections
import dataclasses
import json
import random
import sys
import time
from pathlib import Path

from face_jax.cli.exit_codes import ExitCode
from tests.processes.several import Launch, differing_arrays, newest_digests

MOMENTS = ("start", "restore", "step", "save", "evaluate")
PROCESSES, DEVICES = 2, 2
TOY = "tests/processes/toy_config.py"
SETTINGS = ("run.steps=240", "mesh.data=1", "mesh.fsdp=-1", "run.fsdp_min_bytes=0")
"""Of the toy: long enough for some twenty kills; each process writes a part of an array."""
PATIENCE = 600.0


@dataclasses.dataclass(frozen=True)
class Fault:
    """A kill: who, how, and ``delay`` seconds after the ``occurrence``-th ``moment``."""

    rank: int
    signal: str
    moment: str
    occurrence: int
    delay: float

    @classmethod
    def draw(cls, chance: random.Random) -> "Fault":
        moment = chance.choice(MOMENTS)
        most = {"step": 30, "save": 3, "evaluate": 2}.get(moment, 1)
        longest = 3.0 if moment == "start" else 0.4
        return cls(
            rank=chance.randrange(PROCESSES),
            signal=chance.choice(("KILL", "TERM")),
            moment=moment,
            occurrence=chance.randint(1, most),
            delay=chance.uniform(0.0, longest),
        )


def main(arguments: list[str] | None = None) -> int:
    """Kills, compares, tells; returns the exit status."""
    args = _arguments(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    whole, log = args.out / "whole", args.out / "faults.jsonl"
    _train(args, whole, "undisturbed")
    compared = args.out / "compared.json"
    rounds = json.loads(compared.read_text()) if compared.exists() else []
    done = log.read_text().splitlines() if log.exists() else []
    while len(done) < args.kills:
        parts = args.out / f"parts{len(rounds)}"
        fault = Fault.draw(random.Random(f"{args.seed} {len(done)}"))
        record = _disturb(args, parts, fault)
        if record is None:
            rounds.append(differing_arrays(whole, parts))
            compared.write_text(json.dumps(rounds))
            print(f"a run is complete: {len(rounds[-1])} arrays differ", flush=True)
            continue
        done.append(json.dumps(record))
        log.write_text("".join(line + "\n" for line in done))
        print(f"kill {len(done)} of {args.kills}: {record}", flush=True)
    last = args.out / f"parts{len(rounds)}"
    if last.exists():
        _train(args, last, "after the last kill")
        rounds.append(differing_arrays(whole, last))
        compared.write_text(json.dumps(rounds))
    return report([json.loads(line) for line in done], rounds)


def report(records: list[dict], rounds: list[list[str]]) -> int:
    """Prints a table by moment and signal, and whether all is well; the exit status."""
    counts = collections.Counter((r["moment"], r["signal"]) for r in records)
    for moment in MOMENTS:
        kills, terms = counts[moment, "KILL"], counts[moment, "TERM"]
        print(f"{moment:>8}: {kills} SIGKILL, {terms} SIGTERM")
    ranks = collections.Counter(r["rank"] for r in records)
    print(f"of process 0 (the coordinator): {ranks[0]}, of process 1: {ranks[1]}")
    wrong = [r for r in records if not r["as_expected"]]
    for record in wrong:
        print(f"not as expected: {record}")
    differing = sum(map(len, rounds))
    print(
        f"{len(rounds)} runs compared with the undisturbed one: {differing} arrays differ"
    )
    return int(bool(wrong) or differing > 0 or not rounds)


def _disturb(args: argparse.Namespace, parts: Path, fault: Fault) -> dict | None:
    """Starts the run, kills, waits until it is gone; None where it ended before."""
    begin, launch = time.monotonic(), _launch(args, parts)
    with launch:
        reached = launch.wait_for(
            fault.rank, fault.moment, fault.occurrence, fault.delay, PATIENCE
        )
        if reached:
            launch.signal(fault.rank, fault.signal)
        # Some of SIGTERM's victims have to agree on a step first, and to save it.
        grace = 2.0 if reached and fault.signal == "KILL" else PATIENCE
        statuses = launch.settle(grace)
    if all(status == ExitCode.DONE for status in statuses):
        return None
    return {
        **dataclasses.asdict(fault),
        "seconds": round(time.monotonic() - begin, 1),
        "statuses": statuses,
        "saved": newest_digests(parts)[0],
        "as_expected": reached and _as_expected(fault, statuses),
    }


def _as_expected(fault: Fault, statuses: list[int]) -> bool:
    if fault.signal == "KILL":
        return statuses[fault.rank] == -9
    if fault.moment == "start":
        # Before the processes know of each other there is nothing to save.
        return statuses[fault.rank] in (-15, ExitCode.PREEMPTED)
    return set(statuses) <= {ExitCode.PREEMPTED, ExitCode.DONE}


def _train(args: argparse.Namespace, workdir: Path, name: str) -> None:
    with _launch(args, workdir) as launch:
        statuses = launch.settle(PATIENCE)
    if any(statuses):
        raise SystemExit(f"{name}: statuses {statuses}, see {workdir}.*")
    print(f"{name}: done", flush=True)


def _launch(args: argparse.Namespace, workdir: Path) -> Launch:
    settings = args.set if args.config != TOY else [*SETTINGS, *args.set]
    return Launch(
        workdir,
        *settings,
        config=args.config,
        processes=PROCESSES,
        devices=DEVICES,
        cache=args.out / "compiled",
    )


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--config", default=TOY)
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
