"""Where figures and pictures of a run go: console, JSON lines, PNG, TensorBoard."""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from face_jax.train.timing import format_duration

log = logging.getLogger("face_jax")


class Writer(Protocol):
    """Something that keeps figures and pictures of a run."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Keeps named numbers of a step."""

    def pictures(self, step: int, pictures: Mapping[str, np.ndarray]) -> None:
        """Keeps named pictures, uint8 RGB [H, W, 3]."""

    def close(self) -> None:
        """Flushes and releases what is open."""


class ConsoleWriter:
    """One line per report: progress, time left, speed, losses.

    Args:
      total_steps: iterations of the whole run.
    """

    def __init__(self, total_steps: int):
        self._total = total_steps

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Logs a line; norms and learning rates stay in the files."""
        head = f"step {step}/{self._total}"
        if seconds := values.get("clock/seconds_per_step"):
            left = format_duration(seconds * (self._total - step))
            head += f" ({left} left, {1000 * seconds:.0f} ms/step"
            if share := values.get("clock/utilisation"):
                head += f", {100 * share:.0f} % of the peak"
            head += ")"
        hidden = ("clock/", "_norm", "learning_rate")
        shown = {
            name: value
            for name, value in values.items()
            if not any(part in name for part in hidden)
        }
        text = "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
        log.info("%s  %s", head, text)

    def pictures(self, step: int, pictures: Mapping[str, np.ndarray]) -> None:
        """Nothing: a console shows no pictures."""

    def close(self) -> None:
        """Nothing is open."""


class JsonLinesWriter:
    """``metrics.jsonl``: one object per report with ``step``, ``time`` and values.

    Args:
      path: the file; reports later than ``step`` are dropped from it, so that a
        resumed run leaves no line that it has not lived through.
      step: the step at which this run starts.
    """

    def __init__(self, path: Path, step: int):
        self._path = path
        if path.exists():
            _drop_later_lines(path, step)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Appends one line."""
        record = {"step": step, "time": round(time.time(), 3), **values}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def pictures(self, step: int, pictures: Mapping[str, np.ndarray]) -> None:
        """Nothing: pictures are files of their own."""

    def close(self) -> None:
        """Nothing is open between reports."""


class PictureWriter:
    """PNG files ``<folder>/<name>_<step>.png``."""

    def __init__(self, folder: Path):
        self._folder = folder

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing: numbers go elsewhere."""

    def pictures(self, step: int, pictures: Mapping[str, np.ndarray]) -> None:
        """Writes each picture."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures.items():
            path = self._folder / f"{name.replace('/', '_')}_{step:07d}.png"
            # Not by OpenCV: it says nothing where the disk is full.
            path.write_bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes())

    def close(self) -> None:
        """Nothing is open."""


class TensorBoardWriter:
    """TensorBoard event files, by tensorboardX (no TensorFlow)."""

    def __init__(self, folder: Path):
        # Imported here: an optional extra, and not needed on other processes.
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Adds each number under its name."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def pictures(self, step: int, pictures: Mapping[str, np.ndarray]) -> None:
        """Adds each picture under its name."""
        for name, picture in pictures.items():
            self._writer.add_image(name, picture, step, dataformats="HWC")

    def close(self) -> None:
        """Flushes the event file."""
        self._writer.close()


def make_writers(
    workdir: Path, step: int, total_steps: int, tensorboard: bool
) -> list[Writer]:
    """The writers of process 0.

    Args:
      workdir: folder of the run.
      step: the step at which this run starts.
      total_steps: iterations of the whole run.
      tensorboard: write event files too.

    Returns:
      Writers for console, JSON lines and PNG files, and TensorBoard when asked for.

    Raises:
      ValueError: ``tensorboard`` is asked for and tensorboardX is not installed.
    """
    writers: list[Writer] = [
        ConsoleWriter(total_steps),
        JsonLinesWriter(workdir / "metrics.jsonl", step),
        PictureWriter(workdir / "images"),
    ]
    if tensorboard:
        try:
            writers.append(TensorBoardWriter(workdir / "tensorboard"))
        except ImportError as error:
            raise ValueError(
                "run.tensorboard is on, but tensorboardX is not installed: "
                "pip install 'face-jax[tensorboard]'"
            ) from error
    return writers


def write_all(
    writers: Sequence[Writer],
    step: int,
    values: Mapping[str, float],
    pictures: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Hands figures and pictures of a step to every writer."""
    for writer in writers:
        if values:
            writer.scalars(step, values)
        if pictures:
            writer.pictures(step, pictures)


def replace_file(path: Path, text: str) -> None:
    """Writes a text file so that it is either old or new, never half."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def _drop_later_lines(path: Path, step: int) -> None:
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # the torn last line of a killed run
        if record.get("step", 0) <= step:
            kept.append(line)
    replace_file(path, "".join(line + "\n" for line in kept))
