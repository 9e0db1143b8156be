"""Plots of numbers as picture files: curves, histograms, confusion matrices."""

import contextlib
import dataclasses
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIGHT_PAGE_LINES = ("#9db4cc", "#0b6bcb", "#e8590c", "#2b8a3e")
DARK_PAGE_LINES = ("#5c6b80", "#6cb6ff", "#ffa94d", "#69db7c")
"""Colours of plotted lines, in order; the first is pale, for noisy curves."""
BINS = 40
"""Bars of a histogram."""


@dataclasses.dataclass(frozen=True)
class Panel:
    """One curve with its axes.

    Attributes:
      x_label: what is counted along the horizontal axis.
      y_label: what is measured.
      values: measured values by count.
    """

    x_label: str
    y_label: str
    values: Mapping[int, float]


def read_metrics(path: Path | str) -> list[dict[str, Any]]:
    """Reads the JSON lines that a training run writes; a torn last line is dropped."""
    records = []
    for line in Path(path).read_text().splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def plot_metrics(
    records: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    *,
    step_label: str = "training step",
    value_label: str = "",
    dark: bool = False,
    log_scale: bool = False,
    file_format: str = "svg",
) -> bytes:
    """Draws metrics over training steps, or over whatever is counted.

    Args:
      records: dictionaries with ``step`` and some of the names, as ``read_metrics``
        returns; a name without any value is left out.
      names: the metrics to draw, one line each.
      step_label: written at the horizontal axis.
      value_label: written at the vertical axis.
      dark: light lines for a dark page.
      log_scale: logarithmic vertical axis.
      file_format: "svg" or "png".

    Returns:
      The contents of the picture file, transparent background.
    """
    buffer = io.BytesIO()
    with _axes(buffer, file_format, dark=dark) as axes:
        for name in names:
            points = [(r["step"], r[name]) for r in records if r.get(name) is not None]
            if points:
                axes.plot(*zip(*points, strict=True), label=name, linewidth=1.4)
        axes.set_xlabel(step_label)
        axes.set_ylabel(value_label)
        axes.grid(alpha=0.25)
        if log_scale:
            axes.set_yscale("log")
        _add_legend(axes)
    return buffer.getvalue()


def plot_histograms(
    values: Mapping[str, Any],
    *,
    value_label: str,
    count_label: str = "frames",
    file_format: str = "svg",
) -> bytes:
    """Draws how often values occur, as outlines over one another.

    Args:
      values: arrays or lists of numbers by name; those that are not finite are left out, and names
        without any.
      value_label: written at the horizontal axis.
      count_label: written at the vertical axis.
      file_format: "svg" or "png".

    Returns:
      The contents of the picture file, transparent background.
    """
    finite = {name: np.asarray(v, np.float64) for name, v in values.items()}
    finite = {name: v[np.isfinite(v)] for name, v in finite.items()}
    finite = {name: v for name, v in finite.items() if v.size}
    together = np.concatenate([*finite.values(), np.zeros(0)])
    limits = (together.min(), together.max()) if together.size else (0.0, 1.0)
    buffer = io.BytesIO()
    with _axes(buffer, file_format) as axes:
        for name, numbers in finite.items():
            counts, edges = np.histogram(numbers, BINS, limits)
            axes.stairs(counts, edges, label=name, linewidth=1.4)
        axes.set_xlabel(value_label)
        axes.set_ylabel(count_label)
        axes.grid(alpha=0.25)
        _add_legend(axes)
    return buffer.getvalue()


def plot_panels(panels: Sequence[Panel], *, file_format: str = "svg") -> bytes:
    """Draws curves side by side; all axes begin at 0, so that proportions show.

    Args:
      panels: the curves; one without values is left empty.
      file_format: "svg" or "png".

    Returns:
      The contents of the picture file, transparent background.
    """
    buffer = io.BytesIO()
    size = (3.1 * len(panels), 2.6)
    with _figure(buffer, file_format, size) as figure:
        all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, panel in zip(all_axes, panels, strict=True):
            counts = sorted(panel.values)
            values = [panel.values[count] for count in counts]
            axes.plot(counts, values, marker="o", color=LIGHT_PAGE_LINES[1])
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0, top=1.15 * max(values, default=1) or 1)
            axes.set_xlabel(panel.x_label)
            axes.set_ylabel(panel.y_label)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.25)
    return buffer.getvalue()


def plot_confusion(
    confusion: np.ndarray, classes: Sequence[str], *, file_format: str = "svg"
) -> bytes:
    """Draws a confusion matrix: the share of each found class in each true one.

    Args:
      confusion: int [K, K], true class by found class.
      classes: names of the K classes.
      file_format: "svg" or "png".

    Returns:
      The contents of the picture file, transparent background; each cell has its share
      in % and its colour goes by it, those of a class that never occurs are empty.
    """
    totals = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(
        100.0 * confusion,
        totals,
        out=np.full(confusion.shape, np.nan),
        where=totals > 0,
    )
    side = 1.6 + 0.62 * len(classes)
    buffer = io.BytesIO()
    with _axes(buffer, file_format, size=(side + 0.6, side)) as axes:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for (row, column), share in np.ndenumerate(shares):
            if np.isfinite(share):
                color = "white" if share > 60 else "black"
                text = f"{share:.0f}"
                axes.text(column, row, text, color=color, ha="center", va="center")
        places = range(len(classes))
        axes.set_xticks(places, classes, rotation=45, ha="right")
        axes.set_yticks(places, classes)
        axes.set_xlabel("found")
        axes.set_ylabel("true")
    return buffer.getvalue()


@contextlib.contextmanager
def _axes(
    buffer: io.BytesIO,
    file_format: str,
    *,
    size: tuple[float, float] = (7.2, 2.8),
    dark: bool = False,
) -> "Iterator[Axes]":
    """Axes to draw on; afterwards the picture is in the buffer."""
    with _figure(buffer, file_format, size, dark) as figure:
        axes = figure.subplots()
        axes.set_prop_cycle(color=DARK_PAGE_LINES if dark else LIGHT_PAGE_LINES)
        axes.spines[["top", "right"]].set_visible(False)
        yield axes


@contextlib.contextmanager
def _figure(
    buffer: io.BytesIO,
    file_format: str,
    size: tuple[float, float],
    dark: bool = False,
) -> "Iterator[Figure]":
    """A figure to draw on; afterwards the picture is in the buffer."""
    from matplotlib import style  # here: it costs half a second to import
    from matplotlib.figure import Figure

    with style.context(["default", *(["dark_background"] if dark else [])]):
        figure = Figure(figsize=size, layout="constrained")
        yield figure
        figure.savefig(buffer, format=file_format, transparent=True)


def _add_legend(axes: "Axes") -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize="small")
