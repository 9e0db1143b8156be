"""The Frechet distance (arXiv 1706.08500) of all frames that an evaluation drives.

Of one clip's few frames it is far too large, so the features of all clips are collected.
"""

from collections.abc import Callable

import numpy as np

from face_jax.fsrt.driven_clips import COPY, MODEL, Driven
from face_jax.fsrt.driven_report import Mean
from face_jax.metrics.embeddings import frechet_distance
from face_jax.temporal.chunks import DEFAULT_CHUNK, in_batches
from face_jax.types import Array

METRIC = "fid"
FEWEST = 2
"""Frames that have a covariance."""

OF_ALL_CLIPS = "is of all clips together"
TOO_FEW = f"needs {FEWEST} frames"


class DrivenFeatures:
    """Features of results and of the frames that drove them, clip by clip."""

    def __init__(self, features: Callable[[Array], Array]):
        """Begins without any clip.

        Args:
          features: [B, H, W, 3] RGB in [0, 255] to [B, D].
        """
        self._features = features
        self._driving: list[np.ndarray] = []
        self._results: dict[str, list[np.ndarray]] = {MODEL: [], COPY: []}

    def add(self, driven: Driven) -> None:
        """Looks at what came out of a clip; nothing is kept of frames but features."""
        source = self._of(driven.source.frames[:1])
        found = self._of(driven.driving.frames), self._of(255 * driven.result)
        self._driving.append(found[0])
        self._results[MODEL].append(found[1])
        self._results[COPY].append(np.repeat(source, len(driven.result), axis=0))

    @property
    def count(self) -> int:
        """Frames of each set."""
        return sum(map(len, self._driving))

    def distances(self) -> dict[str, dict[str, Mean]]:
        """By method, then metric: the distance between its results and driving frames.

        A frame counts as often as it drives. There is no number of fewer than two.
        """
        sets = self._results if self.count >= FEWEST else {}
        return {method: {METRIC: self._distance(rows)} for method, rows in sets.items()}

    def reasons(self) -> dict[str, str]:
        """Why there is no distance, by metric; empty where there is one."""
        return {} if self.count >= FEWEST else {METRIC: TOO_FEW}

    def _distance(self, rows: list[np.ndarray]) -> Mean:
        sets = (np.concatenate(found) for found in (rows, self._driving))
        distance = frechet_distance(*sets)
        return {"mean": distance, "clips": len(rows), "frames": self.count}

    def _of(self, frames: np.ndarray) -> np.ndarray:
        return in_batches(self._features, frames, size=DEFAULT_CHUNK)
