"""``face-jax bench render``: how fast this machine draws heads."""

import argparse
import json
import platform
from pathlib import Path

from face_jax.cli.outputs import check_file, check_number

DESCRIPTION = """\
Times the renderer on this machine: which face every pixel sees, rasterization and the
shaded picture, with and without gradients, of a whole head and of its face, one and
eight at a time; against the dense oracle of the same library, which tests every pixel
against every face. All cases run in turn, several rounds, and the fastest time counts,
so that a busy machine disturbs all alike."""
EPILOG = """examples:
  face-jax bench render
  face-jax bench render --rounds 10 --out bench.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument(
        "--head",
        default="procedural",
        metavar="NAME|FILE",
        help="head model (default: procedural)",
    )
    parser.add_argument(
        "--size",
        type=int,
        default=224,
        metavar="PIXELS",
        help="side of the pictures (default: 224)",
    )
    parser.add_argument(
        "--batches",
        type=int,
        nargs="+",
        default=[1, 8],
        metavar="N",
        help="heads at a time; 1 is always among them (default: 1 8)",
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="rounds (default: 5)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="also write all times there, as JSON"
    )


def main(args: argparse.Namespace) -> int:
    """Times and prints a table; returns the exit status.

    Raises:
      ValueError: a number out of its range, or a head that has no face.
      OSError: there is no such head model, or ``--out`` cannot be written.
    """
    check_number("--rounds", args.rounds, 1, 1000)
    check_number("--size", args.size, 1, 4096)
    for batch in args.batches:
        check_number("--batches", batch, 1, 1024)
    if args.out is not None:
        check_file(args.out)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    import jax

    from face_jax.cli.progress import Progress
    from face_jax.heads.library import head
    from face_jax.render.benchmark import cases, measure, timing_table
    from face_jax.tables import to_markdown

    size = (args.size, args.size)
    batches = sorted({1, *args.batches})
    found = list(cases(head(args.head), size, batches))
    with Progress(args.rounds, "rounds") as progress:
        timings = measure(found, args.rounds, repeats=10, progress=progress.update)
    device = jax.devices()[0]
    print(f"{device.device_kind}, {platform.machine()}, JAX {jax.__version__}, {size}")
    print(to_markdown(timing_table(found, timings)))
    if args.out is not None:
        records = [
            {
                "stage": case.stage,
                "part": case.part,
                "faces": case.faces,
                "batch": case.batch,
                "dense": case.dense,
                "wall_seconds": list(timing.wall),
                "cpu_seconds": list(timing.cpu),
            }
            for case, timing in zip(found, timings, strict=True)
        ]
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(records, indent=1), encoding="utf-8")
    return 0
