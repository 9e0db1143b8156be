"""Reenactment with known answers: people whose every picture can be rendered.

Of real people nobody knows what one looks like in another's pose. Of synthetic people
it is known: the same person is rendered in the other's pose, with the other's
expression, or with both.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from face_jax.fsrt import baselines, inference
from face_jax.fsrt.evaluation import encode_clip
from face_jax.fsrt.inference import Model
from face_jax.fsrt.motion import MotionOptions, transfer_jit
from face_jax.fsrt.scores import WHOLE, Clip, Scores, measure
from face_jax.fsrt.sheets import Sheet, cell
from face_jax.tables import Cell, Table

BOTH, POSE, EXPRESSION = "pose and expression", "pose", "expression"
"""What a person takes from the driver; the keys of ``Encounter.truths``."""

_RELATIVE = MotionOptions(relative=True, adapt_scale=True)


@dataclasses.dataclass(frozen=True)
class Mode:
    """A way to transfer motion, and what it should give.

    Attributes:
      truth: what the person takes from the driver.
      options: of the transfer.
    """

    truth: str
    options: MotionOptions


MODES: Mapping[str, Mode] = {
    "absolute": Mode(BOTH, MotionOptions()),
    "relative": Mode(BOTH, _RELATIVE),
    "pose alone": Mode(POSE, dataclasses.replace(_RELATIVE, expression_strength=0.0)),
    "expression alone": Mode(
        EXPRESSION, dataclasses.replace(_RELATIVE, pose_strength=0.0)
    ),
}
"""Modes by the names that tables give them."""


@dataclasses.dataclass(frozen=True)
class Encounter:
    """A person, a driver, and what should come of it.

    Attributes:
      source: one frame of the person.
      initial: one frame of the driver in the same state as the source.
      driver: N frames.
      truths: N frames of the person for each of ``BOTH``, ``POSE``, ``EXPRESSION``.
      stranger: one frame of somebody else.
    """

    source: Clip
    initial: Clip
    driver: Clip
    truths: Mapping[str, Clip]
    stranger: Clip


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a model made of an encounter.

    Attributes:
      results: mode to uint8 [N, H, W, 3].
      scores: mode to scores of ``copy_source``, ``copy_driver``, ``model`` and
        ``stranger``, the model's picture with the stranger as its source.
    """

    results: Mapping[str, np.ndarray]
    scores: Mapping[str, Mapping[str, Scores]]


def reenact(model: Model, encounter: Encounter) -> Outcome:
    """Drives a person in every mode and compares with the truth.

    Args:
      model: the model.
      encounter: person, driver and truths.

    Raises:
      ValueError: frames of another size than the model's.
    """
    scene = encode_clip(model, encounter.source)
    other = encode_clip(model, encounter.stranger)
    driving = _describe(model, encounter.driver)
    initial = _describe(model, encounter.initial).frame(0)
    results, scores = {}, {}
    for name, mode in MODES.items():
        truth = encounter.truths[mode.truth]
        options = inference.complete(mode.options, model)
        made = [
            inference.render(
                model,
                whose,
                transfer_jit(whose.sources.frame(0), driving, initial, options=options),
            )
            for whose in (scene, other)
        ]
        results[name] = made[0]
        copied = baselines.copy_source(encounter.source.frames[0], len(truth))
        scores[name] = {
            "copy_source": measure(copied, truth),
            "copy_driver": measure(encounter.driver.frames, truth),
            "model": measure(made[0], truth),
            "stranger": measure(made[1], truth),
        }
    return Outcome(results, scores)


def _describe(model: Model, clip: Clip) -> inference.Motion:
    return inference.describe_frames(model, clip.frames, clip.keypoints)


def outcome_table(title: str, outcomes: Sequence[Outcome]) -> Table:
    """Mean PSNR of every mode: baselines, the model, and what a wrong source costs.

    Args:
      title: whose encounters these are.
      outcomes: at least one.
    """
    regions = list(next(iter(outcomes[0].scores.values()))["model"])
    rows: list[list[Cell]] = []
    for mode in MODES:
        found = {
            who: _mean([outcome.scores[mode][who] for outcome in outcomes])
            for who in ("copy_source", "copy_driver", "model", "stranger")
        }
        whole = {who: psnr[WHOLE] for who, psnr in found.items()}
        row: list[Cell] = [mode, whole["copy_source"], whole["copy_driver"]]
        row += [whole["model"], whole["model"] - whole["copy_source"]]
        row.append(whole["model"] - whole["stranger"])
        for region in regions[1:]:
            row += [found["copy_source"][region], found["model"][region]]
        rows.append(row)
    header = ["", "copy source", "copy driver", "FSRT", "over source", "wrong source"]
    for region in regions[1:]:
        header += [f"{region}: source", f"{region}: FSRT"]
    return Table(f"{title}: PSNR in dB against the truth", header, rows)


def _mean(scores: Sequence[Scores]) -> dict[str, float]:
    """PSNR by region, mean over encounters."""
    return {
        region: float(np.mean([score[region]["psnr"] for score in scores]))
        for region in scores[0]
    }


def outcome_sheet(encounter: Encounter, outcome: Outcome, columns: int = 6) -> Sheet:
    """Driver, truths and results of some frames, below the source.

    Args:
      encounter: person, driver and truths.
      outcome: what came of it.
      columns: frames that are shown, spread evenly.
    """
    count = len(encounter.driver)
    chosen = np.linspace(0, count - 1, min(columns, count)).round().astype(int)
    rows = {
        "source": [cell(encounter.source.frames[0])] * len(chosen),
        "driver": [cell(frame) for frame in encounter.driver.frames[chosen]],
    }
    shown = set()
    for name, mode in MODES.items():
        if mode.truth not in shown:
            truth = encounter.truths[mode.truth].frames[chosen]
            rows[f"true {mode.truth}"] = [cell(frame) for frame in truth]
            shown.add(mode.truth)
        rows[name] = [cell(frame) for frame in outcome.results[name][chosen]]
    return Sheet(rows, [f"frame {index}" for index in chosen])
