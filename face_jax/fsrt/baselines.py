"""What a reenactment model must beat: pictures that need no model.

Each baseline answers "what is the held-out frame?" with the training frames of the
same clip, so its score says how much of a good number is owed to a clip that hardly
moves. All of them are numpy functions of uint8 frames.
"""

import numpy as np


def copy_source(source: np.ndarray, count: int) -> np.ndarray:
    """The source frame for every frame: uint8 [count, H, W, 3]."""
    return np.repeat(source[None], count, axis=0)


def mean_frame(training: np.ndarray, count: int) -> np.ndarray:
    """The mean training frame for every frame.

    No constant picture has a lower squared error on the training frames.

    Args:
      training: uint8 [T, H, W, 3].
      count: number of frames to answer.

    Returns:
      uint8 [count, H, W, 3].
    """
    mean = np.rint(training.mean(axis=0, dtype=np.float64)).astype(np.uint8)
    return np.repeat(mean[None], count, axis=0)


def nearest_by_points(training: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """For every held-out frame, the training frame whose points lie closest.

    Positions count as they are, so pose, size and place of the face all matter: the
    picture that a look-up of the same motion would give.

    Args:
      training: [T, P, 2] landmarks or keypoints of the training frames.
      held_out: [N, P, 2] of the held-out frames, same coordinates.

    Returns:
      [N] indices into the training frames, least summed squared distance.
    """
    return _nearest(_flat(training), _flat(held_out))


def nearest_by_pixels(training: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """For every held-out frame, the training frame with the highest PSNR against it.

    It looks at the answer: no copy of a training frame can do better on the whole
    picture.

    Args:
      training: uint8 [T, H, W, 3].
      held_out: uint8 [N, H, W, 3].

    Returns:
      [N] indices into the training frames.
    """
    return _nearest(_flat(training), _flat(held_out))


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)


def _nearest(candidates: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Index of the nearest row for each query, one query at a time to save memory."""
    candidates = candidates.astype(np.float32)
    distances = (np.square(candidates - query).sum(axis=1) for query in queries)
    return np.array([int(np.argmin(distance)) for distance in distances], np.int64)
