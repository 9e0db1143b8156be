"""One person driven by another: pictures, and what a wrong source costs.

There is no right answer for a source of clip X driven by clip Y, so these are
pictures to look at. What can be measured is whether the source picture matters at all:
driven by its own motion but given another person's source, a clip must come out worse.
A model that has seen few people may recognise them by keypoints and expression, and
paint them whatever the source shows.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from face_jax.fsrt import inference
from face_jax.fsrt.evaluation import encode_clip, take_frames
from face_jax.fsrt.inference import Model
from face_jax.fsrt.motion import MotionOptions, find_best_frame, transfer_jit
from face_jax.fsrt.scores import WHOLE, Clip, measure

MODES: Mapping[str, MotionOptions] = {
    "absolute": MotionOptions(),
    "relative": MotionOptions(relative=True, adapt_scale=True),
}
"""The ways to transfer motion that are shown."""


@dataclasses.dataclass(frozen=True)
class CrossReenactment:
    """Every source driven by every driver.

    Attributes:
      sources: source frames, one clip of them for each of X persons.
      drivers: the N driving frames of each of Y clips.
      results: mode to uint8 [X, Y, N, H, W, 3].
    """

    sources: Sequence[Clip]
    drivers: Sequence[Clip]
    results: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class SourceSwaps:
    """Self-reenactment with right and wrong sources.

    Attributes:
      names: of the n clips.
      psnr: [n, n] dB; row: the clip that drives and is the right answer, column: the
        clip that the source frames come from.
    """

    names: Sequence[str]
    psnr: np.ndarray

    def costs(self) -> np.ndarray:
        """[n] dB: what a wrong source costs each clip, mean over the wrong ones."""
        right = np.diagonal(self.psnr)
        wrong = (self.psnr.sum(axis=1) - right) / (len(self.names) - 1)
        return right - wrong


def cross_reenactment(
    model: Model,
    sources: Sequence[Clip],
    drivers: Sequence[Clip],
    frames: Sequence[Sequence[int] | np.ndarray],
) -> CrossReenactment:
    """Drives every source by every driver, in every mode.

    The initial frame of relative motion is the driver's frame whose keypoints are
    most like the source's.

    Args:
      model: the model.
      sources: source frames of X persons.
      drivers: Y whole clips.
      frames: for each driver the N frames to render, N the same for all.

    Returns:
      The pictures of all pairs.

    Raises:
      ValueError: frames of another size than the model's.
    """
    motions = [
        inference.describe_frames(model, driver.frames, driver.keypoints)
        for driver in drivers
    ]
    shown = [take_frames(*pair) for pair in zip(motions, frames, strict=True)]
    results: dict[str, list] = {mode: [] for mode in MODES}
    for source in sources:
        scene = encode_clip(model, source)
        state = scene.sources.frame(0)
        initial = [
            motion.frame(find_best_frame(state.keypoints, motion.keypoints))
            for motion in motions
        ]
        for mode, options in MODES.items():
            driven = [
                transfer_jit(state, *pair, options=options)
                for pair in zip(shown, initial, strict=True)
            ]
            rows = [inference.render(model, scene, motion) for motion in driven]
            results[mode].append(np.stack(rows))
    return CrossReenactment(
        sources=sources,
        drivers=[d.take(rows) for d, rows in zip(drivers, frames, strict=True)],
        results={mode: np.stack(rows) for mode, rows in results.items()},
    )


def source_swaps(
    model: Model, sources: Sequence[Clip], targets: Sequence[Clip]
) -> SourceSwaps:
    """Reconstructs every clip from its own motion with every clip's source.

    Args:
      model: the model.
      sources: source frames of n >= 2 clips.
      targets: held-out frames of the same n clips.

    Returns:
      PSNR of every pair.

    Raises:
      ValueError: fewer than two clips, or frames of another size than the model's.
    """
    if len(sources) < 2:
        raise ValueError(f"source swap: at least 2 clips expected, got {len(sources)}")
    scenes = [encode_clip(model, source) for source in sources]
    psnr = np.zeros((len(targets), len(sources)))
    for row, target in enumerate(targets):
        motion = inference.describe_frames(model, target.frames, target.keypoints)
        for column, scene in enumerate(scenes):
            result = inference.render(model, scene, motion)
            psnr[row, column] = measure(result, target)[WHOLE]["psnr"]
    return SourceSwaps([target.name for target in targets], psnr)
