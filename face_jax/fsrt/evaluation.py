"""Does a model reenact? Held-out reconstruction against baselines, and ablations.

Self-reenactment: a source frame of a clip is driven by frames of the same clip that
training has never seen, so that the right answer is known. PSNR forgives blur, and
neighbouring frames are almost copies of each other; hence regions (mouth, eyes),
baselines that need no model, and ablations that tell whether keypoints, expression
and source picture are used at all.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from face_jax.fsrt import baselines, inference
from face_jax.fsrt.inference import Model, Scene
from face_jax.fsrt.motion import Motion
from face_jax.fsrt.scores import WHOLE, Clip, Scores, measure

METHODS = {
    "copy_source": "copy the source frame",
    "mean_frame": "mean training frame",
    "nearest_frame": "nearest training frame by its points",
    "best_frame": "best training frame (knows the answer)",
    "model": "FSRT",
}
"""The rows of a result table; all but the last need no model."""
ABLATIONS = {
    "shuffled": "driving frames shuffled in time",
    "shuffled_keypoints": "only keypoints shuffled",
    "shuffled_expression": "only expression shuffled",
    "source_keypoints": "source's keypoints",
    "source_expression": "source's expression",
    "swapped_source": "another clip's source",
}
"""What is taken away from the model, and how tables call it."""


@dataclasses.dataclass(frozen=True)
class Split:
    """Which frames of a clip were trained on and which were held out.

    Attributes:
      train: [n] frame indices.
      held_out: name of a hold-out to its [m] frame indices.
    """

    train: np.ndarray
    held_out: Mapping[str, np.ndarray]

    def thinned(self, most: int) -> "Split":
        """The split with at most so many frames in a hold-out, evenly spread."""
        return Split(
            self.train,
            {
                name: frames[np.linspace(0, len(frames) - 1, most).round().astype(int)]
                if len(frames) > most
                else frames
                for name, frames in self.held_out.items()
            },
        )


@dataclasses.dataclass(frozen=True)
class HoldOut:
    """What came out for the frames of one hold-out.

    Attributes:
      indices: [N] frames of the clip.
      methods: scores of every key of ``METHODS``.
      ablations: scores of the keys of ``ABLATIONS`` that were tried.
      result: uint8 [N, H, W, 3], the model's frames.
      nearest: uint8 [N, H, W, 3], the nearest training frames by landmarks.
    """

    indices: np.ndarray
    methods: Mapping[str, Scores]
    ablations: Mapping[str, Scores]
    result: np.ndarray
    nearest: np.ndarray

    def score(self, name: str, region: str = WHOLE, metric: str = "psnr") -> float:
        """One number of a method or an ablation."""
        return {**self.methods, **self.ablations}[name][region][metric]

    def gain(self, over: str, region: str = WHOLE) -> float:
        """PSNR of the model minus that of a baseline or an ablation, dB."""
        return self.score("model", region) - self.score(over, region)


@dataclasses.dataclass(frozen=True)
class Report:
    """Self-reenactment of one clip.

    Attributes:
      clip: its name.
      source: indices of the source frames.
      train_frames: number of training frames.
      hold_outs: name to result.
    """

    clip: str
    source: tuple[int, ...]
    train_frames: int
    hold_outs: Mapping[str, HoldOut]

    def as_dict(self) -> dict:
        """All numbers, without pictures, ready for JSON: undefined ones are None."""
        hold_outs = {
            name: {
                "frames": len(hold_out.indices),
                "methods": _defined(hold_out.methods),
                "ablations": _defined(hold_out.ablations),
            }
            for name, hold_out in self.hold_outs.items()
        }
        return {
            "clip": self.clip,
            "source_frames": list(self.source),
            "train_frames": self.train_frames,
            "hold_outs": hold_outs,
        }


def self_reenactment(
    model: Model,
    clip: Clip,
    split: Split,
    source: Sequence[int] = (0,),
    other: Clip | None = None,
) -> Report:
    """Scores a model on held-out frames of one clip against all baselines.

    Motion is absolute. A source frame is never scored: copying it would be exact.

    Args:
      model: the model.
      clip: the whole clip.
      split: its training and held-out frames.
      source: indices of the source frames.
      other: source frames of another person for the ablation ``swapped_source``; None
        leaves that out.

    Returns:
      The report.

    Raises:
      ValueError: frames of another size than the model's, no training frame, or fewer
        than two frames in a hold-out.
    """
    _check_size(model, clip)
    check_split(clip, split, source)
    motion = inference.describe_frames(model, clip.frames, clip.keypoints)
    points = motion.keypoints if clip.landmarks is None else clip.landmarks
    scene = encode_clip(model, clip.take(source))
    other_scene = None if other is None else encode_clip(model, other)
    hold_outs = {}
    for name, frames in split.held_out.items():
        indices = np.setdiff1d(frames, source)
        copies = _copies(clip, np.asarray(points), split.train, indices, source[0])
        driving, target = take_frames(motion, indices), clip.take(indices)
        result = inference.render(model, scene, driving)
        predictions = {**copies, "model": result}
        hold_outs[name] = HoldOut(
            indices=indices,
            methods={key: measure(x, target) for key, x in predictions.items()},
            ablations=_ablate(model, scene, driving, target, other_scene),
            result=result,
            nearest=copies["nearest_frame"],
        )
    return Report(clip.name, tuple(source), len(split.train), hold_outs)


def check_split(clip: Clip, split: Split, source: Sequence[int]) -> None:
    """Refuses a clip that is too short to be trained on and measured.

    Raises:
      ValueError: no training frame, or fewer than two frames in a hold-out.
    """
    if not len(split.train):
        raise ValueError(f"{clip.name}: no training frame is left beside the hold-outs")
    for name, frames in split.held_out.items():
        count = len(np.setdiff1d(frames, source))
        if count < 2:
            raise ValueError(
                f"{clip.name}: at least 2 frames expected in hold-out {name!r}, got "
                f"{count} beside the source frames, of {len(clip)} in the clip"
            )


def encode_clip(model: Model, sources: Clip) -> Scene:
    """Encodes all frames of a clip as the sources of one identity."""
    _check_size(model, sources)
    return inference.encode_sources(model, sources.frames, sources.keypoints)


def take_frames(motion: Motion, indices: Sequence[int] | np.ndarray) -> Motion:
    """The motion of some frames, in the given order."""
    return jax.tree.map(lambda rows: rows[np.asarray(indices)], motion)


def _copies(
    clip: Clip, points: np.ndarray, train: np.ndarray, held_out: np.ndarray, source: int
) -> dict[str, np.ndarray]:
    """What each baseline answers for the held-out frames."""
    training = clip.frames[train]
    nearest = baselines.nearest_by_points(points[train], points[held_out])
    best = baselines.nearest_by_pixels(training, clip.frames[held_out])
    return {
        "copy_source": baselines.copy_source(clip.frames[source], len(held_out)),
        "mean_frame": baselines.mean_frame(training, len(held_out)),
        "nearest_frame": training[nearest],
        "best_frame": training[best],
    }


def _ablate(
    model: Model, scene: Scene, driving: Motion, target: Clip, other: Scene | None
) -> dict[str, Scores]:
    """Scores with something taken away from what makes the picture."""
    shuffled = take_frames(driving, shuffled_order(len(driving)))
    still = take_frames(scene.sources, np.zeros(len(driving), np.int64))
    motions = {
        "shuffled": shuffled,
        "shuffled_keypoints": Motion(shuffled.keypoints, driving.expression),
        "shuffled_expression": Motion(driving.keypoints, shuffled.expression),
        "source_keypoints": Motion(still.keypoints, driving.expression),
        "source_expression": Motion(driving.keypoints, still.expression),
    }
    scores = {
        name: measure(inference.render(model, scene, motion), target)
        for name, motion in motions.items()
    }
    if other is not None:
        result = inference.render(model, other, driving)
        scores["swapped_source"] = measure(result, target)
    return scores


def shuffled_order(count: int) -> np.ndarray:
    """A fixed permutation of ``count`` >= 2 frames in which every frame moves."""
    order = np.random.default_rng(0).permutation(count)
    shuffled = np.empty_like(order)
    shuffled[order] = np.roll(order, 1)  # one cycle through all frames
    return shuffled


def _defined(values: Any) -> Any:
    """Nested dictionaries with None for every NaN."""
    if isinstance(values, Mapping):
        return {key: _defined(value) for key, value in values.items()}
    return None if math.isnan(values) else values


def _check_size(model: Model, clip: Clip) -> None:
    size = model.image_size
    if clip.frames.shape[1:] != (size, size, 3):
        raise ValueError(
            f"{clip.name}: frames of the model's size {size}x{size}x3 expected, "
            f"got {list(clip.frames.shape[1:])}"
        )
