"""Clips that drive a face, themselves or somebody else's, and what comes out scores.

Source: FSRT, arXiv 2404.09736.
"""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import numpy as np

from face_jax import viz
from face_jax.fsrt import baselines, inference
from face_jax.fsrt.evaluation import encode_clip
from face_jax.fsrt.frame_scores import FrameScores, frame_scores
from face_jax.fsrt.inference import Model
from face_jax.fsrt.motion import MotionOptions
from face_jax.fsrt.scores import METRICS, WHOLE, Clip, region_means, unit_range
from face_jax.metrics.image import SMALLEST_MS_SSIM_SIDE, ms_ssim
from face_jax.temporal.chunks import DEFAULT_CHUNK, in_batches
from face_jax.types import Array

MODEL, COPY = "model", "copy_source"
"""Methods: the model, and the first source picture for every frame."""
MS_SSIM = "ms_ssim"
MS_SSIM_AT_ONCE = 8
"""Frames of one compiled measurement."""

ClipMeasure = Callable[[np.ndarray, Clip, Clip], Mapping[str, float | None]]
"""What more is measured in a result, uint8 [T, H, W, 3], of a driving clip of T frames
and the source pictures: a number for each name, or None where it is not defined."""


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


@dataclasses.dataclass(frozen=True)
class DrivenScores:
    """Scores of one driving clip.

    Attributes:
      name: of the clip.
      count: frames.
      frames: scores of single frames by method; none where there is no truth.
      means: by method, then metric: the mean over frames, or a number of the whole clip.
    """

    name: str
    count: int
    frames: Mapping[str, FrameScores]
    means: Mapping[str, Mapping[str, float | None]]


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
      PSNR, SSIM and mean absolute error where there is a truth, MS-SSIM if the pictures
      are large enough for it, and what ``measure`` finds.
    """
    copies = baselines.copy_source(driven.source.frames[0], len(driven.result))
    results = {MODEL: driven.result, COPY: copies}
    frames: dict[str, FrameScores] = {}
    if driven.is_truth:
        frames = {
            method: frame_scores(method, driven.frames, result, driven.driving)
            for method, result in results.items()
        }
    means = {}
    for method, result in results.items():
        found = _pixel_means(frames.get(method), result, driven.driving)
        given = (viz.to_uint8(result), driven.driving, driven.source)
        more = {} if measure is None else measure(*given)
        means[method] = {**found, **more}
    return DrivenScores(driven.name, len(driven.result), frames, means)


def _pixel_means(
    scores: FrameScores | None, result: np.ndarray, target: Clip
) -> dict[str, float | None]:
    if scores is None:
        return {}
    means: dict[str, float | None] = {}
    for region, values in region_means(scores.regions, scores.values).items():
        suffix = "" if region == WHOLE else f", {region}"
        means |= {f"{metric}{suffix}": values[metric] for metric in METRICS}
    small = min(result.shape[1:3]) < SMALLEST_MS_SSIM_SIDE
    return means | {MS_SSIM: None if small else _mean_ms_ssim(result, target.frames)}


def _mean_ms_ssim(result: np.ndarray, target: np.ndarray) -> float:
    values = in_batches(_ms_ssim, result, target, size=MS_SSIM_AT_ONCE)
    return float(np.mean(values, dtype=np.float64))


@jax.jit
def _ms_ssim(result: Array, target: Array) -> Array:
    return ms_ssim(unit_range(result), unit_range(target))
