"""What is written of found expressions: tables of all frames, pictures, videos, scores."""

import contextlib
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from data_pipelines.video import VideoWriter, write_image
from face_jax.cli.expression_frames import FoundExpressions
from face_jax.cli.expression_pictures import overlay, pasted
from face_jax.cli.footage import Footage
from face_jax.cli.results import Results

EDGES = ("left", "top", "right", "bottom")
"""Columns of the square's edges, pixels."""


class ExpressionTables:
    """Adds rows to ``expressions.csv`` and ``expressions.json``; see ``open_tables``.

    Args:
      table: the comma-separated one.
      document: the other one, within its list of rows.
      classes: names of the expressions.
    """

    def __init__(self, table: TextIO, document: TextIO, classes: Sequence[str]):
        self._table = csv.writer(table, lineterminator="\n")
        self._document, self._classes = document, classes
        self._separator = "\n"
        names = ("input", "frame", "seconds", "face", "expression")
        self._table.writerow([*names, *classes, "covered", *EDGES])

    def add(self, found: FoundExpressions) -> None:
        """Takes the next frames of a clip, or pictures."""
        for row in range(len(found.frames)):
            record = describe(found, row, self._classes)
            self._table.writerow(_cells(record, len(self._classes)))
            self._document.write(f"{self._separator}  {json.dumps(record)}")
            self._separator = ",\n"


@contextlib.contextmanager
def open_tables(
    folder: Path, classes: Sequence[str], facts: Mapping[str, Any], results: Results
) -> Iterator[ExpressionTables]:
    """Tables that grow on the disk, not in memory, and are complete after the block.

    Args:
      folder: an existing one.
      classes: names of the expressions.
      facts: what else the ``.json`` says.
      results: what was done, when the block ends.
    """
    with (
        (folder / "expressions.csv").open("w", encoding="utf-8", newline="") as table,
        (folder / "expressions.json").open("w", encoding="utf-8") as document,
    ):
        head = json.dumps({**facts, "classes": list(classes)}, indent=1)
        document.write(head.removesuffix("\n}") + ',\n "rows": [')
        yield ExpressionTables(table, document, classes)
        rest = {"inputs": results.entries, "left_out": results.skipped}
        tail = json.dumps(rest, indent=1, allow_nan=False).removeprefix("{")
        document.write(f"\n ],{tail}\n")


def describe(
    found: FoundExpressions, row: int, classes: Sequence[str]
) -> dict[str, Any]:
    """What the tables say of one picture or frame.

    Args:
      found: expressions in some frames.
      row: which of them.
      classes: names of the expressions.

    Returns:
      Values by name; None for what is not known or, without a face, not there.
    """
    frame, known = found.frames[row], bool(found.valid[row])
    rate, probabilities = frame.footage.frame_rate, found.probabilities[row].tolist()
    pairs = zip(classes, probabilities, strict=True)
    return {
        "input": str(frame.footage.path),
        "frame": None if rate is None else frame.number,
        "seconds": None if rate is None else round(float(frame.number / rate), 4),
        "face": known,
        "expression": classes[int(found.probabilities[row].argmax())]
        if known
        else None,
        "probabilities": {n: round(p, 5) for n, p in pairs} if known else None,
        "covered": round(float(found.mask[row].mean()), 4) if known else None,
        "square": np.round(frame.square, 2).tolist() if known else None,
    }


class ExpressionFiles:
    """Writes the results of one picture or clip, as a context manager.

    Args:
      folder: an existing one.
      footage: the picture or clip.
      classes: names of the expressions.
      patches: whether the scores of all patches are stored.
      paste_back: whether whole frames without what covers the face are written too.
    """

    def __init__(
        self,
        folder: Path,
        footage: Footage,
        classes: Sequence[str],
        patches: bool,
        paste_back: bool = False,
    ):
        self._folder, self._footage, self._classes = folder, footage, classes
        self._patches = patches
        self._names = ("overlay", "pasted") if paste_back else ("overlay",)
        self._scores: list[np.ndarray] = []
        self._valid: list[np.ndarray] = []
        self._probabilities = np.zeros(len(classes))
        self._covered = 0.0
        self._stack = contextlib.ExitStack()
        self._videos: dict[str, VideoWriter] = {}

    def __enter__(self) -> "ExpressionFiles":
        if self._footage.frame_rate is not None:
            for name in self._names:
                writer = VideoWriter(
                    self._folder / f"{name}.mp4",
                    fps=self._footage.frame_rate,
                    audio_from=self._footage.path,
                )
                self._videos[name] = self._stack.enter_context(writer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if kind is None and self._patches:
            self._write_scores()

    def add(self, found: FoundExpressions) -> None:
        """Takes the next frames of the clip, or the one of the picture."""
        for row in range(len(found.frames)):
            self._show("overlay", overlay(found, row, self._classes))
            if "pasted" in self._names:
                self._show("pasted", pasted(found, row))
        self._valid.append(found.valid)
        self._probabilities += found.probabilities[found.valid].sum(axis=0)
        self._covered += float(found.mask[found.valid].mean(axis=(1, 2)).sum())
        if self._patches:
            known = found.valid[:, None, None]
            self._scores.append(np.where(known, found.scores, np.float32(np.nan)))

    @property
    def valid(self) -> np.ndarray:
        """Bool [T], in which frames there is a face."""
        return np.concatenate(self._valid)

    def summary(self) -> dict[str, Any]:
        """The report's entries: means over all frames with a face."""
        faces = int(self.valid.sum())
        if not faces:
            return {"expression": None, "probability": None, "covered": None}
        likeliest = int(self._probabilities.argmax())
        return {
            "expression": self._classes[likeliest],
            "probability": round(float(self._probabilities[likeliest]) / faces, 5),
            "covered": round(self._covered / faces, 4),
        }

    def _show(self, name: str, picture: np.ndarray) -> None:
        """Writes a picture, or the next frame of a video."""
        if self._videos:
            self._videos[name].write(picture)
        else:
            write_image(self._folder / f"{name}.png", picture)

    def _write_scores(self) -> None:
        np.savez_compressed(
            self._folder / "patches.npz",
            scores=np.concatenate(self._scores),
            squares=self._footage.squares,
            valid=self.valid,
        )


def _cells(record: Mapping[str, Any], classes: int) -> list[Any]:
    """A row of the comma-separated table; empty where nothing is known."""
    probabilities = record["probabilities"] or {}
    return [
        record["input"],
        record["frame"],
        record["seconds"],
        str(record["face"]).lower(),
        record["expression"],
        *(list(probabilities.values()) or [None] * classes),
        record["covered"],
        *(record["square"] or [None] * len(EDGES)),
    ]
