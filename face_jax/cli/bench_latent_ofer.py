"""``face-jax bench latent-ofer``: how fast this machine recognises covered faces."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from face_jax.cli.bench_chips import plan_bench
from face_jax.cli.bench_run import (
    add_batches,
    add_plain,
    add_run_flags,
    add_small,
    check_run_flags,
    run_bench,
)

if TYPE_CHECKING:
    from face_jax.bench.cases import Case

DESCRIPTION = """\
Times Latent-OFER on this machine: finding what is covered, reconstructing it and
recognising the expression, and its parts, at the published sizes and with random weights;
folded, as models are loaded, beside the plain form. The plain recogniser alone takes
2 GB."""
EPILOG = """examples:
  face-jax bench latent-ofer
  face-jax bench latent-ofer --batches 16 --parts pipeline --out bench.json
  face-jax bench latent-ofer --batches 16 --parts pipeline --no-plain --chips v5e v6e
  face-jax bench latent-ofer --small
"""


PARTS = ("pipeline", "generator", "recogniser", "assembly")
"""What can be timed: all stages, the two networks that folding changes most, and the
layer that fills holes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_batches(parser, "pictures at a time", (1, 16))
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=PARTS,
        help=f"what to time (default: {' '.join(PARTS)})",
    )
    add_plain(parser, "whose recogniser alone takes 2 GB")
    add_small(parser, 64)
    add_run_flags(parser)


def cases(args: argparse.Namespace) -> Iterator["Case"]:
    """What is timed, folded and plain.

    Args:
      args: the command line.
    """
    from face_jax.cli.form_cases import in_forms
    from face_jax.cli.latent_ofer_cases import latent_ofer_cases

    found = latent_ofer_cases(args.batches, args.small, args.parts)
    return in_forms(found, args.plain)


def main(args: argparse.Namespace) -> int:
    """Times and prints tables; returns the exit status.

    Raises:
      ValueError: a number out of its range.
      OSError: ``--out`` cannot be written.
    """
    check_run_flags(args)
    if args.chips:
        return plan_bench(args, cases)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    from face_jax.cli.form_cases import print_forms
    from face_jax.cli.latent_ofer_cases import GROUP

    measurement = run_bench(args, cases(args))
    print_forms(measurement, GROUP)
    return 0
