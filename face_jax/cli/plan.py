"""``face-jax plan``: what a training step would cost on chips that are not here."""

import argparse
from pathlib import Path

from face_jax.cli.outputs import check_folder, check_number
from face_jax.cli.run_flags import add_config

DESCRIPTION = """\
Compiles the training step of a config ahead of time for a topology of TPUs that is not
here, and reads from the program what a chip would hold, compute, read and send: whether
it fits, what goes between chips over which axis of the mesh, and how long a step takes at
least at the chips' published peaks. Nothing is computed, and neither data nor weights are
needed. `pip install 'face-jax[plan]'` (Linux) brings the compiler of TPUs; without it
emulated CPU devices stand in, and what only that compiler knows stays open."""
EPILOG = """examples:
  face-jax plan --config configs/fsrt/vox256.py:random_weights --topology v5e:16x16 \\
      --rows-per-chip 3
  face-jax plan --config configs/fsrt/scaled.py --topology v5e:16x16 \\
      --mesh 256,1,1 64,4,1 32,8,1 --batch-size 256 --out sweep
  face-jax plan --config configs/latent_ofer/pipeline.py --stage recognizer \\
      --topology v5e:16x16 v5p:4x4x4 --mesh=-1,4,1 --rows-per-chip 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_config(
        parser, "such as task.networks.remat=true, or of a stage: stages.NAME.task...."
    )
    parser.add_argument(
        "--stage", metavar="NAME", help="which one, where the config has stages"
    )
    parser.add_argument(
        "--topology",
        nargs="+",
        default=["v5e:16x16"],
        metavar="NAME",
        help="generation and grid: v5e:16x16 (default), v5p:4x4x4, v6e:16x16, v4:4x4x4",
    )
    parser.add_argument(
        "--mesh",
        nargs="+",
        default=["-1,1,1"],
        metavar="D,F,T",
        help="sizes of data, fsdp and tensor, each mesh a line of the table; one size "
        "may be -1 for what is left (default: -1,1,1; write --mesh=-1,4,1)",
    )
    rows = parser.add_mutually_exclusive_group()
    rows.add_argument(
        "--batch-size",
        type=int,
        metavar="N",
        help="rows of the global batch (default: the config's)",
    )
    rows.add_argument(
        "--rows-per-chip", type=int, metavar="N", help="the same, as rows for each chip"
    )
    parser.add_argument(
        "--at",
        type=int,
        nargs="+",
        default=[0],
        metavar="STEP",
        help="iterations of the run; later ones may be of other phases (default: 0)",
    )
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="compile with as much effort as a run: three times as long, for a program "
        "that needs about a tenth less memory",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for plan.md, plan.json and plan.svg",
    )


def main(args: argparse.Namespace) -> int:
    """Plans and prints tables; returns the exit status.

    Raises:
      ValueError: a number out of its range, a topology or mesh that does not exist, or a
        config that is not consistent.
      FileNotFoundError: there is no such config.
      OSError: ``--out`` cannot be written.
    """
    for value in args.at:
        check_number("--at", value, 0, 1 << 31)
    for name in ("batch_size", "rows_per_chip"):
        if getattr(args, name) is not None:
            flag = f"--{name.replace('_', '-')}"
            check_number(flag, getattr(args, name), 1, 1 << 31)
    if args.out is not None:
        check_folder(args.out)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    import jax

    from face_jax.cli.plan_report import print_plans, write_plans
    from face_jax.cli.plans import make_plans, parse_meshes
    from face_jax.cli.step_costs import stage_config
    from face_jax.train.topologies import emulate, has_compiler

    # The compiler needs no chip, and others are not used.
    jax.config.update("jax_platforms", "cpu")
    if not has_compiler():
        emulate(args.topology)
    plans = make_plans(
        stage_config(args.config, args.set, args.stage),
        args.topology,
        parse_meshes(args.mesh),
        args.at,
        args.batch_size,
        args.rows_per_chip,
        quick=not args.thorough,
    )
    title = " ".join(filter(None, (args.config, args.stage, *args.set)))
    print_plans(title, plans)
    if args.out is not None:
        write_plans(title, plans, args.out)
    return 0
