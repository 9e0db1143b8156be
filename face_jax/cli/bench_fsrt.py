"""``face-jax bench fsrt``: how fast this machine drives faces, and how cost grows."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.cli.bench_chips import plan_bench, platform_of
from face_jax.cli.bench_run import (
    add_plain,
    add_run_flags,
    add_small,
    check_run_flags,
    run_bench,
)
from face_jax.cli.outputs import check_file, check_number

if TYPE_CHECKING:
    from face_jax.bench.cases import Case

DESCRIPTION = """\
Times FSRT on this machine, at the published sizes and with random weights: keypoints and
expression of a frame, the encoding of an identity, the decoding of a picture, and loss
and gradient of a training step; each as the library computes it, and beside it in the
plain form, as it is defined; and pictures in, pictures out, as a clip is reenacted."""
PARTS = ("describe", "encode", "decode", "reenact", "train")
EPILOG = """examples:
  face-jax bench fsrt
  face-jax bench fsrt --parts decode --sides 256 --no-plain --matmul 65536 1536 1536
  face-jax bench fsrt --parts encode decode --sources 1 2 4 --sides 64 128 192 256 \\
      --no-plain --growth growth.svg
  face-jax bench fsrt --parts reenact --sides 256 --frames 8 --dtype bfloat16
  face-jax bench fsrt --parts reenact --sides 256 --frames 8 --dtype bfloat16 \\
      --no-plain --chips v5e v6e
  face-jax bench fsrt --small
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        help="what to time (default: all)",
    )
    add_plain(parser, "which a picture of 256 pixels takes 10 GB")
    parser.add_argument(
        "--sources",
        type=int,
        nargs="+",
        default=[1],
        metavar="N",
        help="source pictures of an identity (default: 1)",
    )
    parser.add_argument(
        "--sides",
        type=int,
        nargs="+",
        default=[64],
        metavar="PIXELS",
        help="sides of decoded pictures; the published one is 256 (default: 64)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=1,
        metavar="N",
        help="driving frames that are described and decoded together (default: 1)",
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=2,
        metavar="N",
        help="items of a training batch (default: 2)",
    )
    parser.add_argument(
        "--queries",
        type=int,
        default=1024,
        metavar="N",
        help="query pixels of an item in training (default: 1024)",
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16"),
        default="float32",
        help="what encoder and decoder compute in, and the matrix product that speeds "
        "are shares of (default: float32)",
    )
    parser.add_argument(
        "--decoder",
        choices=("large", "small"),
        default="large",
        help="which of the two published decoders (default: large)",
    )
    add_small(parser, 32)
    parser.add_argument(
        "--growth",
        type=Path,
        metavar="FILE.svg",
        help="draw there how time grows with queries and sources, and memory with the "
        "length of a driving clip, which is measured too",
    )
    add_run_flags(parser)


def cases(args: argparse.Namespace) -> Iterator["Case"]:
    """What is timed, fast and plain.

    Args:
      args: the command line.
    """
    from face_jax.cli.form_cases import in_forms
    from face_jax.cli.fsrt_cases import Sizes, fsrt_cases

    sizes = Sizes(args.sources, args.sides, args.frames, args.rows, args.queries)
    found = fsrt_cases(args.parts, sizes, _networks(args), platform_of(args))
    return in_forms(found, args.plain)


def main(args: argparse.Namespace) -> int:
    """Times and prints tables; returns the exit status.

    Raises:
      ValueError: a number out of its range.
      OSError: ``--out`` or ``--growth`` cannot be written.
    """
    _check(args)
    if args.chips:
        return plan_bench(args, cases)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    from face_jax.cli.form_cases import print_forms
    from face_jax.cli.fsrt_cases import GROUP
    from face_jax.tables import to_markdown

    measurement = run_bench(args, cases(args))
    print_forms(measurement, GROUP, "fast")
    if args.growth is not None:
        from face_jax.cli.fsrt_growth import clip_memory, growth_table, plot_growth

        memory = clip_memory(_networks(args))
        print(to_markdown(growth_table(memory)))
        args.growth.parent.mkdir(parents=True, exist_ok=True)
        args.growth.write_bytes(plot_growth(measurement, memory))
    return 0


def _networks(args: argparse.Namespace) -> dict[str, Any]:
    from face_jax.cli.fsrt_cases import SMALL

    decoder = {"small_decoder": args.decoder == "small"}
    return {**decoder, **(SMALL if args.small else {}), "dtype": args.dtype}


def _check(args: argparse.Namespace) -> None:
    check_run_flags(args)
    for count in args.sources:
        check_number("--sources", count, 1, 64)
    for side in args.sides:
        check_number("--sides", side, 1, 4096)
    check_number("--frames", args.frames, 1, 1024)
    check_number("--rows", args.rows, 1, 1024)
    side = 32 if args.small else 256
    check_number("--queries", args.queries, 1, side * side)
    if args.growth is not None:
        check_file(args.growth, "--growth")
