"""How far the heads found in pictures are from landmarks that are known there."""

import csv
import heapq
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.plots import plot_histograms
from face_jax.smirk import inference
from face_jax.smirk.model import Model
from face_jax.smirk.reporting import landmark_error, metrics
from face_jax.tables import Cell, Table
from face_jax.temporal.chunks import pad

DEFINITIONS = {
    "nme": "mean distance of landmarks (MediaPipe's 105, else the 68) over that of the "
    "outer eye corners, lower is better",
    "psnr": "PSNR of the pictures made again, dB, higher is better",
    "l1": "mean absolute error of their colours in [0, 1], lower is better",
}
"""Metrics, each a mean over pictures; the last two where there is a generator."""
WORST = 12
COLUMNS = 4
CELL = 192
"""Least width of a picture in a sheet, pixels."""

_KNOWN = ("has_landmarks_mediapipe", "has_landmarks_68")
_POINTS = ("landmarks_mediapipe", "landmarks_68")
_FOUND = ("landmarks_105", "landmarks_68")


class PictureErrors:
    """Collects what a model makes of pictures; only the worst of them are kept.

    Attributes:
      batch: pictures of a compiled program.
      names: of the pictures with landmarks so far.
      scores: by metric, a number for each picture.
      left_out: names of pictures without landmarks, with the reason.
    """

    def __init__(self, model: Model, batch: int):
        self.batch = batch
        self.names: list[str] = []
        self.scores: dict[str, list[float]] = {}
        self.left_out: dict[str, str] = {}
        self._model = model
        self._true: list[Mapping[str, np.ndarray]] = []
        self._worst: list[tuple[float, int, np.ndarray]] = []

    def add(self, names: Sequence[str], items: Mapping[str, np.ndarray]) -> None:
        """Takes at most ``batch`` pictures.

        Args:
          names: of n pictures.
          items: evaluation items of SMIRK, [n, ...] each.
        """
        outputs = jax.device_get(self._outputs(items["image"]))
        outputs = {name: values[: len(names)] for name, values in outputs.items()}
        batch = {name: jnp.asarray(values) for name, values in items.items()}
        scores = jax.device_get(metrics(batch, outputs))
        for row, name in enumerate(names):
            if not any(items[key][row] for key in _KNOWN):
                self.left_out[name] = f"{name}: no landmarks are known"
                continue
            for metric, values in scores.items():
                self.scores.setdefault(metric, []).append(float(values[row]))
            picture = {key: items[key][row] for key in (*_KNOWN, *_POINTS)}
            self._true.append(picture)
            self._keep(items["image"][row], outputs, row)
            self.names.append(name)

    def mean_landmarks_error(self) -> np.ndarray:
        """NME [N] of the set's mean landmarks in every crop, which looks at nothing."""
        keys = (*_KNOWN, *_POINTS)
        true = {key: np.stack([one[key] for one in self._true]) for key in keys}
        outputs = {}
        for name, points, flag in zip(_FOUND, _POINTS, _KNOWN, strict=True):
            rows = true[points][true[flag]]
            mean = rows.mean(axis=0) if len(rows) else true[points][0]
            outputs[name] = jnp.broadcast_to(mean, true[points].shape)
        batch = {key: jnp.asarray(values) for key, values in true.items()}
        return np.asarray(landmark_error(batch, outputs), np.float64)

    def as_dict(self) -> dict[str, Any]:
        """Means over pictures as JSON-like data."""
        means = {n: float(np.mean(v, dtype=np.float64)) for n, v in self.scores.items()}
        baseline = {"nme": float(self.mean_landmarks_error().mean())}
        pictures = {"pictures": len(self.names)}
        return {**pictures, "model": means, "mean_landmarks": baseline}

    def table(self) -> Table:
        """A row for each metric."""
        found = self.as_dict()
        rows: list[list[Cell]] = [
            [DEFINITIONS[name], found["mean_landmarks"].get(name), mean]
            for name, mean in found["model"].items()
        ]
        title = f"{found['pictures']} pictures with landmarks"
        return Table(title, ("", "the set's mean landmarks", "SMIRK"), rows, decimals=4)

    def write_table(self, path: Path) -> None:
        """Writes a row for each picture."""
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["picture", *self.scores])
            table.writerows(zip(self.names, *self.scores.values(), strict=True))

    def histogram(self) -> bytes:
        """Landmark errors of all pictures, as SVG."""
        values: dict[str, np.ndarray | list[float]] = {
            "SMIRK": self.scores["nme"],
            "the set's mean landmarks": self.mean_landmarks_error(),
        }
        label = "landmark error over the distance of the outer eye corners"
        return plot_histograms(values, value_label=label, count_label="pictures")

    def worst(self) -> np.ndarray:
        """Pictures with the largest errors: known landmarks green, found ones red."""
        ordered = sorted(self._worst, key=lambda entry: entry[:2], reverse=True)
        cells = [viz.captioned(image, f"{error:.1%}") for error, _, image in ordered]
        return viz.grid([cells[i : i + COLUMNS] for i in range(0, len(cells), COLUMNS)])

    def _outputs(self, images: np.ndarray) -> dict[str, Any]:
        model, images = self._model, pad(images, self.batch)
        faces = inference.encode(model, images)
        seen = inference.decode(model, faces)
        outputs = {
            "landmarks_68": seen.landmarks_68,
            "landmarks_105": seen.landmarks_105,
        }
        if model.has_generator:
            outputs["image"] = inference.resynthesise(model, images, faces).image
        return outputs

    def _keep(
        self, image: np.ndarray, outputs: Mapping[str, np.ndarray], row: int
    ) -> None:
        """Keeps the picture if it is among the worst."""
        number, error = len(self.names), self.scores["nme"][-1]
        if len(self._worst) == WORST and error <= self._worst[0][0]:
            return
        true = self._true[-1]
        inner = bool(true[_KNOWN[0]])
        found = outputs[_FOUND[0 if inner else 1]][row]
        points = {viz.GREEN: true[_POINTS[0 if inner else 1]], viz.RED: found}
        heapq.heappush(self._worst, (error, -number, _drawn(image, points)))
        if len(self._worst) > WORST:
            heapq.heappop(self._worst)


def _drawn(image: np.ndarray, points: Mapping[viz.Color, np.ndarray]) -> np.ndarray:
    """An enlarged picture with points [P, 2], of which it is [-1, 1] wide, by colour."""
    large = viz.enlarge(image, -(-CELL // len(image)))
    for color, places in points.items():
        pixels = viz.keypoints_to_pixels(places[:, :2], *large.shape[:2])
        large = viz.draw_points(large, pixels, color)
    return large
