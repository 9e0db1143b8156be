"""How much points tremble over the frames of a clip: their second differences."""

import numpy as np

from face_jax.types import Array


def jitter(keypoints: np.ndarray | Array) -> float:
    """How much keypoints tremble: the mean length of their second differences.

    Zero for steady motion; white noise of standard deviation s per coordinate
    gives about 3 s.

    Args:
      keypoints: [T, K, 2].

    Returns:
      Mean over frames and keypoints in units of the coordinates; 0 below three frames.
    """
    if len(keypoints) < 3:
        return 0.0
    acceleration = np.diff(np.asarray(keypoints, np.float64), n=2, axis=0)
    return float(np.linalg.norm(acceleration, axis=-1).mean())


class RelativeJitter:
    """The same over the size of what trembles, chunk by chunk, with gaps.

    The root mean square length of the second differences of points, in percent of the
    mean distance between two of them.

    Args:
      one: row of the first of the two points, such as an eye's outer corner.
      other: row of the second.
    """

    def __init__(self, one: int, other: int):
        self._pair = one, other
        self._last: list[np.ndarray | None] = [None, None]
        self._squares, self._differences = 0.0, 0
        self._distances, self._frames = 0.0, 0

    def add(self, points: np.ndarray, valid: np.ndarray) -> None:
        """Takes the next frames.

        Args:
          points: [n, P, 2] in any unit.
          valid: bool [n]; differences reach over no other frame.
        """
        for place, known in zip(np.asarray(points, np.float64), valid, strict=True):
            self._add(place if known else None)

    def value(self) -> float | None:
        """Percent; None where no three frames in a row are valid."""
        if not self._differences:
            return None
        root = np.sqrt(self._squares / self._differences)
        return float(100 * root * self._frames / self._distances)

    def _add(self, points: np.ndarray | None) -> None:
        before, last = self._last
        self._last = [last, points]
        if points is None:
            return
        one, other = self._pair
        self._distances += float(np.linalg.norm(points[one] - points[other]))
        self._frames += 1
        if last is not None and before is not None:
            acceleration = points - 2 * last + before
            self._squares += float((acceleration**2).sum(axis=-1).mean())
            self._differences += 1
