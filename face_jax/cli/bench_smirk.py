"""``face-jax bench smirk``: how fast this machine sees and draws faces."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from face_jax.cli.bench_chips import plan_bench
from face_jax.cli.bench_run import (
    add_batches,
    add_head,
    add_plain,
    add_run_flags,
    add_small,
    check_run_flags,
    run_bench,
)

if TYPE_CHECKING:
    from face_jax.bench.cases import Case

DESCRIPTION = """\
Times SMIRK on this machine: what the encoders see in pictures, the meshes of faces, and
all from pictures to drawn faces, at the published sizes and with random weights; folded,
as models are loaded, beside the plain form."""
EPILOG = """examples:
  face-jax bench smirk
  face-jax bench smirk --head flame.npz --batches 1 64 --out bench.json
  face-jax bench smirk --batches 64 --no-plain --chips v5e v6e
  face-jax bench smirk --small
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_head(parser)
    add_batches(parser, "pictures at a time", (1, 8, 32))
    add_plain(parser, "beside the folded one")
    add_small(parser, 32)
    add_run_flags(parser)


def cases(args: argparse.Namespace) -> Iterator["Case"]:
    """What is timed, folded and plain.

    Args:
      args: the command line.

    Raises:
      FileNotFoundError: there is no such head.
      ValueError: the head is none that SMIRK can set.
    """
    from face_jax.cli.form_cases import in_forms
    from face_jax.cli.smirk_cases import smirk_cases

    found = smirk_cases(args.head, args.batches, args.small)
    return in_forms(found, args.plain)


def main(args: argparse.Namespace) -> int:
    """Times and prints tables; returns the exit status.

    Raises:
      ValueError: a number out of its range, or such a head.
      OSError: there is no such head model, or ``--out`` cannot be written.
    """
    check_run_flags(args)
    if args.chips:
        return plan_bench(args, cases)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    from face_jax.cli.form_cases import print_forms
    from face_jax.cli.smirk_cases import GROUP

    measurement = run_bench(args, cases(args))
    print_forms(measurement, GROUP)
    return 0
