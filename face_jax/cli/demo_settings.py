"""The demo's config: the user's clip, picture size and patience put into it."""

import contextlib
import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml_collections import ConfigDict

from face_jax.cli.config import load_config, plain
from face_jax.cli.runs import make_trainer
from face_jax.plots import read_metrics

TRIAL_STEPS, TRIAL_LOG = 24, 8
"""Steps that measure the speed of a machine; the last ``TRIAL_LOG`` of them count."""
EVALUATIONS = 8
"""Points of the held-out curve."""
SECONDS_PER_REPORT = 2.0

log = logging.getLogger("face_jax")


def demo_config(
    address: str, clip: Path | None, landmarks: Path | None, size: int | None
) -> ConfigDict:
    """Loads the demo's config for a clip and a picture size.

    Args:
      address: of the config.
      clip: the user's clip; None for the built-in person.
      landmarks: the clip's landmark file; None lets the model learn keypoints.
      size: side of the pictures, pixels; None keeps the config's.

    Returns:
      The config; its number of steps is still that of the file.

    Raises:
      FileNotFoundError: no such config, clip or landmark file.
      ValueError: the size is not one that the networks take.
    """
    config = load_config(address)
    config.task.evaluate_ablations = False  # measured once, at the end
    for path in filter(None, (clip, landmarks)):
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file")
    if size is not None:
        _resize(config, size)
    if clip is not None:
        _use_clip(config, clip, landmarks)
    return config


def use_source(config: ConfigDict, source: Sequence[int]) -> None:
    """Evaluates with given source frames during training, too.

    Configs that train with another number of sources choose them by themselves.
    """
    for evaluation in config.evals.values():
        item = evaluation.data.fsrt_item
        fits = len(source) == item.num_sources
        with item.unlocked(), item.ignore_type():
            item.evaluation_source_frames = tuple(source) if fits else None


def set_length(config: ConfigDict, workdir: Path, minutes: float) -> None:
    """Sets the number of steps: that of a run begun before, else by a short trial.

    Args:
      config: changed in place.
      workdir: of the run.
      minutes: how long training shall take on this machine.

    Raises:
      ValueError: the run in ``workdir`` has other data or networks.
      KeyboardInterrupt: the user stopped the trial.
    """
    stored = workdir / "config.json"
    if stored.exists():
        _follow(config, json.loads(stored.read_text(encoding="utf-8")), workdir)
        return
    if minutes <= 0:
        raise ValueError(f"--minutes: more than 0 expected, got {minutes}")
    log.info("      compiling, and measuring how fast this machine trains")
    seconds = seconds_per_step(config)
    steps = max(round(60 * minutes / seconds), TRIAL_STEPS)
    _apply(config, steps, max(1, round(SECONDS_PER_REPORT / seconds)))


def seconds_per_step(config: ConfigDict) -> float:
    """Trains a few steps in a temporary folder and reads the clock."""
    trial = config.copy_and_resolve_references()
    with trial.unlocked():
        trial.evals = ConfigDict()
        trial.run.steps = max(trial.run.steps, TRIAL_STEPS)
        trial.run.update({"stop_after": TRIAL_STEPS, "log_every": TRIAL_LOG})
    with tempfile.TemporaryDirectory() as folder, _quiet():
        state = make_trainer(trial, Path(folder)).run()
        records = read_metrics(Path(folder) / "metrics.jsonl")
    if int(state.step) < TRIAL_STEPS:
        raise KeyboardInterrupt
    return records[-1]["clock/seconds_per_step"]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hides the trial's progress, which speaks of another number of steps."""
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


def _apply(config: ConfigDict, steps: int, log_every: int) -> None:
    with config.unlocked():
        config.run.steps = steps
        config.run.log_every = log_every
        config.run.save_every = max(1, steps // 4)
        schedule = config.task.schedule
        if "decay_steps" in schedule:
            schedule.decay_steps = steps
            schedule.warmup_steps = min(schedule.warmup_steps, steps // 4)
        for evaluation in config.evals.values():
            evaluation.every = max(1, steps // EVALUATIONS)


def _follow(config: ConfigDict, stored: dict, workdir: Path) -> None:
    """Takes the length of a run that was begun before."""
    steps = stored["run"]["steps"]
    log.info("      %s has a run of %d steps; it keeps its length", workdir, steps)
    _apply(config, steps, stored["run"]["log_every"])
    given = plain(config)
    for block in ("data", "task"):
        if given[block] != stored[block]:
            raise ValueError(
                f"{workdir} belongs to a demo of another clip or size; choose another "
                "--out, or remove that folder"
            )


def _data_blocks(config: ConfigDict) -> Iterator[ConfigDict]:
    yield config.data
    for evaluation in config.evals.values():
        yield evaluation.data


def _resize(config: ConfigDict, size: int) -> None:
    if size < 32 or size % 32:
        raise ValueError(f"--size: a multiple of 32 expected, got {size}")
    networks = config.task.networks
    networks.image_size = size
    for block in (networks.encoder, networks.decoder):
        if "pixel_octaves" in block:
            # Higher octaves are the same at every pixel of such a picture.
            block.pixel_octaves = (size - 1).bit_length()
    for data in _data_blocks(config):
        data.fsrt_item.size = size
        data.synthetic.built_in.size = data.clips.frame_size = size


def _use_clip(config: ConfigDict, clip: Path, landmarks: Path | None) -> None:
    if landmarks is None:
        config.task.networks.keypoints = "learned"
        config.task.keypoint_focus = 0.0
    for data in _data_blocks(config):
        data.source = "clips"
        data.clips.update({"path": str(clip), "crop": "clip"})
        data.clips.landmarks = None if landmarks is None else str(landmarks)
