"""How well covered patches are found, for each kind of thing that covers them.

Covered is the positive class. Latent-OFER (arXiv 2307.11404) reports accuracy, precision
and recall of patches and does not say which class is positive; the area under the ROC
curve tells detectors apart whatever their thresholds are.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from face_jax.metrics.classification import area_under_roc, binary_rates
from face_jax.nn.checks import check_shape
from face_jax.tables import Cell, Table

ALL = "all"
"""Name of the row of all pictures."""

RATES = {
    "area_under_roc": "AUROC",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
}
"""Rates of ``Detection`` by what tables call them."""

_binary_rates = jax.jit(binary_rates)


@dataclasses.dataclass(frozen=True)
class Detection:
    """What was found in some pictures; rates are in [0, 1], NaN where undefined.

    Attributes:
      patches: number of patches of these pictures, covered or not.
      covered: number of those that are covered.
      area_under_roc: see ``classification.area_under_roc``; it needs no threshold.
      accuracy: see ``classification.BinaryRates``, as the others.
      precision: NaN where nothing was found.
      recall: NaN where nothing is covered.
      f1: of precision and recall.
    """

    patches: int
    covered: int
    area_under_roc: float
    accuracy: float
    precision: float
    recall: float
    f1: float

    def rates(self) -> list[float]:
        """The rates in the order of ``RATES``."""
        return [getattr(self, name) for name in RATES]


@dataclasses.dataclass(frozen=True)
class DetectionReport:
    """A detector on one set of pictures.

    Attributes:
      title: what the detector is called.
      threshold: of the scores: lower ones do not count as found.
      rows: by kind of occluder or other group of pictures, in their order; then
        ``ALL``.
    """

    title: str
    threshold: float
    rows: dict[str, Detection]

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON-like data; rates that are undefined are None."""
        rows = {
            kind: {name: _defined(value) for name, value in vars(row).items()}
            for kind, row in self.rows.items()
        }
        return {"title": self.title, "threshold": self.threshold, "rows": rows}


def report_detection(
    title: str,
    scores: np.ndarray,
    found: np.ndarray,
    covered: np.ndarray,
    groups: Mapping[str, np.ndarray],
    threshold: float,
) -> DetectionReport:
    """Compares what a detector finds with the truth; runs on the host.

    Args:
      title: what the detector is called.
      scores: [n, L] float, higher where more likely covered.
      found: [n, L] bool, what it takes for covered.
      covered: [n, L] bool, the truth.
      groups: by name, bool [n], the pictures of each; they may overlap.
      threshold: of the scores, to be reported.

    Returns:
      The rates for each group, over all patches of its pictures, and for all pictures.

    Raises:
      ValueError: the shapes do not fit, there is no picture, or a score is NaN.
    """
    _check_arrays(scores, found, covered)
    for name, chosen in groups.items():
        check_shape(f"groups: {name}", chosen, (len(scores),))
    everything = {**groups, ALL: np.ones(len(scores), bool)}
    rows = {
        name: _detection(scores, found, covered, chosen)
        for name, chosen in everything.items()
    }
    return DetectionReport(title, float(threshold), rows)


def kind_table(report: DetectionReport) -> Table:
    """A detector's rates in percent, one row for each kind; the last is all of them."""
    rows: list[list[Cell]] = [
        [kind, row.patches, row.covered, *(100 * rate for rate in row.rates())]
        for kind, row in report.rows.items()
    ]
    header = ("", "patches", "covered", *RATES.values())
    title = f"{report.title}: covered patches found, rates in %"
    return Table(title, header, rows, emphasized=len(rows) - 1)


def detector_table(reports: Sequence[DetectionReport]) -> Table:
    """Rates of several detectors on all pictures in percent, one row for each.

    Args:
      reports: of the same pictures; the last is emphasised.
    """
    rows: list[list[Cell]] = [
        [report.title, *(100 * rate for rate in report.rows[ALL].rates())]
        for report in reports
    ]
    title = "Covered patches found, rates in %"
    return Table(title, ("", *RATES.values()), rows, emphasized=len(rows) - 1)


def kind_comparison(reports: Sequence[DetectionReport]) -> Table:
    """AUROC of several detectors in percent, one row for each kind of occluder.

    Args:
      reports: of the same pictures, one column for each.
    """
    rows: list[list[Cell]] = [
        [kind, *(100 * report.rows[kind].area_under_roc for report in reports)]
        for kind in reports[0].rows
    ]
    header = ("", *(report.title for report in reports))
    return Table("AUROC of covered patches in %", header, rows)


def _detection(
    scores: np.ndarray, found: np.ndarray, covered: np.ndarray, chosen: np.ndarray
) -> Detection:
    """Of the chosen pictures, bool [n]."""
    weights = np.broadcast_to(chosen[:, None], scores.shape).astype(np.float32)
    # Weights, not a selection: one compiled program serves all kinds.
    rates = _binary_rates(covered, found, weights)
    return Detection(
        patches=int(chosen.sum()) * scores.shape[1],
        covered=int(covered[chosen].sum()),
        area_under_roc=area_under_roc(scores[chosen], covered[chosen]),
        **{name: float(value) for name, value in vars(rates).items()},
    )


def _check_arrays(scores: np.ndarray, found: np.ndarray, covered: np.ndarray) -> None:
    check_shape("scores", scores, ("n", "L"))
    check_shape("found", found, np.shape(scores))
    check_shape("covered", covered, np.shape(scores))
    if not len(scores):
        raise ValueError("scores: expected those of a picture or more, got none")


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
