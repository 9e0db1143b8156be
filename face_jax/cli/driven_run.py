"""Drives faces clip by clip, scores them, and writes the report."""

import argparse
import csv
import dataclasses
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.video import write_image
from face_jax.cli import devices
from face_jax.cli.clip_faces import ClipFaces, find_faces
from face_jax.cli.clip_measures import ClipMeasures, measure_clip
from face_jax.cli.conditions import conditions
from face_jax.cli.driving_data import Look
from face_jax.cli.driving_flags import JUDGES, judges_of
from face_jax.cli.finder_flags import finder_facts
from face_jax.cli.judges import Judges
from face_jax.cli.measure_names import DEFINITIONS
from face_jax.cli.outputs import complete_files
from face_jax.cli.report_files import write_texts
from face_jax.fsrt import inference
from face_jax.fsrt.driven_clips import MODEL, Driven, DrivenScores, score
from face_jax.fsrt.driven_features import METRIC, OF_ALL_CLIPS, DrivenFeatures
from face_jax.fsrt.driven_report import (
    Together,
    as_dict,
    clip_table,
    histogram,
    not_measured,
    overview,
    sheets,
)
from face_jax.fsrt.frame_scores import columns, curves
from face_jax.fsrt.inference import Model
from face_jax.fsrt.scores import Clip
from face_jax.fsrt.sheets import Sheet
from face_jax.tables import to_markdown

log = logging.getLogger("face_jax")


class DrivenRun:
    """An evaluation under way: its scores and sheets so far, and what was left out."""

    def __init__(
        self, args: argparse.Namespace, task: str, model: Model, judges: Judges
    ):
        """Begins.

        Args:
          args: of the command line.
          task: name of what is evaluated.
          model: the model.
          judges: what looks at results besides.
        """
        self.args, self.task, self.model = args, task, model
        self.judges = dataclasses.replace(judges, inception=None)
        self.features = (
            None if judges.inception is None else DrivenFeatures(judges.inception)
        )
        self.scores: list[DrivenScores] = []
        self.sheets: dict[str, Sheet] = {}
        self.items: list[str] = []
        self.skipped: dict[str, str] = {}
        self._faces: ClipFaces | None = None

    def add(self, driven: Driven) -> None:
        """Scores what came out of a clip."""
        scores = score(driven, self._measure)
        if self.features is not None:
            self.features.add(driven)
        self.scores.append(scores)
        for kind, sheet in sheets(driven, scores).items():
            self.sheets[f"{_file_name(driven.name)}_{kind}"] = sheet
        self.items.append(f"{driven.name}: {driven.frames.tolist()}")

    def _measure(self, result: np.ndarray, driven: Driven) -> ClipMeasures:
        found = measure_clip(
            result,
            driven.driving.frames,
            self.judges,
            source=driven.source.frames[0],
            same_person=driven.is_truth,
            known=driven.driving.landmarks,
            drove=self._drove(driven),
        )
        if self.features is None:
            return found
        return ClipMeasures(found.values, {**found.reasons, METRIC: OF_ALL_CLIPS})

    def _drove(self, driven: Driven) -> ClipFaces | None:
        """Faces of the driving frames; those of the last clip are kept for each method."""
        if self.judges.detector is None:
            return None
        frames = driven.driving.frames
        if self._faces is None or self._faces.frames is not frames:
            self._faces = find_faces(self.judges.detector, frames)
        return self._faces


def open_run(args: argparse.Namespace, task: str, look: Look) -> tuple[DrivenRun, int]:
    """Loads the model and the judges that were asked for.

    Args:
      args: of the command line.
      task: name of what is evaluated.
      look: how faces are looked for in files.

    Returns:
      The evaluation, and how many frames are worked on at once on all devices.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: a checkpoint holds other networks.
    """
    rows = devices.over_all_devices()
    model = inference.load(args.checkpoint, args.step, sharding=rows)
    run = DrivenRun(args, task, model, judges_of(args, look))
    return run, devices.whole_batch(args.batch, rows)


def drive_all(run: DrivenRun, given: Sequence[tuple[str, Callable[[], Driven]]]) -> int:
    """Drives everything that was asked for and writes the report.

    A clip that cannot be used is left out, with its reason in the report.

    Args:
      run: gets scores and sheets.
      given: names, and what drives them.

    Raises:
      ValueError: none of the clips can be used.
    """
    for number, (name, drive) in enumerate(given):
        log.info("%d/%d %s", number + 1, len(given), name)
        try:
            run.add(drive())
        except (ValueError, FileNotFoundError) as error:
            run.skipped[name] = str(error)
            log.warning("left out: %s", error)
    if not run.scores:
        raise ValueError(f"no clip can be used: {next(iter(run.skipped.values()))}")
    print(_write(run))
    return 0


def split_source(clip: Clip, frames: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Source frames of a clip, and the others, which are measured.

    Raises:
      ValueError: the clip has no such frame, or no others.
    """
    for number in frames:
        if not 0 <= number < len(clip):
            raise ValueError(
                f"--source-frames: expected 0 to {len(clip) - 1} for {clip.name}, got "
                f"{number}"
            )
    others = np.setdiff1d(np.arange(len(clip)), frames)
    if not len(others):
        raise ValueError(f"--source-frames: {clip.name} has no frames besides these")
    return np.asarray(frames), others


def _write(run: DrivenRun) -> str:
    """Writes the report; returns what is printed."""
    together: Together = {}
    unknown: dict[str, str] = {}
    if run.features is not None:
        together, unknown = run.features.distances(), run.features.reasons()
    tables = [overview(run.scores, DEFINITIONS, together)]
    if run.scores[0].frames:
        tables.append(clip_table(run.scores, "psnr", f"Clips: {DEFINITIONS['psnr']}"))
    printed = "\n".join(map(to_markdown, tables))
    printed += _listed("Not measured", not_measured(run.scores, together) | unknown)
    printed += _listed("Left out", run.skipped)
    with complete_files(run.args.out) as folder:
        for name, sheet in run.sheets.items():
            write_image(folder / f"{name}.png", sheet.draw())
        plots = _write_frames(folder, run.scores)
        shown = [f"![{name}]({name})" for name in plots]
        shown += [f"![{name}]({name}.png)" for name in run.sheets]
        heading = f"{run.task}: {run.args.checkpoint}"
        write_texts(folder, heading, [printed, *shown], _numbers(run, together))
    return f"{printed}\nreport, single frames and pictures: {run.args.out}"


def _listed(title: str, reasons: Mapping[str, str]) -> str:
    lines = [f"- {name}: {reason}" for name, reason in reasons.items()]
    return "\n".join(["", f"{title}:", "", *lines, ""]) if lines else ""


def _write_frames(folder: Path, found: Sequence[DrivenScores]) -> list[str]:
    """Table and plots of single frames; returns names of the plots."""
    if not found[0].frames:
        return []
    with (folder / "frames.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(columns("method"))
        for scores in found:
            for of_method in scores.frames.values():
                table.writerows(of_method.rows())
    (folder / "frames.svg").write_bytes(curves([s.frames[MODEL] for s in found]))
    (folder / "histogram.svg").write_bytes(histogram(found))
    return ["frames.svg", "histogram.svg"]


def _numbers(run: DrivenRun, together: Together) -> Mapping[str, Any]:
    args = run.args
    data = {
        "crop": args.crop,
        "size": run.model.image_size,
        "split": args.split,
        "most_frames": args.frames,
        "paths": [str(path) for path in args.data],
        "finder": finder_facts(args),
        "judges": {name: str(getattr(args, name)) for name in JUDGES},
    }
    return {
        "task": run.task,
        **as_dict(run.scores, together),
        "left_out": run.skipped,
        "conditions": conditions(
            args.checkpoint, run.model.variables, data, run.items, DEFINITIONS
        ),
    }


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)
