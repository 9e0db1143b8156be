"""A measurement as a table, alone or beside an earlier one."""

from face_jax.bench.planning import CasePlan
from face_jax.bench.results import CaseTiming, Measurement
from face_jax.tables import Cell, Table

HEADER = (
    "",
    "ms",
    "spread, %",
    "CPU ms",
    "GFLOP",
    "GFLOP/s",
    "of matmul, %",
    "planned, MiB",
    "resident, MiB",
    "compile, s",
)


def title(measurement: Measurement) -> str:
    """Device, cores and versions, and how fast the product was, in one line."""
    found, matmul = measurement.conditions, measurement.matmul
    speed = matmul.flops / matmul.median / 1e9
    return (
        f"{found['device']} ({found['machine']}, {found['cores']} cores), "
        f"JAX {found['versions']['jax']}; {len(matmul.seconds)} rounds; "
        f"{matmul.name}: {speed:.0f} GFLOP/s"
    )


def measurement_table(
    measurement: Measurement, before: Measurement | None = None
) -> Table:
    """Times, speed and memory of all cases, one row each.

    Args:
      measurement: of a run.
      before: an earlier one; it adds how many times faster each case has become, measured
        in the time of the runs' own matrix products, so that machines of different load
        compare.
    """
    cases = (measurement.matmul, *measurement.cases)
    rows = [_row(measurement, case) for case in cases]
    header = list(HEADER)
    if before is not None:
        header.append("times faster")
        for row, case in zip(rows, cases, strict=True):
            row.append(times_faster(measurement, case, before))
    return Table(title(measurement), header, rows)


def times_faster(
    measurement: Measurement, case: CaseTiming, before: Measurement
) -> float | None:
    """Cost of a case before over its cost now, both in matrix products of their runs.

    None where the earlier run has no such case, and for the product itself.
    """
    key = (case.group, case.name)
    for earlier in before.cases:
        if (earlier.group, earlier.name) == key:
            return before.matmul_flops(earlier) / measurement.matmul_flops(case)
    return None


def full_name(case: CaseTiming | CasePlan) -> str:
    """Group and name."""
    return f"{case.group}: {case.name}" if case.group else case.name


def _row(measurement: Measurement, case: CaseTiming) -> list[Cell]:
    share = measurement.share(case)
    return [
        full_name(case),
        1e3 * case.median,
        100 * case.spread,
        1e3 * sorted(case.cpu_seconds)[len(case.cpu_seconds) // 2],
        case.flops / 1e9 if case.flops else None,
        case.flops / case.median / 1e9 if case.flops else None,
        None if share is None else 100 * share,
        _mebibytes(case.planned_bytes),
        _mebibytes(case.resident_growth_bytes),
        case.compile_seconds,
    ]


def _mebibytes(count: int | None) -> float | None:
    return None if count is None else count / 2**20
