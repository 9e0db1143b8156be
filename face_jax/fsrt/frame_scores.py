"""How good every single frame of an evaluation is, and which are the worst."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from face_jax import viz
from face_jax.fsrt.evaluation import HoldOut
from face_jax.fsrt.scores import METRICS, WHOLE, Clip, measure_frames
from face_jax.fsrt.sheets import LARGEST_ERROR, Sheet, cell

COLUMNS = ("clip", "hold_out", "frame", "region", *METRICS)
"""Of the table of all frames."""
WORST = 6


@dataclasses.dataclass(frozen=True)
class FrameScores:
    """The model's scores on the frames of one hold-out.

    Attributes:
      clip: name of the clip.
      hold_out: name of the hold-out.
      frames: [N] numbers of the frames in the clip.
      regions: names of R regions.
      values: float32 [N, R, metrics] in the order of ``METRICS``; NaN where a region is
        not known.
    """

    clip: str
    hold_out: str
    frames: np.ndarray
    regions: tuple[str, ...]
    values: np.ndarray

    def rows(self) -> list[list[Any]]:
        """Rows of ``COLUMNS``, frame by frame; None where a score is not defined."""
        found = []
        for frame, of_regions in zip(self.frames, self.values, strict=True):
            for region, scores in zip(self.regions, of_regions, strict=True):
                told = [float(s) if np.isfinite(s) else None for s in scores]
                found.append([self.clip, self.hold_out, int(frame), region, *told])
        return found

    @property
    def psnr(self) -> np.ndarray:
        """[N] of the whole frames, dB."""
        row, column = self.regions.index(WHOLE), METRICS.index("psnr")
        return self.values[:, row, column]


def frame_scores(clip: Clip, name: str, hold_out: HoldOut) -> FrameScores:
    """Scores the frames of a hold-out one by one.

    Args:
      clip: the whole clip.
      name: of the hold-out.
      hold_out: what came out.
    """
    target = clip.take(hold_out.indices)
    regions, values = measure_frames(hold_out.result, target)
    return FrameScores(clip.name, name, hold_out.indices, regions, values)


def worst_frames(clip: Clip, hold_out: HoldOut, scores: FrameScores) -> Sheet:
    """Driving frame, result and error of the frames with the lowest PSNR."""
    chosen = np.argsort(scores.psnr, kind="stable")[:WORST]
    pairs = [
        (hold_out.result[row], clip.frames[hold_out.indices[row]]) for row in chosen
    ]
    rows = {
        "driving": [cell(target) for _, target in pairs],
        "result": [cell(result) for result, _ in pairs],
        "error": [cell(viz.error_map(*pair, LARGEST_ERROR)) for pair in pairs],
    }
    titles = [
        f"frame {hold_out.indices[row]}: {scores.psnr[row]:.1f} dB" for row in chosen
    ]
    return Sheet(rows, titles)


def curves(found: Sequence[FrameScores]) -> bytes:
    """PSNR of whole frames along their clips, a line each, as SVG."""
    records, names = [], []
    for scores in found:
        names.append(f"{scores.clip}, {scores.hold_out}")
        records += [
            {"step": int(frame), names[-1]: float(value)}
            for frame, value in zip(scores.frames, scores.psnr, strict=True)
        ]
    return viz.plot_metrics(
        records, names, step_label="frame", value_label="PSNR in dB"
    )
