"""How often recognisers are right, for each kind of thing that covers faces.

Trainings that differ in their seed alone are one recogniser, whose rates have a mean and
a spread: a difference between two recognisers says little where it is not larger.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.occluded_faces import SEEN, UNCOVERED, UNSEEN
from face_jax.metrics.classification import (
    accuracy,
    confusion_matrix,
    mean_class_recall,
)
from face_jax.nn.checks import check_shape
from face_jax.tables import Cell, Table

MEASURES = {"accuracy": "accuracy", "mean_class_recall": "mean class recall"}
"""Rates of ``RecognitionRow`` by what tables call them."""

SUMMARY_ROWS = (SEEN, UNSEEN, UNCOVERED)


@dataclasses.dataclass(frozen=True)
class RecognitionRow:
    """What is recognised in some pictures, by S trainings of one recogniser.

    Attributes:
      pictures: how many have a class.
      accuracy: float [S] in [0, 1], see ``metrics.classification``.
      mean_class_recall: float [S], likewise.
      confusion: int [K, K], true class by predicted class, sum over the trainings.
    """

    pictures: int
    accuracy: np.ndarray
    mean_class_recall: np.ndarray
    confusion: np.ndarray

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON-like data."""
        rates = {name: _summary(getattr(self, name)) for name in MEASURES}
        confusion = self.confusion.tolist()
        return {"pictures": self.pictures, **rates, "confusion": confusion}


@dataclasses.dataclass(frozen=True)
class RecognitionReport:
    """A recogniser on one set of pictures.

    Attributes:
      title: what it is called.
      seeds: of its trainings.
      classes: names of the K classes.
      rows: by kind of occluder or other group of pictures.
    """

    title: str
    seeds: tuple[int, ...]
    classes: tuple[str, ...]
    rows: dict[str, RecognitionRow]

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON-like data."""
        rows = {name: row.as_dict() for name, row in self.rows.items()}
        head = {"title": self.title, "seeds": list(self.seeds)}
        return {**head, "classes": list(self.classes), "rows": rows}


def report_recognition(
    title: str,
    probabilities: Mapping[int, np.ndarray],
    labels: np.ndarray,
    rows: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> RecognitionReport:
    """Compares what trainings of a recogniser found with the truth.

    Args:
      title: what the recogniser is called.
      probabilities: [n, K] of the same pictures, by the seed of the training.
      labels: int [n]; pictures whose label is no class count nowhere.
      rows: bool [n] by name, see ``occluded_faces.kind_rows``; those without a picture
        that counts are left out.
      classes: names of the K classes.

    Raises:
      ValueError: shapes do not fit.
    """
    for seed, found in probabilities.items():
        check_shape(
            f"probabilities of {title}, seed {seed}",
            found,
            (len(labels), len(classes)),
        )
    known = (labels >= 0) & (labels < len(classes))
    chosen = {name: row & known for name, row in rows.items()}
    predicted = [np.argmax(found, axis=1) for found in probabilities.values()]
    made = {
        name: _row(labels[row], [found[row] for found in predicted], len(classes))
        for name, row in chosen.items()
        if row.any()
    }
    return RecognitionReport(title, tuple(probabilities), tuple(classes), made)


def recognition_summary(reports: Sequence[RecognitionReport]) -> Table:
    """A row for each recogniser: covered by seen and unseen kinds, and uncovered."""
    names = [name for name in SUMMARY_ROWS if name in reports[0].rows]
    rows: list[list[Cell]] = [
        [
            one.title,
            len(one.seeds),
            *(_cell(getattr(one.rows[n], m)) for m in MEASURES for n in names),
        ]
        for one in reports
    ]
    header = [f"{measure}, {name}" for measure in MEASURES.values() for name in names]
    title = "Expressions recognised, %, with the spread over seeds"
    return Table(title, ("", "seeds", *header), rows)


def recognition_table(reports: Sequence[RecognitionReport], measure: str) -> Table:
    """A rate of ``MEASURES``, a row for each kind and a column for each recogniser."""
    rows: list[list[Cell]] = [
        [name, row.pictures, *(_cell(getattr(r.rows[name], measure)) for r in reports)]
        for name, row in reports[0].rows.items()
    ]
    title = f"Expressions recognised: {MEASURES[measure]}, %"
    return Table(title, ("", "pictures", *(r.title for r in reports)), rows)


def confusion_table(report: RecognitionReport, name: str) -> Table:
    """Shares of the predicted classes in % of each true class, in one row's pictures."""
    counts = report.rows[name].confusion
    rows: list[list[Cell]] = []
    for true, row in zip(report.classes, counts, strict=True):
        total = int(row.sum())
        shares = [100 * float(c) / total if total else None for c in row]
        rows.append([true, total, *shares])
    title = f"{report.title}, {name}: true class (rows) and found class (columns), %"
    header = ("", "pictures", *report.classes)
    return Table(title, header, rows, decimals=1)


def _row(
    labels: np.ndarray, predictions: Sequence[np.ndarray], count: int
) -> RecognitionRow:
    true = jnp.asarray(labels)
    matrices = [confusion_matrix(true, jnp.asarray(p), count) for p in predictions]
    return RecognitionRow(
        pictures=len(labels),
        accuracy=np.array([accuracy(m) for m in matrices]),
        mean_class_recall=np.array([mean_class_recall(m) for m in matrices]),
        confusion=np.sum([np.asarray(m) for m in matrices], axis=0).astype(int),
    )


def _summary(rates: np.ndarray) -> dict[str, Any]:
    """Mean, standard deviation over seeds (None of a single one) and the rates."""
    spread = float(rates.std(ddof=1)) if len(rates) > 1 else None
    return {"mean": float(rates.mean()), "spread": spread, "each": rates.tolist()}


def _cell(rates: np.ndarray) -> Cell:
    found = _summary(100 * rates)
    if found["spread"] is None:
        return found["mean"]
    return f"{found['mean']:.2f} ± {found['spread']:.2f}"
