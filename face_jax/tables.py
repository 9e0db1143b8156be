"""Small tables as text: Markdown for files and terminals, HTML for pages."""

import dataclasses
import html
import math
from collections.abc import Sequence

Cell = str | float | int | None
"""Text, a number, or None for an empty cell."""


@dataclasses.dataclass(frozen=True)
class Table:
    """A titled table; the first column names the rows, the others hold numbers.

    Attributes:
      title: one line saying what the numbers are, with their unit.
      header: names of the columns.
      rows: cells, as many in each row as there are columns.
      emphasized: index of a row to set off, such as our own result; None for none.
      decimals: digits after the point of every float.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    emphasized: int | None = None
    decimals: int = 2

    def text(self, cell: Cell) -> str:
        """One cell as it is printed; an empty or undefined one is a dash."""
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return "-"
        return f"{cell:.{self.decimals}f}" if isinstance(cell, float) else str(cell)


def to_markdown(table: Table) -> str:
    """The table in Markdown, columns padded so that it also reads in a terminal."""
    cells = [list(table.header)]
    cells += [[table.text(cell) for cell in row] for row in table.rows]
    if table.emphasized is not None:
        row = cells[table.emphasized + 1]
        row[:] = [f"**{cell}**" for cell in row]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(_padded(row, widths)) + " |" for row in cells]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (w - 1) + ":" for w in widths[1:])]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    return "\n".join([f"{table.title}", "", *lines, ""])


def to_html(table: Table) -> str:
    """The table as an HTML figure with its title as the caption."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.header)
    body = "\n".join(
        f"<tr{' class=ours' if index == table.emphasized else ''}>"
        + "".join(f"<td>{html.escape(table.text(cell))}</td>" for cell in row)
        + "</tr>"
        for index, row in enumerate(table.rows)
    )
    return (
        f"<figure class=table><figcaption>{html.escape(table.title)}</figcaption>"
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></figure>"
    )


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Cells of equal width: the first column to the left, numbers to the right."""
    return [row[0].ljust(widths[0])] + [
        cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
    ]
