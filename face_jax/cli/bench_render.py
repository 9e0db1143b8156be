"""``face-jax bench render``: how fast this machine draws heads."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from face_jax.cli.bench_chips import plan_bench
from face_jax.cli.bench_run import (
    add_batches,
    add_head,
    add_run_flags,
    check_run_flags,
    run_bench,
)
from face_jax.cli.outputs import check_number

if TYPE_CHECKING:
    from face_jax.bench.cases import Case

DESCRIPTION = """\
Times the renderer on this machine: which face every pixel sees, rasterization and the
shaded picture, with and without gradients, of a whole head and of its face, one and
eight at a time; against the dense oracle of the same library, which tests every pixel
against every face."""
EPILOG = """examples:
  face-jax bench render
  face-jax bench render --rounds 10 --out bench.json
  face-jax bench render --against bench.json
  face-jax bench render --batches 64 --chips v5e v6e
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_head(parser)
    parser.add_argument(
        "--size",
        type=int,
        default=224,
        metavar="PIXELS",
        help="side of the pictures (default: 224)",
    )
    add_batches(
        parser, "heads at a time; 1 is always among them where times are taken", (1, 8)
    )
    add_run_flags(parser)


def cases(args: argparse.Namespace) -> Iterator["Case"]:
    """What is timed: the renderer's stages, and the oracle's.

    Args:
      args: the command line.

    Raises:
      ValueError: a head that has no face.
      OSError: there is no such head model.
    """
    from face_jax.cli.render_cases import render_cases
    from face_jax.heads.library import head

    # The oracle, which times are compared with, draws one head at a time.
    batches = sorted({*args.batches} if args.chips else {1, *args.batches})
    return render_cases(head(args.head), (args.size, args.size), batches)


def main(args: argparse.Namespace) -> int:
    """Times and prints tables; returns the exit status.

    Raises:
      ValueError: a number out of its range, or a head that has no face.
      OSError: there is no such head model, or ``--out`` cannot be written.
    """
    check_run_flags(args)
    check_number("--size", args.size, 1, 4096)
    if args.chips:
        return plan_bench(args, cases)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    from face_jax.cli.render_cases import oracle_table
    from face_jax.tables import to_markdown

    measurement = run_bench(args, cases(args))
    print(to_markdown(oracle_table(measurement)))
    return 0
