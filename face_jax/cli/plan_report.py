"""Plans as tables, as JSON and as a plot."""

import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from face_jax.cli.outputs import complete_files
from face_jax.plots import LIGHT_PAGE_LINES
from face_jax.tables import Cell, Table, to_markdown
from face_jax.train.collectives import bytes_by_axes, gathered_activations
from face_jax.train.plan import LARGE, Plan

NOTHING = "none"
UNKNOWN = (
    "Without the compiler of these chips (libtpu, `pip install 'face-jax[plan]'`) it is "
    "not known what memory a step needs beside its state, what it moves, and so neither "
    "whether it fits nor how long it takes. What goes between chips is what the compiler "
    "of CPUs makes of it."
)


def print_plans(title: str, plans: Sequence[Plan]) -> None:
    """Prints the tables, and what is worth saying of them."""
    print(_text(title, plans))


def write_plans(title: str, plans: Sequence[Plan], folder: Path) -> None:
    """Writes ``plan.md``, ``plan.json`` and ``plan.svg``.

    Args:
      title: what was planned.
      plans: at least one.
      folder: where; made where needed.
    """
    records = [record(plan) for plan in plans]
    with complete_files(folder) as partial:
        (partial / "plan.md").write_text(_text(title, plans), encoding="utf-8")
        (partial / "plan.json").write_text(json.dumps(records, indent=1))
        (partial / "plan.svg").write_bytes(plot(title, plans))


def record(plan: Plan) -> dict[str, Any]:
    """A plan as JSON-like data; the collectives summed up by kind and axes."""
    costs = plan.costs
    sent = bytes_by_axes(costs.collectives) if costs else {}
    return {
        "topology": plan.topology.name,
        "compiler": plan.topology.compiler,
        "mesh": dict(plan.mesh),
        "rows": plan.rows,
        "phase": plan.phase,
        "fits": plan.fits,
        "memory_bytes": plan.memory_bytes,
        "chip_memory_bytes": plan.topology.chip.memory_bytes,
        "state_bytes": dict(plan.state_bytes),
        "whole_moments": list(plan.whole_moments),
        "flops": plan.flops,
        "chip_flops": costs.flops if costs else None,
        "chip_traffic_bytes": costs.traffic_bytes if costs else None,
        "chip_sent_bytes": {f"{kind} {axes}": n for (kind, axes), n in sent.items()},
        "seconds": plan.seconds,
        "bound": plan.bound,
        "utilisation": plan.utilisation,
        "compile_seconds": plan.compile_seconds,
    }


def plan_table(title: str, plans: Sequence[Plan]) -> Table:
    """A row for each plan."""
    header = (
        "topology",
        "mesh",
        "batch",
        "phase",
        "fits",
        "state, GiB",
        "all, GiB",
        "of the chip, %",
        "TFLOP",
        "memory, GB",
        "sent, MB",
        "ms at least",
        "bound by",
        "of bf16 peak, %",
    )
    return Table(title, header, [_row(plan) for plan in plans])


def collective_table(plans: Sequence[Plan]) -> Table:
    """What a chip sends in a step, by kind and axis."""
    rows: list[list[Cell]] = []
    for plan in plans:
        found = plan.costs.collectives if plan.costs else ()
        for (kind, axes), size in bytes_by_axes(found).items():
            count = sum(
                one.times
                for one in found
                if (one.kind, "+".join(one.axes)) == (kind, axes)
            )
            rows.append([*_first(plan), kind, axes, count, size / 1e6])
    header = ("topology", "mesh", "batch", "phase", "kind", "over", "times", "MB")
    return Table("What a chip sends to others in a step", header, rows)


def notes(plan: Plan) -> list[str]:
    """What is wrong with a plan, in sentences."""
    where = f"{plan.topology.name} as {_mesh(plan)}, {plan.phase}"
    found = []
    if plan.fits is False:
        state = sum(plan.state_bytes.values())
        what = "its state" if 2 * state > (plan.memory_bytes or 0) else "activations"
        found.append(f"{where}: does not fit; most of it is {what}")
    if plan.whole_moments:
        listed = ", ".join(plan.whole_moments[:3])
        found.append(f"{where}: whole on every chip are the moments {listed}")
    if plan.costs is None:
        return found
    for one in gathered_activations(
        plan.costs.collectives, plan.parameter_elements, LARGE
    ):
        shapes = ", ".join(f"{s.dtype}{list(s.dimensions)}" for s in one.results[:3])
        axes = "+".join(one.axes)
        found.append(f"{where}: {one.kind} over {axes} of {shapes}, from {one.source}")
    if plan.costs.unknown_loops:
        found.append(f"{where}: {plan.costs.unknown_loops} loops are counted once")
    return found


def plot(title: str, plans: Sequence[Plan]) -> bytes:
    """Memory of a chip and time of a step, plan by plan, as SVG."""
    from matplotlib.figure import Figure  # here: it costs half a second to import

    figure = Figure(figsize=(9.0, 1.4 + 0.34 * len(plans)), layout="constrained")
    memory, time = figure.subplots(1, 2, sharey=True)
    labels = [" ".join(map(str, _first(plan))) for plan in plans]
    places = range(len(plans))
    state = [sum(plan.state_bytes.values()) / 2**30 for plan in plans]
    rest = [
        max((plan.memory_bytes or 0) / 2**30 - n, 0)
        for plan, n in zip(plans, state, strict=True)
    ]
    memory.barh(places, state, color=LIGHT_PAGE_LINES[1], label="state")
    memory.barh(places, rest, left=state, color=LIGHT_PAGE_LINES[0], label="the rest")
    limits = [plan.topology.chip.memory_bytes / 2**30 for plan in plans]
    memory.scatter(limits, places, color=LIGHT_PAGE_LINES[2], marker="|", s=160,
                   label="chip")  # fmt: skip
    memory.set_yticks(places, labels, fontsize="small")
    memory.set_xlabel("memory of a chip, GiB")
    for color, name in zip(
        LIGHT_PAGE_LINES[1:], ("compute", "memory", "network"), strict=True
    ):
        times = [_milliseconds(plan, name) for plan in plans]
        time.scatter(times, places, color=color, label=name, s=28)
    time.set_xlabel("at the chip's peak, ms")
    memory.invert_yaxis()
    for axes in (memory, time):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, axis="x")
        axes.legend(frameon=False, fontsize="x-small")
    figure.suptitle(title, fontsize="small")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    return buffer.getvalue()


def _text(title: str, plans: Sequence[Plan]) -> str:
    compilers = dict.fromkeys(plan.topology.compiler for plan in plans)
    parts = [f"Compiled by {', '.join(compilers)} from JAX {jax.__version__}\n"]
    parts += [to_markdown(plan_table(title, plans))]
    table = collective_table(plans)
    if table.rows:
        parts.append(to_markdown(table))
    lines = [f"- {note}" for plan in plans for note in notes(plan)]
    if not all(plan.topology.exact for plan in plans):
        lines.append(UNKNOWN)
    return "\n".join([*parts, *lines])


def _row(plan: Plan) -> list[Cell]:
    costs, chip = plan.costs, plan.topology.chip
    memory, seconds = plan.memory_bytes, plan.seconds
    traffic = costs.traffic_bytes if costs else None
    share = plan.utilisation
    return [
        *_first(plan),
        {True: "yes", False: "no", None: None}[plan.fits],
        sum(plan.state_bytes.values()) / 2**30,
        None if memory is None else memory / 2**30,
        None if memory is None else 100 * memory / chip.memory_bytes,
        costs.flops / 1e12 if costs else None,
        None if traffic is None else traffic / 1e9,
        costs.network_bytes / 1e6 if costs else None,
        None if seconds is None else 1e3 * seconds,
        plan.bound,
        None if share is None else 100 * share,
    ]


def _first(plan: Plan) -> list[Cell]:
    return [plan.topology.name, _mesh(plan), str(plan.rows), plan.phase]


def _mesh(plan: Plan) -> str:
    return "x".join(str(size) for size in plan.mesh.values())


def _milliseconds(plan: Plan, name: str) -> float:
    if plan.costs is None or not plan.topology.exact:
        return math.nan
    return 1e3 * plan.costs.seconds(plan.topology.chip)[name]
