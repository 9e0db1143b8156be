"""What a recogniser makes of pictures with known expressions, one by one."""

import csv
import heapq
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from face_jax import viz
from face_jax.latent_ofer.recognition_report import (
    MEASURES,
    RecognitionReport,
    confusion_table,
    report_recognition,
)
from face_jax.tables import Cell, Table

WORST = 24
"""Pictures on a sheet of the worst."""
COLUMNS = 4
CELL = 192
"""Least width of a picture there, pixels."""


class LabelledPictures:
    """Collects what is found; of the pictures themselves only the worst are kept.

    Attributes:
      classes: names of the K classes.
      names: of the pictures so far.
      labels: their classes.
      probabilities: [K] each.
      covered: share of the covered patches of each.
    """

    def __init__(self, classes: Sequence[str]):
        self.classes = tuple(classes)
        self.names: list[str] = []
        self.labels: list[int] = []
        self.probabilities: list[np.ndarray] = []
        self.covered: list[float] = []
        self._worst: list[tuple[float, int, np.ndarray]] = []

    def add(
        self,
        names: Sequence[str],
        labels: Sequence[int] | np.ndarray,
        crops: np.ndarray,
        probabilities: np.ndarray,
        covered: np.ndarray,
    ) -> None:
        """Takes what was found in n pictures.

        Args:
          names: of the pictures.
          labels: their classes, in [0, K).
          crops: uint8 [n, S, S, 3].
          probabilities: [n, K].
          covered: [n] in [0, 1], share of the patches that are covered.
        """
        for row, label in enumerate(labels):
            number = len(self.names)
            self.names.append(names[row])
            self.labels.append(int(label))
            self.probabilities.append(probabilities[row])
            self.covered.append(float(covered[row]))
            found = int(np.argmax(probabilities[row]))
            if found != label:
                entry = (float(probabilities[row, found]), -number, crops[row].copy())
                heapq.heappush(self._worst, entry)
                if len(self._worst) > WORST:
                    heapq.heappop(self._worst)

    def report(self, name: str) -> RecognitionReport:
        """Rates over all pictures, as the row ``name``."""
        labels = np.array(self.labels)
        everything = {name: np.ones(len(labels), bool)}
        found = {0: np.stack(self.probabilities)}
        return report_recognition(
            "Latent-OFER", found, labels, everything, self.classes
        )

    def tables(self, report: RecognitionReport, name: str) -> list[Table]:
        """The rates, and the shares of the found classes in each true class."""
        row = report.rows[name]
        rates: list[list[Cell]] = [
            [title, 100 * float(getattr(row, measure)[0])]
            for measure, title in MEASURES.items()
        ]
        title = f"{row.pictures} pictures, %"
        return [Table(title, ("", report.title), rates), confusion_table(report, name)]

    def write_table(self, path: Path) -> None:
        """Writes a row for each picture: its class, the found one, all probabilities."""
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["picture", "label", "found", "covered", *self.classes])
            for row, name in enumerate(self.names):
                shares = self.probabilities[row]
                told = (self.labels[row], int(np.argmax(shares)))
                words = [self.classes[number] for number in told]
                table.writerow([name, *words, self.covered[row], *map(float, shares)])

    def worst(self) -> np.ndarray | None:
        """Pictures that are told wrong, the most confident first; None without any.

        Returns:
          uint8 [H, W, 3], each with its class, the found one and its probability.
        """
        if not self._worst:
            return None
        ordered = sorted(self._worst, key=lambda entry: entry[:2], reverse=True)
        cells = [self._cell(*entry) for entry in ordered]
        rows = [cells[i : i + COLUMNS] for i in range(0, len(cells), COLUMNS)]
        return viz.grid(rows)

    def _cell(self, confidence: float, number: int, crop: np.ndarray) -> np.ndarray:
        row = -number
        true = self.classes[self.labels[row]]
        found = self.classes[int(np.argmax(self.probabilities[row]))]
        picture = viz.enlarge(crop, -(-CELL // len(crop)))
        return viz.captioned(picture, f"{true}: {found} {confidence:.0%}")
