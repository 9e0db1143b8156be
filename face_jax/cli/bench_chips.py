"""``face-jax bench ... --chips``: what the cases would cost on chips that are not here."""

import argparse
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from face_jax.bench.cases import Case
    from face_jax.bench.planning import CasePlan

log = logging.getLogger("face_jax")

PLATFORM = "tpu"
"""What all chips are that can be compiled for."""
MEASURING = ("rounds", "matmul", "against", "growth")
"""Flags of what only a machine that runs the cases can do."""


def add_chips(parser: argparse.ArgumentParser) -> None:
    """Declares chips that are not here, and how programs are compiled for them."""
    parser.add_argument(
        "--chips",
        nargs="+",
        metavar="NAME",
        help="time nothing: compile every case for one chip of these generations of TPUs "
        "(v4, v5e, v5p, v6e), none of which need be here, and tell what it costs at least "
        "at the chip's published peaks; needs `pip install 'face-jax[plan]'`",
    )
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="with --chips: compile with as much effort as where the cases are run, which "
        "takes minutes and gigabytes for a case, for programs that move less",
    )


def platform_of(args: argparse.Namespace) -> str | None:
    """What cases are computed on: ``tpu`` where they are planned; None is this machine.

    Args:
      args: with the flag of ``add_chips``.
    """
    return PLATFORM if args.chips else None


def check_chips(args: argparse.Namespace) -> None:
    """Refuses chips that there are not, and flags that ask for times.

    Args:
      args: with the flag of ``add_chips``.

    Raises:
      ValueError: such a chip or flag, or the compiler of TPUs is not installed.
    """
    if not args.chips:
        if args.thorough:
            raise ValueError("--thorough: goes with --chips alone")
        return
    for name in MEASURING:
        if getattr(args, name, None) is not None:
            raise ValueError(
                f"--{name}: cannot go with --chips, which compiles and times nothing"
            )
    from face_jax.train.topologies import has_compiler, smallest_topology

    for chip in args.chips:
        smallest_topology(chip)
    if not has_compiler():
        raise ValueError(
            "--chips: expected libtpu, the compiler of TPUs, which is not installed: "
            "pip install 'face-jax[plan]' (Linux)"
        )


def plan_bench(
    args: argparse.Namespace,
    cases: Callable[[argparse.Namespace], Iterable["Case"]],
) -> int:
    """Plans cases for each chip, prints tables and writes the file.

    The file is written anew after each case: compilations may take minutes, and what was
    found is kept where a later one fails.

    Args:
      args: with the flags of ``add_run_flags``, checked.
      cases: of the command line; called when JAX knows that it uses no accelerator.

    Returns:
      The exit status.

    Raises:
      OSError: ``--out`` cannot be written.
    """
    import jax

    from face_jax.bench.plan_tables import print_plans, write_plans
    from face_jax.bench.planning import plan_case
    from face_jax.train.topologies import smallest_topology, topology

    # The compiler needs no chip, and others are not used.
    jax.config.update("jax_platforms", "cpu")
    chips = [topology(smallest_topology(name)) for name in dict.fromkeys(args.chips)]
    plans = []
    for case in cases(args):
        for chip in chips:
            plans.append(plan_case(case, chip, quick=not args.thorough))
            _tell(plans[-1])
            if args.out is not None:
                write_plans(plans, args.out)
    print_plans(plans)
    return 0


def _tell(plan: "CasePlan") -> None:
    from face_jax.bench.tables import full_name

    if plan.seconds is None:
        found = "does not fit"
    else:
        found = f"{1e3 * plan.seconds:.3g} ms at least"
    chip, took = plan.topology.chip.kind, plan.compile_seconds
    log.info("%s: compiled for %s in %.1f s, %s", full_name(plan), chip, took, found)
