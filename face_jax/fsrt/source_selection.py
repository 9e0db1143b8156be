"""Picks the source frames of a clip that cover its poses and expressions best."""

import numpy as np

from face_jax.fsrt.inference import Model, describe_frames
from face_jax.fsrt.motion import Motion


def select_sources(
    model: Model,
    frames: np.ndarray,
    count: int,
    landmark_keypoints: np.ndarray | None = None,
) -> list[int]:
    """Chooses source frames of a clip by the spread of their poses and expressions.

    Args:
      model: the model that describes the frames.
      frames: uint8 [T, H, W, 3] of one person, cropped like the training clips.
      count: how many to choose, at most T.
      landmark_keypoints: float [T, K, 2], as for ``inference.describe_frames``.

    Returns:
      Frame indices as of ``spread_indices``.

    Raises:
      ValueError: fewer frames than sources asked for, or wrong arrays.
    """
    return spread_indices(describe_frames(model, frames, landmark_keypoints), count)


def spread_indices(motion: Motion, count: int) -> list[int]:
    """Greedy farthest points of a clip in the space of pose and expression.

    Keypoints and expression vectors are centred on their means and divided by their
    root mean square distance from it, so that both count alike. The first frame is
    the most central one (a usual, mostly frontal face); each next frame is the one
    farthest from all chosen so far. Ties go to the earlier frame: the result is
    deterministic.

    Args:
      motion: T frames of one person.
      count: how many frames to choose, at most T.

    Returns:
      Frame indices in the order of choice: the first one is the first source.

    Raises:
      ValueError: the clip has fewer frames than sources asked for.
    """
    if not 1 <= count <= len(motion):
        raise ValueError(
            f"sources: between 1 and the clip's {len(motion)} frames expected, "
            f"got {count}"
        )
    features = np.concatenate(
        [_normalised(motion.keypoints), _normalised(motion.expression)], axis=1
    )
    chosen = [int(np.argmin(np.sum(features**2, 1)))]
    distance = np.full(len(features), np.inf)
    while len(chosen) < count:
        newest = features[chosen[-1]]
        distance = np.minimum(distance, np.sum((features - newest) ** 2, 1))
        distance[chosen] = -1.0  # frames that repeat exactly are chosen last, not twice
        chosen.append(int(np.argmax(distance)))
    return chosen


def _normalised(values: object) -> np.ndarray:
    """Rows [T, D], centred, at a root mean square distance of one from their mean."""
    rows = np.asarray(values, np.float64)
    rows = rows.reshape(len(rows), -1)
    rows = rows - rows.mean(0)
    return rows / max(np.sqrt(np.mean(np.sum(rows**2, 1))), 1e-12)
