"""``face-jax bench data``: how fast this machine makes a config's training items."""

import argparse
import dataclasses
import json
from pathlib import Path

from face_jax.cli.outputs import check_file, check_number
from face_jax.cli.run_flags import add_config

DESCRIPTION = """\
Times the input of a config's training: reading, decoding, cropping and resizing, with a
plain loop and with each number of worker processes; beside it what is left to the
device, colour changes and normalisation. With --step the training step is compiled and
timed too, and the share of it that waits for its input is told. Decoded pictures are not
kept, as those of a large data set are not."""
EPILOG = """examples:
  face-jax bench data --config configs/fsrt/vox256.py --set data.source=prepared_clips \\
      --set data.prepared_clips.path=data/clips
  face-jax bench data --config configs/smirk/synthetic80.py --stage encoders \\
      --workers 0 1 2 --step
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_config(parser, "such as data.clips.path=clips")
    parser.add_argument(
        "--stage", metavar="NAME", help="which one, where the config has stages"
    )
    parser.add_argument(
        "--workers",
        type=int,
        nargs="+",
        default=[0, 1, 2],
        metavar="N",
        help="numbers of worker processes (default: 0 1 2)",
    )
    parser.add_argument(
        "--batch-size", type=int, metavar="N", help="(default: the config's)"
    )
    parser.add_argument(
        "--batches",
        type=int,
        default=20,
        metavar="N",
        help="batches that are timed each way (default: 20)",
    )
    parser.add_argument(
        "--cache", action="store_true", help="keep decoded pictures as training does"
    )
    parser.add_argument(
        "--step", action="store_true", help="also time the training step"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="also write all figures there, as JSON"
    )


def main(args: argparse.Namespace) -> int:
    """Times and prints a table; returns the exit status.

    Raises:
      ValueError: a number out of its range, or a config that is not consistent.
      FileNotFoundError: there is no such config, or its data are not there.
      OSError: ``--out`` cannot be written.
    """
    check_number("--batches", args.batches, 1, 100_000)
    for count in args.workers:
        check_number("--workers", count, 0, 256)
    if args.batch_size is not None:
        check_number("--batch-size", args.batch_size, 1, 1 << 20)
    if args.out is not None:
        check_file(args.out)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    from data_pipelines import pipeline
    from face_jax.cli.input_speed import (
        device_seconds,
        input_speeds,
        speed_table,
        without_cache,
    )
    from face_jax.cli.step_costs import stage_config, step_costs
    from face_jax.cli.synthetic_data import ensure
    from face_jax.tables import to_markdown

    config = stage_config(args.config, args.set, args.stage)
    ensure(config.data)
    if not args.cache:
        config.data = without_cache(config.data)
    rows = args.batch_size or config.loader.batch_size
    step = None
    if args.step:
        (cost,) = step_costs(config, [rows], [0], steps=5)
        step = None if cost.timing is None else cost.timing.best
    speeds = input_speeds(config, rows, args.workers, args.batches)
    print(to_markdown(speed_table(args.config, speeds, step)))
    stream = pipeline.build(config.data, config.run.seed, rows)
    on_device = device_seconds(config.data.item, next(stream))
    print(
        f"on the device: colours and normalisation {1e3 * on_device:.1f} ms per batch, "
        f"{rows / on_device:.0f} items/s"
    )
    if step is not None:
        print(f"training step: {1e3 * step:.1f} ms")
    if args.out is not None:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        found = {
            "input": [dataclasses.asdict(speed) for speed in speeds],
            "device_seconds": on_device,
            "step_seconds": step,
        }
        args.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0
