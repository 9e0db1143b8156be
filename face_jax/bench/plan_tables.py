"""Planned cases as tables and as a file."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from face_jax.bench.planning import CasePlan
from face_jax.bench.results import write_record
from face_jax.bench.tables import full_name
from face_jax.tables import Cell, Table, to_markdown
from face_jax.train.topologies import Topology
from face_jax.versions import versions

FORMAT = "face_jax bench plan 1"
"""First field of the file: what it is, and its version."""
HEADER = (
    "",
    "ms at least",
    "bound by",
    "pictures/s at most",
    "GFLOP",
    "of bf16 peak at most, %",
    "moved, MB",
    "needed, MiB",
    "compile, s",
)
NOTE = (
    "Nothing was run. A time is what arithmetic or memory alone would take at the peaks "
    "that the chip's maker states, the other hidden behind it: this program takes longer."
)
QUICK_NOTE = (
    "The compiler was told to hurry. With --thorough it works as where a program is run, "
    "and programs move less."
)


def print_plans(plans: Sequence[CasePlan]) -> None:
    """Prints a table for each chip, and what is worth saying of it.

    Args:
      plans: of all chips.
    """
    for name in dict.fromkeys(plan.topology.name for plan in plans):
        found = [plan for plan in plans if plan.topology.name == name]
        print(to_markdown(plan_table(found)))
        print("".join(f"- {note}\n" for plan in found for note in notes(plan)))
    print(NOTE)
    if any(plan.quick for plan in plans):
        print(QUICK_NOTE)


def plan_table(plans: Sequence[CasePlan]) -> Table:
    """A row for each case.

    Args:
      plans: of one chip, at least one.
    """
    return Table(_title(plans[0].topology), HEADER, [_row(plan) for plan in plans])


def notes(plan: CasePlan) -> list[str]:
    """What a plan's row does not tell, in sentences."""
    found, case = [], full_name(plan)
    if plan.fits is False:
        needed, held = plan.memory_bytes or 0, plan.topology.chip.memory_bytes
        found.append(
            f"{case}: does not fit; it needs {needed / 2**30:.1f} GiB of {held / 2**30:g}"
        )
    if plan.costs is not None and plan.costs.unknown_loops:
        loops = plan.costs.unknown_loops
        found.append(
            f"{case}: loops whose length depends on the data, {loops} of them, are counted "
            "once"
        )
    return found


def write_plans(plans: Sequence[CasePlan], path: Path) -> None:
    """Writes all figures as JSON; folders above are made.

    Args:
      plans: of all chips.
      path: of the file.

    Raises:
      OSError: it cannot be written.
    """
    cases = [record(plan) for plan in plans]
    write_record({"format": FORMAT, "versions": versions(), "cases": cases}, path)


def record(plan: CasePlan) -> dict[str, Any]:
    """A plan as JSON-like data."""
    topology, costs = plan.topology, plan.costs
    return {
        "chip": dataclasses.asdict(topology.chip),
        "compiler": topology.compiler,
        "group": plan.group,
        "name": plan.name,
        "pictures": plan.pictures,
        "seconds": plan.seconds,
        "bound": plan.bound,
        "pictures_per_second": plan.pictures_per_second,
        "flops": plan.flops,
        "chip_flops": costs.flops if costs else None,
        "utilisation": plan.utilisation,
        "traffic_bytes": costs.traffic_bytes if costs else None,
        "unknown_loops": costs.unknown_loops if costs else None,
        "memory_bytes": plan.memory_bytes,
        "fits": plan.fits,
        "quick": plan.quick,
        "compile_seconds": plan.compile_seconds,
    }


def _title(topology: Topology) -> str:
    chip, generation = topology.chip, topology.name.partition(":")[0]
    return (
        f"One {chip.kind} ({generation}), {chip.peak / 1e12:g} TFLOP/s in bfloat16, "
        f"{chip.memory_bandwidth / 1e9:g} GB/s, {chip.memory_bytes / 2**30:g} GiB; "
        f"compiled by {topology.compiler} from JAX {versions()['jax']}"
    )


def _row(plan: CasePlan) -> list[Cell]:
    seconds, speed, share = plan.seconds, plan.pictures_per_second, plan.utilisation
    traffic = plan.costs.traffic_bytes if plan.costs else None
    return [
        full_name(plan),
        None if seconds is None else 1e3 * seconds,
        plan.bound,
        None if speed is None else round(speed),
        plan.flops / 1e9 if plan.flops else None,
        None if share is None or not plan.flops else 100 * share,
        None if traffic is None else traffic / 1e6,
        None if plan.memory_bytes is None else plan.memory_bytes / 2**20,
        plan.compile_seconds,
    ]
