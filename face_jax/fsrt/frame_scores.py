"""How good every single frame of an evaluation is, and which are the worst."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from face_jax import viz
from face_jax.fsrt.scores import METRICS, WHOLE, Clip, measure_frames
from face_jax.fsrt.sheets import LARGEST_ERROR, Sheet, cell
from face_jax.plots import plot_metrics

WORST = 6
"""Frames that a sheet of the worst shows."""


@dataclasses.dataclass(frozen=True)
class FrameScores:
    """Scores of some frames of a clip, those of a hold-out or those of a method.

    Attributes:
      clip: name of the clip.
      group: name of the hold-out or of the method.
      frames: [N] numbers of the frames in the clip.
      regions: names of R regions.
      values: float32 [N, R, metrics] in the order of ``METRICS``; NaN where a region is
        not known.
    """

    clip: str
    group: str
    frames: np.ndarray
    regions: tuple[str, ...]
    values: np.ndarray

    def rows(self) -> list[list[Any]]:
        """Rows of ``columns``, frame by frame; None where a score is not defined."""
        found = []
        for frame, of_regions in zip(self.frames, self.values, strict=True):
            for region, scores in zip(self.regions, of_regions, strict=True):
                told = [float(s) if np.isfinite(s) else None for s in scores]
                found.append([self.clip, self.group, int(frame), region, *told])
        return found

    @property
    def psnr(self) -> np.ndarray:
        """[N] of the whole frames, dB."""
        row, column = self.regions.index(WHOLE), METRICS.index("psnr")
        return self.values[:, row, column]


def columns(group: str) -> tuple[str, ...]:
    """Names of the columns of a table of all frames; the second one is ``group``."""
    return ("clip", group, "frame", "region", *METRICS)


def frame_scores(
    group: str, frames: np.ndarray, prediction: np.ndarray, target: Clip
) -> FrameScores:
    """Scores frames one by one.

    Args:
      group: name of the hold-out or of the method.
      frames: int [N], numbers of the frames in their clip.
      prediction: uint8, or float32 in [0, 1], [N, H, W, 3].
      target: the N true frames.

    Raises:
      ValueError: the frames differ in number or size.
    """
    regions, values = measure_frames(prediction, target)
    return FrameScores(target.name, group, frames, regions, values)


def worst_frames(prediction: np.ndarray, target: Clip, scores: FrameScores) -> Sheet:
    """Driving frame, result and error of the frames with the lowest PSNR.

    Args:
      prediction: uint8, or float32 in [0, 1], [N, H, W, 3].
      target: the N true frames.
      scores: of these frames.
    """
    chosen = np.argsort(scores.psnr, kind="stable")[:WORST]
    results = viz.to_uint8(prediction[chosen])
    pairs = list(zip(results, target.frames[chosen], strict=True))
    rows = {
        "driving": [cell(target) for _, target in pairs],
        "result": [cell(result) for result, _ in pairs],
        "error": [cell(viz.error_map(*pair, LARGEST_ERROR)) for pair in pairs],
    }
    titles = [
        f"frame {scores.frames[row]}: {scores.psnr[row]:.1f} dB" for row in chosen
    ]
    return Sheet(rows, titles)


def curves(found: Sequence[FrameScores]) -> bytes:
    """PSNR of whole frames along their clips, a line each, as SVG."""
    records, names = [], []
    for scores in found:
        names.append(f"{scores.clip}, {scores.group}")
        records += [
            {"step": int(frame), names[-1]: float(value)}
            for frame, value in zip(scores.frames, scores.psnr, strict=True)
        ]
    return plot_metrics(records, names, step_label="frame", value_label="PSNR in dB")
