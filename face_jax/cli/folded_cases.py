"""Folded networks beside the plain ones: the same cases in two groups."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from face_jax.bench.cases import Case
from face_jax.bench.results import Measurement
from face_jax.tables import Cell, Table

PLAIN = " plain"
"""Ends the name of the group of plain cases."""


def both_forms(
    group: str,
    name: str,
    function: Callable[..., Any],
    models: Sequence[Any],
    *given: Any,
) -> Iterator[Case]:
    """The case of a folded and of a plain model.

    Args:
      group: of the folded one.
      name: of both.
      function: of a model and what is given.
      models: the folded and the plain one.
      *given: arrays.
    """
    for model, ending in zip(models, ("", PLAIN), strict=True):
        yield Case(name, function, (model, *given), f"{group}{ending}")


def forms_table(measurement: Measurement, group: str, form: str = "folded") -> Table:
    """How many times faster folded networks are than plain ones.

    Args:
      measurement: of the cases of ``both_forms``; others may be among them.
      group: of the folded ones.
      form: what the ones that are not plain are called.

    Returns:
      One row for each case; the ratio is the median of those of the rounds.
    """
    plain = {c.name: c for c in measurement.cases if c.group == f"{group}{PLAIN}"}
    rows: list[list[Cell]] = []
    for case in measurement.cases:
        if case.group == group and case.name in plain:
            other = plain[case.name]
            ratio = measurement.matmul_flops(other) / measurement.matmul_flops(case)
            shares = [measurement.share(each) for each in (case, other)]
            percent = [None if share is None else 100 * share for share in shares]
            rows.append([case.name, 1e3 * case.median, 1e3 * other.median, ratio])
            rows[-1] += percent
    header = (
        "",
        "ms",
        "plain, ms",
        "times faster",
        "of matmul, %",
        "plain, of matmul, %",
    )
    return Table(f"{group}: {form} beside plain", header, rows)
