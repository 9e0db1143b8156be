"""Clips with known answers, and how close predicted frames come to them."""

import dataclasses
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.metrics import image as image_metrics
from face_jax.types import Array

WHOLE = "whole frame"
"""Name of the region that is everything."""
METRICS = ("psnr", "ssim", "l1")
"""What is measured in every region; functions of ``face_jax.metrics.image``."""
FRAMES_AT_ONCE = 32
"""Frames of one compiled measurement."""

Scores = dict[str, dict[str, float]]
"""Region to metric to its mean over frames."""


@dataclasses.dataclass(frozen=True)
class Clip:
    """Frames of one person, cropped to the face and at the model's size.

    Attributes:
      name: what tables call it.
      frames: uint8 [T, H, W, 3].
      keypoints: float32 [T, K, 2] in pixel coordinates (±1 the picture's edges), for
        models with ``keypoints="landmarks"``; None for others.
      landmarks: float32 [T, 68, 2] in pixels of the frames, or None where there are
        none.
      regions: name to boxes [T, 4] (left, top, right, bottom), edges in pixels of the
        frames (column 0 covers 0 to 1), NaN where unknown; measured besides the whole.
    """

    name: str
    frames: np.ndarray
    keypoints: np.ndarray | None = None
    landmarks: np.ndarray | None = None
    regions: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frames)

    def take(self, indices: Sequence[int] | np.ndarray) -> "Clip":
        """The clip of some of its frames, in the given order."""
        rows = np.asarray(indices)

        def pick(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[rows]

        return Clip(
            name=self.name,
            frames=self.frames[rows],
            keypoints=pick(self.keypoints),
            landmarks=pick(self.landmarks),
            regions={name: boxes[rows] for name, boxes in self.regions.items()},
        )


def measure(prediction: np.ndarray, target: Clip) -> Scores:
    """Mean scores of predicted frames against a clip's, in every region.

    Args:
      prediction: uint8, or float32 in [0, 1], [N, H, W, 3].
      target: the N true frames and their regions.

    Returns:
      Region to ``psnr`` (dB), ``ssim`` and ``l1``, each the mean over the frames whose
      box is known; NaN where that is none.

    Raises:
      ValueError: the frames differ in number or size.
    """
    return region_means(*measure_frames(prediction, target))


def region_means(regions: Sequence[str], values: np.ndarray) -> Scores:
    """Means over frames; arguments are results of ``measure_frames``."""
    return {
        region: dict(zip(METRICS, _mean_of_known(values[:, row]), strict=True))
        for row, region in enumerate(regions)
    }


def measure_frames(
    prediction: np.ndarray, target: Clip
) -> tuple[tuple[str, ...], np.ndarray]:
    """The scores of every frame, see ``measure``.

    Args:
      prediction: uint8, or float32 in [0, 1], [N, H, W, 3].
      target: the N true frames and their regions.

    Returns:
      Names of R regions, and float32 [N, R, metrics] in the order of ``METRICS``; NaN
      where a box is not known.

    Raises:
      ValueError: the frames differ in number or size.
    """
    if prediction.shape != target.frames.shape:
        raise ValueError(
            f"{target.name}: predicted frames {list(target.frames.shape)} expected, "
            f"got {list(prediction.shape)}"
        )
    height, width = target.frames.shape[1:3]
    everything = np.array([0, 0, width, height], np.float32)
    regions = {WHOLE: np.tile(everything, (len(target), 1)), **target.regions}
    boxes = np.stack(list(regions.values()), axis=1).astype(np.float32)
    return tuple(regions), _measure_frames(prediction, target.frames, boxes)


def _measure_frames(
    prediction: np.ndarray, target: np.ndarray, boxes: np.ndarray
) -> np.ndarray:
    """Scores [N, regions, metrics], measured in blocks of one compiled size."""
    parts = []
    for begin in range(0, len(target), FRAMES_AT_ONCE):
        block = slice(begin, begin + FRAMES_AT_ONCE)
        rows = (_filled_up(x[block]) for x in (prediction, target, boxes))
        parts.append(_measure_block(*rows))
    return np.concatenate(parts)[: len(target)]


@jax.jit
def _measure_block(prediction: Array, target: Array, boxes: Array) -> Array:
    """Scores [N, regions, metrics] of N frames in boxes [N, regions, 4]."""
    prediction, target = unit_range(prediction), unit_range(target)

    def in_region(region: Array) -> Array:
        weights = image_metrics.box_weights(region, *target.shape[1:3])
        functions = [getattr(image_metrics, name) for name in METRICS]
        return jnp.stack([f(prediction, target, weights) for f in functions], axis=-1)

    return jax.vmap(in_region, in_axes=1, out_axes=1)(boxes)


def unit_range(images: Array) -> Array:
    """Images as float32 in [0, 1], whether they are bytes or that already."""
    if images.dtype == jnp.uint8:
        return images.astype(jnp.float32) / 255.0
    return images.astype(jnp.float32)


def _filled_up(rows: np.ndarray) -> np.ndarray:
    """Repeats the last row up to ``FRAMES_AT_ONCE``."""
    missing = FRAMES_AT_ONCE - len(rows)
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])


def _mean_of_known(values: np.ndarray) -> list[float]:
    """Mean of each metric in [N, metrics] over the rows without NaN."""
    known = values[~np.isnan(values).any(axis=1)]
    if not len(known):
        return [float("nan")] * values.shape[1]
    return [float(value) for value in known.mean(axis=0, dtype=np.float64)]
