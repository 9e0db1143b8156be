"""What was measured, on what machine, and the file that keeps it."""

import dataclasses
import datetime
import json
import os
import platform
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from face_jax.versions import versions

FORMAT = "face_jax bench 1"
"""First field of the file: what it is, and its version."""


@dataclasses.dataclass(frozen=True)
class CaseTiming:
    """A case that was compiled and, once it has run, its times.

    Attributes:
      name: what it is called.
      group: what it belongs to.
      flops: floating-point operations of one run; 0 where it has no products.
      lower_seconds: to trace it and to lower it to StableHLO.
      compile_seconds: that XLA compiled it.
      planned_bytes: memory of one device as XLA plans it; None where unknown.
      resident_growth_bytes: by how much the process grew while it ran; None where unknown,
        as on accelerators.
      seconds: [rounds] of one run by the clock, the median of each round.
      cpu_seconds: [rounds] of one run, all threads of the process together.
    """

    name: str
    group: str
    flops: float
    lower_seconds: float
    compile_seconds: float
    planned_bytes: int | None
    resident_growth_bytes: int | None
    seconds: tuple[float, ...] = ()
    cpu_seconds: tuple[float, ...] = ()

    @property
    def median(self) -> float:
        """Seconds of a run in the median round."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Slowest round minus fastest, as a share of the median."""
        return (max(self.seconds) - min(self.seconds)) / self.median


@dataclasses.dataclass(frozen=True)
class Measurement:
    """All cases of an interleaved run.

    Attributes:
      conditions: date, versions, device and cores, see ``conditions``.
      device_peak_bytes: the largest memory that an accelerator has had in this process, all
        cases and their arguments together; None on CPUs.
      matmul: the product that ran among them.
      cases: in the order they ran in.
    """

    conditions: Mapping[str, Any]
    device_peak_bytes: int | None
    matmul: CaseTiming
    cases: tuple[CaseTiming, ...]

    def matmul_flops(self, case: CaseTiming) -> float:
        """Floating-point operations that the product does in the time of one run.

        The median of the rounds' own ratios: a load on the machine, which may change from
        round to round, slows both alike.
        """
        pairs = zip(case.seconds, self.matmul.seconds, strict=True)
        return self.matmul.flops * statistics.median(ours / its for ours, its in pairs)

    def share(self, case: CaseTiming) -> float | None:
        """The case's FLOP/s over the product's; None where it has no products."""
        return case.flops / self.matmul_flops(case) if case.flops else None


def conditions() -> dict[str, Any]:
    """Date (UTC), versions, device and number of cores of this run."""
    device = jax.devices()[0]
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "platform": device.platform,
        "device": device.device_kind,
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
    }


def write(measurement: Measurement, path: Path) -> None:
    """Writes a measurement as JSON; folders above are made.

    Raises:
      OSError: it cannot be written.
    """
    write_record({"format": FORMAT, **dataclasses.asdict(measurement)}, path)


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Writes JSON-like data, all of it or nothing; folders above are made.

    Raises:
      OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def read(path: Path) -> Measurement:
    """Reads what ``write`` wrote.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it is not such a file.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: expected the JSON of a bench, {error}") from None
    found = record.pop("format", None) if isinstance(record, dict) else None
    if found != FORMAT:
        raise ValueError(f"{path}: expected format {FORMAT!r}, got {found!r}")
    try:
        cases = tuple(_timing(case) for case in record.pop("cases"))
        return Measurement(matmul=_timing(record.pop("matmul")), cases=cases, **record)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: fields of a bench are wrong: {error}") from None


def _timing(record: Mapping[str, Any]) -> CaseTiming:
    times = {name: tuple(record[name]) for name in ("seconds", "cpu_seconds")}
    return CaseTiming(**{**record, **times})
