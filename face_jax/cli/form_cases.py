"""Fast or folded networks beside the plain ones: the same cases in two groups."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from face_jax.bench.cases import Case
from face_jax.bench.results import CaseTiming, Measurement
from face_jax.tables import Cell, Table, to_markdown

PLAIN = " plain"
"""Ends the name of the group of plain cases."""
HEADER = (
    "",
    "ms",
    "plain, ms",
    "times faster",
    "CPU ms",
    "plain, CPU ms",
    "times less",
    "of matmul, %",
    "plain, of matmul, %",
)


def both_forms(
    group: str,
    name: str,
    function: Callable[..., Any],
    models: Sequence[Any],
    *given: Any,
    pictures: int | None = None,
) -> Iterator[Case]:
    """The case of a folded and of a plain model.

    Args:
      group: of the folded one.
      name: of both.
      function: of a model and what is given.
      models: the folded and the plain one.
      *given: arrays.
      pictures: see ``Case``.
    """
    for model, ending in zip(models, ("", PLAIN), strict=True):
        arguments = (model, *given)
        yield Case(name, function, arguments, f"{group}{ending}", pictures=pictures)


def in_forms(cases: Iterable[Case], plain: bool) -> Iterator[Case]:
    """All cases, or those alone that are not of the plain form.

    Args:
      cases: of ``both_forms`` and others.
      plain: whether the plain ones are among them.
    """
    return (case for case in cases if plain or not case.group.endswith(PLAIN))


def forms_table(measurement: Measurement, group: str, form: str = "folded") -> Table:
    """How many times faster folded networks are than plain ones.

    Args:
      measurement: of the cases of ``both_forms``; others may be among them.
      group: of the folded ones.
      form: what the ones that are not plain are called.

    Returns:
      One row for each case: its times by the clock and of all threads together, which a
      load on the machine disturbs less, and shares of the matrix product's FLOP/s.
    """
    plain = {c.name: c for c in measurement.cases if c.group == f"{group}{PLAIN}"}
    rows: list[list[Cell]] = [
        [case.name, *_compared(measurement, case, plain[case.name])]
        for case in measurement.cases
        if case.group == group and case.name in plain
    ]
    return Table(f"{group}: {form} beside plain", HEADER, rows)


def print_forms(measurement: Measurement, group: str, form: str = "folded") -> None:
    """Prints ``forms_table``, whose arguments it takes, where there is anything in it."""
    table = forms_table(measurement, group, form)
    if table.rows:
        print(to_markdown(table))


def _compared(
    measurement: Measurement, case: CaseTiming, plain: CaseTiming
) -> list[Cell]:
    cells: list[Cell] = []
    for ours, theirs in (
        (case.seconds, plain.seconds),
        (case.cpu_seconds, plain.cpu_seconds),
    ):
        # Of the same rounds, so that both have seen the same machine.
        pairs = zip(theirs, ours, strict=True)
        ratio = statistics.median(slow / fast for slow, fast in pairs)
        medians = (1e3 * statistics.median(times) for times in (ours, theirs))
        cells += [*medians, ratio]
    shares = (measurement.share(each) for each in (case, plain))
    return [*cells, *(None if share is None else 100 * share for share in shares)]
