"""``face-jax prepare templates``: expressions that SMIRK gives to other faces."""

import argparse
from pathlib import Path

from face_jax.cli.outputs import LARGEST_SEED, check_file, check_number

DESCRIPTION = """\
Draws faces that show happiness, sadness, surprise, fear, disgust, anger or nothing, and
writes their expression parameters, as templates for SMIRK's second path
(`--set task.templates=FILE`). Every class is one sequence in the file.

Those who have the published templates need no such file: task.templates takes their
folder too."""
EPILOG = """examples:
  face-jax prepare templates --out templates.npz
  face-jax prepare templates --head heads/ict.npz --per-class 500 --out ict.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE.npz", help="file to write"
    )
    parser.add_argument(
        "--head",
        default="procedural",
        metavar="NAME|FILE",
        help="the head that shows them (default: procedural)",
    )
    parser.add_argument(
        "--per-class",
        type=int,
        default=200,
        metavar="N",
        help="faces of each class (default: 200)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="what they are drawn from"
    )


def main(args: argparse.Namespace) -> int:
    """Draws the templates and writes them; returns the exit status.

    Raises:
      ValueError: an argument is wrong, or the head has no facial actions.
      OSError: there is no such head, or the file cannot be written.
    """
    from data_pipelines.synth.displays import draw_displays
    from face_jax.array_files import check_name, write_arrays
    from face_jax.heads.library import head

    check_name(args.out)
    check_file(args.out)
    check_number("--per-class", args.per_class, 1, 1_000_000)
    check_number("--seed", args.seed, 0, LARGEST_SEED)
    displays = draw_displays(head(args.head), args.per_class, args.seed)
    write_arrays(args.out, displays)
    width = next(iter(displays.values())).shape[1]
    print(
        f"{args.out}: {len(displays)} classes of {args.per_class} faces, "
        f"{width} expression parameters each"
    )
    return 0
