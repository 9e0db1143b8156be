"""``face-jax bench train``: what a training step costs on this machine."""

import argparse
import dataclasses
import json
import platform
from pathlib import Path

from face_jax.cli.outputs import check_file, check_number
from face_jax.cli.run_flags import add_config

DESCRIPTION = """\
Compiles and times the training step of a config on the devices of this machine: step
time, examples per second, floating-point operations and the share of the device's
bfloat16 peak, and the memory that a device needs, batch size by batch size. Neither data
nor weights are needed: batches are made up and networks random. What the input costs is
not in it. Batches that need more memory than there is are told so."""
EPILOG = """examples:
  face-jax bench train --config configs/fsrt/vox256.py --batch-sizes 4 8 16
  face-jax bench train --config configs/fsrt/vox256.py --at 0 500000 \\
      --set task.networks.dtype=bfloat16
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_config(
        parser, "such as run.steps=500, or of a stage: stages.NAME.run.steps=500"
    )
    parser.add_argument(
        "--stage", metavar="NAME", help="which one, where the config has stages"
    )
    parser.add_argument(
        "--batch-sizes",
        type=int,
        nargs="+",
        metavar="N",
        help="rows of the global batch (default: the config's)",
    )
    parser.add_argument(
        "--at",
        type=int,
        nargs="+",
        default=[0],
        metavar="STEP",
        help="iterations of the run to time; later ones may be of other phases "
        "(default: 0)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=10,
        metavar="N",
        help="iterations of each of three rounds; the fastest round counts (default: 10)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="also write all figures there, as JSON"
    )


def main(args: argparse.Namespace) -> int:
    """Times and prints a table; returns the exit status.

    Raises:
      ValueError: a number out of its range, or a config that is not consistent.
      FileNotFoundError: there is no such config.
      OSError: ``--out`` cannot be written.
    """
    check_number("--steps", args.steps, 1, 10000)
    for name, values in (("--batch-sizes", args.batch_sizes), ("--at", args.at)):
        for value in values or ():
            check_number(name, value, 0 if name == "--at" else 1, 1 << 31)
    if args.out is not None:
        check_file(args.out)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    import jax

    from face_jax.cli.step_costs import cost_table, stage_config, step_costs
    from face_jax.tables import to_markdown

    config = stage_config(args.config, args.set, args.stage)
    costs = step_costs(config, args.batch_sizes, args.at, args.steps)
    device = jax.devices()[0]
    print(
        f"{jax.device_count()} x {device.device_kind}, {platform.machine()}, "
        f"JAX {jax.__version__}"
    )
    print(to_markdown(cost_table(args.config, costs)))
    if args.out is not None:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        records = [dataclasses.asdict(cost) for cost in costs]
        args.out.write_text(json.dumps(records, indent=1), encoding="utf-8")
    return 0
