"""Clips that drive a face, themselves or somebody else's, and what comes out scores.

Source: FSRT, arXiv 2404.09736.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from face_jax.fsrt import baselines, inference
from face_jax.fsrt.evaluation import encode_clip
from face_jax.fsrt.frame_scores import FrameScores, frame_scores
from face_jax.fsrt.inference import Model
from face_jax.fsrt.motion import MotionOptions
from face_jax.fsrt.scores import METRICS, WHOLE, Clip, region_means
from face_jax.temporal.chunks import DEFAULT_CHUNK

MODEL, COPY = "model", "copy_source"
"""Methods: the model, and the first source picture for every frame."""


@dataclasses.dataclass(frozen=True)
class Driven:
    """What came out of one driving clip.

    Attributes:
      name: what it is called.
      source: the source pictures.
      driving: the T frames that drive, and their landmarks.
      frames: int [T], their numbers in the file.
      result: float32 [T, H, W, 3] in [0, 1]; bytes would round the one or the other way
        by how many frames are rendered at a time, and scores with them.
      is_truth: whether the driving frames are what should have come out.
    """

    name: str
    source: Clip
    driving: Clip
    frames: np.ndarray
    result: np.ndarray
    is_truth: bool


class Measured(Protocol):
    """Numbers of a clip, and why others are missing."""

    @property
    def values(self) -> Mapping[str, float | None]:
        """Every metric's number, or None."""

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why there is none, by metric."""


ClipMeasure = Callable[[np.ndarray, Driven], Measured]
"""What more is measured in a result, float32 [T, H, W, 3] in [0, 255]."""


@dataclasses.dataclass(frozen=True)
class DrivenScores:
    """Scores of one driving clip.

    Attributes:
      name: of the clip.
      count: frames.
      frames: scores of single frames by method; none where there is no truth.
      means: by method, then metric: the mean over frames, or a number of the whole clip;
        None where there is none.
      reasons: by method, then metric: why there is none.
    """

    name: str
    count: int
    frames: Mapping[str, FrameScores]
    means: Mapping[str, Mapping[str, float | None]]
    reasons: Mapping[str, Mapping[str, str]]


def drive_itself(
    model: Model,
    clip: Clip,
    frames: np.ndarray,
    source: Clip,
    chunk: int = DEFAULT_CHUNK,
) -> Driven:
    """Drives the person of a clip by the same clip, in absolute mode.

    Args:
      model: the model.
      clip: T driving frames.
      frames: int [T], their numbers in the file.
      source: source pictures of the person.
      chunk: frames per compiled program; does not change the result.

    Raises:
      ValueError: frames of another size than the model's.
    """
    motion = inference.describe_frames(model, clip.frames, clip.keypoints, chunk)
    scene = encode_clip(model, source)
    result = inference.render(model, scene, motion, chunk=chunk, rounded=False)
    return Driven(clip.name, source, clip, frames, result, is_truth=True)


def drive_other(
    model: Model,
    clip: Clip,
    frames: np.ndarray,
    source: Clip,
    options: MotionOptions,
    chunk: int = DEFAULT_CHUNK,
) -> Driven:
    """Drives a person by a clip of somebody else; arguments as ``drive_itself``.

    The initial frame of relative motion is the driving frame whose keypoints are most
    like the source's.
    """
    result = inference.animate(
        model,
        encode_clip(model, source),
        clip.frames,
        options,
        initial="best",
        chunk=chunk,
        landmark_keypoints=clip.keypoints,
        rounded=False,
    )
    name = f"{source.name} driven by {clip.name}"
    return Driven(name, source, clip, frames, result, is_truth=False)


def score(driven: Driven, measure: ClipMeasure | None = None) -> DrivenScores:
    """Scores what came out, and the copied source beside it.

    Args:
      driven: what came out.
      measure: what more is measured; None for pixels alone.

    Returns:
      PSNR, SSIM and mean absolute error where there is a truth, and what ``measure``
      finds besides.
    """
    first = driven.source.frames[0] / np.float32(255)
    copies = baselines.copy_source(first, len(driven.result))
    results = {MODEL: driven.result, COPY: copies}
    frames: dict[str, FrameScores] = {}
    if driven.is_truth:
        frames = {
            method: frame_scores(method, driven.frames, result, driven.driving)
            for method, result in results.items()
        }
    means = {method: _pixel_means(scores) for method, scores in frames.items()}
    reasons: dict[str, Mapping[str, str]] = {}
    if measure is not None:
        for method, result in results.items():
            found = measure(255 * result, driven)
            means[method] = {**found.values, **means.get(method, {})}
            reasons[method] = found.reasons
    return DrivenScores(driven.name, len(driven.result), frames, means, reasons)


def _pixel_means(scores: FrameScores) -> dict[str, float | None]:
    means: dict[str, float | None] = {}
    for region, values in region_means(scores.regions, scores.values).items():
        suffix = "" if region == WHOLE else f", {region}"
        means |= {f"{metric}{suffix}": values[metric] for metric in METRICS}
    return means
