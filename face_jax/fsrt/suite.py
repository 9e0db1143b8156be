"""The whole evaluation of a model: every clip by itself, then clips against each other."""

import dataclasses
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from face_jax.fsrt.cross_reenactment import (
    MODES,
    CrossReenactment,
    SourceSwaps,
    cross_reenactment,
    source_swaps,
)
from face_jax.fsrt.evaluation import Report, Split, self_reenactment
from face_jax.fsrt.frame_scores import FrameScores, frame_scores, worst_frames
from face_jax.fsrt.inference import Model
from face_jax.fsrt.scores import Clip
from face_jax.fsrt.sheets import (
    Sheet,
    cross_reenactment_sheet,
    self_reenactment_sheet,
    spread,
)
from face_jax.fsrt.summary import (
    METRIC_TITLES,
    ablation_table,
    method_table,
    overview_table,
    swap_table,
)
from face_jax.tables import Table

log = logging.getLogger("face_jax")

CROSS_FRAMES = 3
"""Driving frames of each clip that cross-reenactment shows."""
DRIVING_HOLD_OUT = "tail"
"""The hold-out whose frames drive other persons and test source swaps."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """A clip and how it was used.

    Attributes:
      clip: all its frames.
      split: training and held-out frames.
      source: indices of the source frames.
    """

    clip: Clip
    split: Split
    source: tuple[int, ...]

    @property
    def sources(self) -> Clip:
        """Its source frames."""
        return self.clip.take(self.source)


@dataclasses.dataclass(frozen=True)
class Results:
    """What an evaluation found.

    Attributes:
      reports: one for each clip.
      sheets: file name without suffix to pictures.
      swaps: source swaps, None with a single clip.
      frames: scores of every frame of every hold-out.
    """

    reports: Sequence[Report]
    sheets: Mapping[str, Sheet]
    swaps: SourceSwaps | None
    frames: Sequence[FrameScores] = ()

    def tables(self) -> list[Table]:
        """Everything in tables, from the overview to single clips."""
        found = []
        if len(self.reports) > 1:
            names = self.reports[0].hold_outs
            found += [overview_table(self.reports, name) for name in names]
        if self.swaps is not None:
            found.append(swap_table(self.swaps))
        for report in self.reports:
            found += [method_table(report, metric) for metric in METRIC_TITLES]
            found.append(ablation_table(report))
        return found

    def as_dict(self) -> dict[str, Any]:
        """All numbers, ready for JSON."""
        found: dict[str, Any] = {"clips": [r.as_dict() for r in self.reports]}
        if self.swaps is not None:
            found["source_swaps"] = {
                "clips": list(self.swaps.names),
                "psnr": self.swaps.psnr.tolist(),
                "cost": self.swaps.costs().tolist(),
            }
        return found


def evaluate(model: Model, subjects: Sequence[Subject], columns: int = 6) -> Results:
    """Self-reenactment of every clip; with several, also across them.

    Args:
      model: the model.
      subjects: the clips. The source that an ablation swaps in is that of the
        next one.
      columns: frames shown in the sheet of a hold-out.

    Returns:
      Numbers and pictures.

    Raises:
      ValueError: as ``self_reenactment``.
    """
    several = len(subjects) > 1
    neighbours = [*subjects[1:], subjects[0]]
    reports = [
        self_reenactment(
            model, s.clip, s.split, s.source, n.sources if several else None
        )
        for s, n in zip(subjects, neighbours, strict=True)
    ]
    frames = [
        frame_scores(
            name, hold_out.indices, hold_out.result, subject.clip.take(hold_out.indices)
        )
        for subject, report in zip(subjects, reports, strict=True)
        for name, hold_out in report.hold_outs.items()
    ]
    sheets = _self_sheets(subjects, reports, frames, columns)
    if not several:
        return Results(reports, sheets, None, frames)
    log.info("%d clips: cross-reenactment and source swaps", len(subjects))
    sources = [subject.sources for subject in subjects]
    targets = [s.clip.take(s.split.held_out[DRIVING_HOLD_OUT]) for s in subjects]
    return Results(
        reports,
        {**sheets, **_cross_sheets(_cross(model, subjects))},
        source_swaps(model, sources, targets),
        frames,
    )


def sheet_name(clip: str, hold_out: str) -> str:
    """Key of a clip's sheet in ``Results.sheets``; safe as a file name."""
    return re.sub(r"[^\w.-]+", "_", f"{clip}_{hold_out}")


def _self_sheets(
    subjects: Sequence[Subject],
    reports: Sequence[Report],
    frames: Sequence[FrameScores],
    columns: int,
) -> dict[str, Sheet]:
    sheets, measured = {}, iter(frames)
    for subject, report in zip(subjects, reports, strict=True):
        source = subject.clip.frames[subject.source[0]]
        for name, hold_out in report.hold_outs.items():
            sheet = self_reenactment_sheet(subject.clip, source, hold_out, columns)
            sheets[sheet_name(report.clip, name)] = sheet
            target = subject.clip.take(hold_out.indices)
            worst = worst_frames(hold_out.result, target, next(measured))
            sheets[sheet_name(report.clip, f"{name}_worst")] = worst
    return sheets


def _cross(model: Model, subjects: Sequence[Subject]) -> CrossReenactment:
    held_out = [subject.split.held_out[DRIVING_HOLD_OUT] for subject in subjects]
    count = min(CROSS_FRAMES, *map(len, held_out))
    frames = [rows[spread(len(rows), count)] for rows in held_out]
    clips = [subject.clip for subject in subjects]
    return cross_reenactment(model, [s.sources for s in subjects], clips, frames)


def _cross_sheets(cross: CrossReenactment) -> dict[str, Sheet]:
    count = len(cross.drivers[0])
    return {
        f"cross_{mode}_{frame}": cross_reenactment_sheet(cross, mode, frame)
        for mode in MODES
        for frame in range(count)
    }
