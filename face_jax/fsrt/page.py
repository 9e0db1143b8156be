"""One HTML page that shows a trained model: what it learned, and how well."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from face_jax import report
from face_jax.fsrt.cross_reenactment import MODES
from face_jax.fsrt.evaluation import METHODS
from face_jax.fsrt.sheets import LARGEST_ERROR, Sheet
from face_jax.fsrt.suite import DRIVING_HOLD_OUT, Results, sheet_name
from face_jax.fsrt.summary import (
    ablation_table,
    method_table,
    overview_table,
    swap_table,
)
from face_jax.plots import plot_metrics
from face_jax.tables import to_html

TITLE = "A face, learned and reenacted"
CURVES = {
    "tail/psnr": "held-out frames",
    "tail/psnr_copy": "copying the source frame",
}
"""Evaluation figures that are drawn over training, and what the plot calls them."""


@dataclasses.dataclass(frozen=True)
class Story:
    """What the page tells.

    Attributes:
      results: of the evaluation.
      records: lines of ``metrics.jsonl``.
      video: contents of an mp4, driver on the left and result on the right.
      seconds: training time.
      parameters: number of weights.
      facts: machine and settings, name to value.
      commands: what to try next, shell lines.
    """

    results: Results
    records: Sequence[Mapping[str, Any]]
    video: bytes
    seconds: float
    parameters: int
    facts: Mapping[str, str]
    commands: Sequence[str]


def build_page(story: Story) -> str:
    """The page as one self-contained HTML document."""
    lead = (
        f"A small face transformer (FSRT, {story.parameters / 1e6:.2f} million weights) "
        f"watched one clip for {_minutes(story.seconds)}. It now paints that face from a "
        "single source picture in the pose and expression of a driving frame, "
        "including frames that it has never seen."
    )
    sections = [
        report.Section("Driver and result", _opening(story)),
        report.Section("Frames it never saw", _pictures(story.results)),
        report.Section("Is it better than copying?", _numbers(story.results)),
        report.Section("Does it follow the driver?", _ablations(story.results)),
        report.Section("Training", _training(story)),
        report.Section("What next", _next_steps(story)),
    ]
    return report.page(TITLE, lead, sections)


def training_curves(records: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """Records with everything that the plot draws, in dB.

    Args:
      records: lines of ``metrics.jsonl``.

    Returns:
      One dictionary for each record, with ``step`` and the names of the curves.
    """
    curves = []
    for record in records:
        values = {title: record.get(name) for name, title in CURVES.items()}
        error = record.get("train/generator/mse")
        if error is not None and error > 0:
            values["training pixels"] = -10 * math.log10(error)
        known = {title: value for title, value in values.items() if value is not None}
        curves.append({"step": record["step"], **known})
    return curves


def _opening(story: Story) -> list[str]:
    found = story.results.reports[0].hold_outs[DRIVING_HOLD_OUT]
    numbers = {
        "PSNR on the last 20 % of the clip, never trained on": f"{found.score('model'):.1f} dB",
        "over copying the source frame": f"{found.gain('copy_source'):+.1f} dB",
        "lost when the driving frames are shuffled": f"{found.gain('shuffled'):.1f} dB",
        "of training": _minutes(story.seconds),
    }
    caption = (
        "Left: the driving clip. Right: what the model paints from the source picture "
        "and the driver's keypoints and expression. The strip below says which frames "
        "training has seen."
    )
    return [report.highlights(numbers), report.video(story.video, caption)]


def _pictures(results: Results) -> list[str]:
    name = sheet_name(results.reports[0].clip, DRIVING_HOLD_OUT)
    caption = (
        "Source, driving frame and result at frames from the last 20 % of the clip; "
        "below them the training frame whose points are nearest, and the error (white "
        f"is an error of {LARGEST_ERROR})"
    )
    crops = ", and crops" if _has_regions(results) else ""
    blocks = [_rows(results.sheets[name], f"{caption}{crops}.")]
    if results.swaps is not None:
        for mode in MODES:
            caption = (
                f"Every source (rows) driven by every clip (columns), {mode} motion."
            )
            blocks.append(_rows(results.sheets[f"cross_{mode}_0"], caption))
    return blocks


def _numbers(results: Results) -> list[str]:
    regions = ""
    if _has_regions(results):
        regions = "PSNR forgives blur, so mouth and eyes are measured by themselves. "
    explanation = (
        "Peak signal-to-noise ratio on frames left out of training: the last 20 % of the "
        "clip, and every 5th frame before it, whose neighbours were trained on. "
        f"{regions}The best training frame is chosen by looking at the answer: on the whole frame "
        "no copy can do better."
    )
    blocks = [report.text(explanation)]
    if len(results.reports) > 1:
        blocks.append(to_html(overview_table(results.reports)))
    return blocks + [to_html(method_table(found)) for found in results.reports[:1]]


def _ablations(results: Results) -> list[str]:
    explanation = (
        "A picture that hardly depends on its driver can still score well. Here parts of "
        "the motion are shuffled in time or taken from the source; the more "
        f"{METHODS['model']} loses, the more it uses them."
    )
    blocks = [report.text(explanation), to_html(ablation_table(results.reports[0]))]
    if results.swaps is not None:
        blocks.append(to_html(swap_table(results.swaps)))
    return blocks


def _training(story: Story) -> list[str]:
    records = training_curves(story.records)
    names = ["training pixels", *CURVES.values()]
    light, dark = (
        plot_metrics(records, names, value_label="PSNR, dB", dark=dark)
        for dark in (False, True)
    )
    caption = "PSNR over training: pixels of training frames, and held-out frames."
    return [report.plot(light, dark, caption), report.facts(story.facts)]


def _next_steps(story: Story) -> list[str]:
    return [
        report.text("Train on a clip of your own, drive a picture, or look closer:"),
        report.commands(story.commands),
    ]


def _has_regions(results: Results) -> bool:
    found = results.reports[0].hold_outs[DRIVING_HOLD_OUT]
    return len(found.methods["model"]) > 1


def _rows(sheet: Sheet, caption: str) -> str:
    return report.picture_rows(sheet.rows, sheet.columns, caption)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
