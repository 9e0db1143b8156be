"""What is told of clips that were driven: tables, numbers, and pictures to look at."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from face_jax import viz
from face_jax.fsrt.driven_clips import COPY, MODEL, Driven, DrivenScores
from face_jax.fsrt.evaluation import METHODS
from face_jax.fsrt.frame_scores import worst_frames
from face_jax.fsrt.sheets import LARGEST_ERROR, Sheet, cell, spread
from face_jax.plots import plot_histograms
from face_jax.tables import Cell, Table

Mean = Mapping[str, float | int | None]
"""``mean`` of a metric, None without any clip, how many ``clips`` count, and, of what all
of their frames together have, how many ``frames``."""

Together = Mapping[str, Mapping[str, Mean]]
"""By method, then metric: what no clip has alone."""

SHOWN = 6
"""Frames in a sheet."""


def overall(
    found: Sequence[DrivenScores], method: str, together: Together
) -> dict[str, Mean]:
    """Means of a method over the clips that have a number, by metric.

    Args:
      found: scores of all clips.
      method: which.
      together: what stands instead of the means.
    """
    names = list(dict.fromkeys(n for scores in found for n in scores.means[method]))
    means: dict[str, Mean] = {}
    for name in names:
        values = [_finite(scores.means[method].get(name)) for scores in found]
        known = [value for value in values if value is not None]
        mean = float(np.mean(known)) if known else None
        means[name] = {"mean": mean, "clips": len(known)}
    return means | dict(together.get(method, {}))


def as_dict(found: Sequence[DrivenScores], together: Together) -> dict[str, Any]:
    """All numbers as JSON-like data; arguments as ``overall``."""
    clips = [
        {
            "name": scores.name,
            "frames": scores.count,
            "methods": {
                method: {name: _finite(value) for name, value in means.items()}
                for method, means in scores.means.items()
            },
            "reasons": {m: dict(found) for m, found in scores.reasons.items()},
        }
        for scores in found
    ]
    means = {method: overall(found, method, together) for method in (MODEL, COPY)}
    return {"clips": clips, "overall": means}


def overview(
    found: Sequence[DrivenScores], definitions: Mapping[str, str], together: Together
) -> Table:
    """Metrics that some clip has, of the model and of the copied source.

    Args:
      found: scores of all clips.
      definitions: of metrics, with their units; those of regions are called after them.
      together: what stands instead of the means.
    """
    model, copy = (overall(found, method, together) for method in (MODEL, COPY))
    rows: list[list[Cell]] = [
        [
            _titled(name, definitions),
            copy[name]["mean"],
            model[name]["mean"],
            model[name]["clips"],
        ]
        for name in model
        if model[name]["clips"] or copy[name]["clips"]
    ]
    title = f"{len(found)} clips: means over frames, then over clips"
    header = ("", METHODS[COPY], METHODS[MODEL], "clips that count")
    return Table(title, header, rows, decimals=4)


def not_measured(found: Sequence[DrivenScores], together: Together) -> dict[str, str]:
    """Metrics that have no number for the model, with a reason; as ``overall``."""
    means = overall(found, MODEL, together)
    absent = [name for name, mean in means.items() if not mean["clips"]]
    reasons = {n: r for scores in found for n, r in scores.reasons[MODEL].items()}
    return {name: reasons.get(name, "is not defined") for name in absent}


def clip_table(found: Sequence[DrivenScores], metric: str, title: str) -> Table:
    """A row for each clip: a metric of the copied source and of the model."""
    rows: list[list[Cell]] = []
    for scores in found:
        copy, model = (scores.means[method].get(metric) for method in (COPY, MODEL))
        gain = None if copy is None or model is None else model - copy
        rows.append([scores.name, scores.count, copy, model, gain])
    header = ("", "frames", METHODS[COPY], METHODS[MODEL], "difference")
    return Table(title, header, rows, decimals=3)


def driven_sheet(driven: Driven) -> Sheet:
    """Source, driving frame, result, and the error where there is a truth."""
    chosen = spread(len(driven.result), min(SHOWN, len(driven.result)))
    results = viz.to_uint8(driven.result[chosen])
    shown = list(zip(driven.driving.frames[chosen], results, strict=True))
    rows = {
        "source": [cell(driven.source.frames[0])] * len(chosen),
        "driving": [cell(driving) for driving, _ in shown],
        "result": [cell(result) for _, result in shown],
    }
    if driven.is_truth:
        errors = [viz.error_map(d, r, LARGEST_ERROR) for d, r in shown]
        rows["error"] = [cell(error) for error in errors]
    return Sheet(rows, [f"frame {driven.frames[row]}" for row in chosen])


def sheets(driven: Driven, scores: DrivenScores) -> dict[str, Sheet]:
    """Sheets by what they show: evenly spread frames, and the worst."""
    found = {"frames": driven_sheet(driven)}
    if driven.is_truth:
        worst = worst_frames(driven.result, driven.driving, scores.frames[MODEL])
        found["worst"] = worst
    return found


def histogram(found: Sequence[DrivenScores]) -> bytes:
    """PSNR of all frames by method, as SVG."""
    values = {
        METHODS[method]: np.concatenate([s.frames[method].psnr for s in found])
        for method in (MODEL, COPY)
    }
    return plot_histograms(values, value_label="PSNR in dB")


def _titled(name: str, definitions: Mapping[str, str]) -> str:
    metric, _, region = name.partition(", ")
    if region:
        return f"{metric} of {region}"
    return f"{metric}: {definitions[metric]}" if metric in definitions else metric


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
