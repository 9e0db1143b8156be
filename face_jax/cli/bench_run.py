"""What all timed parts share: flags, the run, the table and its file."""

import argparse
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from face_jax.cli.bench_chips import add_chips, check_chips
from face_jax.cli.outputs import check_file, check_number

if TYPE_CHECKING:
    from face_jax.bench.cases import Case
    from face_jax.bench.results import CaseTiming, Measurement

log = logging.getLogger("face_jax")

DEFAULT_ROUNDS = 5


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Declares how often to run, beside which matrix product, and where results go.

    And for which chips to compile instead.
    """
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help=f"times that all cases run in turn (default: {DEFAULT_ROUNDS})",
    )
    parser.add_argument(
        "--matmul",
        type=int,
        nargs=3,
        metavar=("ROWS", "DEPTH", "COLUMNS"),
        help="the matrix product that speeds are shares of (default: 2048 2048 2048, on "
        "accelerators 8192 8192 8192)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="also write all figures there, as JSON"
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="such a file of before: tells how many times faster each case has become",
    )
    add_chips(parser)


def add_head(parser: argparse.ArgumentParser) -> None:
    """Declares which head is drawn."""
    parser.add_argument(
        "--head",
        default="procedural",
        metavar="NAME|FILE",
        help="head model (default: procedural)",
    )


def add_batches(
    parser: argparse.ArgumentParser, rows: str, default: Sequence[int]
) -> None:
    """Declares how many rows, such as pictures, are computed at a time."""
    told = " ".join(map(str, default))
    parser.add_argument(
        "--batches",
        type=int,
        nargs="+",
        default=list(default),
        metavar="N",
        help=f"{rows} (default: {told})",
    )


def add_small(parser: argparse.ArgumentParser, side: int) -> None:
    """Declares a run that only shows whether all works, on pictures of so many pixels."""
    parser.add_argument(
        "--small",
        action="store_true",
        help=f"tiny networks on pictures of {side} pixels: only whether all runs",
    )


def add_plain(parser: argparse.ArgumentParser, cost: str) -> None:
    """Declares whether the plain form is among the cases, and what that costs."""
    parser.add_argument(
        "--plain",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=f"also the plain form, {cost} (default: on)",
    )


def check_run_flags(args: argparse.Namespace) -> None:
    """Refuses flags that cannot work, before anything is timed.

    Raises:
      ValueError: a number out of its range, ``--against`` is no such file, or flags that
        do not go together.
      FileNotFoundError: there is no ``--against``.
      OSError: ``--out`` cannot be written.
    """
    if args.rounds is not None:
        check_number("--rounds", args.rounds, 1, 1000)
    for batch in getattr(args, "batches", ()):
        check_number("--batches", batch, 1, 1024)
    for number in args.matmul or ():
        check_number("--matmul", number, 1, 1 << 20)
    if args.out is not None:
        check_file(args.out)
    check_chips(args)
    if args.against is not None:
        from face_jax.bench.results import read

        read(args.against)


def run_bench(args: argparse.Namespace, cases: Iterable["Case"]) -> "Measurement":
    """Times cases as the flags say, prints the table and writes the file.

    Args:
      args: with the flags of ``add_run_flags``, checked.
      cases: what to time.

    Raises:
      ValueError: two cases of a group have the same name.
    """
    from face_jax.bench.measuring import measure
    from face_jax.bench.results import read, write
    from face_jax.bench.tables import measurement_table
    from face_jax.cli.progress import Progress
    from face_jax.tables import to_markdown

    rounds = args.rounds or DEFAULT_ROUNDS
    before = None if args.against is None else read(args.against)
    with Progress(rounds, "rounds") as progress:
        measurement = measure(
            cases,
            rounds,
            matmul_shape=args.matmul,
            matmul_dtype=getattr(args, "dtype", "float32"),
            compiled=_tell,
            progress=progress.update,
        )
    if args.out is not None:
        write(measurement, args.out)
    print(to_markdown(measurement_table(measurement, before)))
    if before is not None:
        then = before.conditions
        print(f"before: {then['date']}, {then['device']} ({then['machine']})")
    return measurement


def _tell(timing: "CaseTiming") -> None:
    from face_jax.bench.tables import full_name

    seconds = timing.lower_seconds + timing.compile_seconds
    log.info("%s: compiled in %.1f s", full_name(timing), seconds)
