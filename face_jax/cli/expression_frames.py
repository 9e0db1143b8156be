"""From frames of pictures and clips to the expressions in them, a few at a time."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import jax
import numpy as np

from data_pipelines.transforms.crops import crop_resize
from data_pipelines.transforms.resize import to_uint8
from face_jax import viz
from face_jax.cli.footage import Frame
from face_jax.latent_ofer.model import Model, classify
from face_jax.latent_ofer.smoothing import ProbabilityFilter
from face_jax.temporal.chunks import pad


class FaceFrame(Frame):
    """One frame of a picture or clip, in squares between ``edges``."""

    def crop(self, size: int) -> np.ndarray:
        """What is in the square, as in training: uint8 [size, size, 3]."""
        # In float32: OpenCV's 8-bit path rounds.
        whole = self.shown.astype(np.float32)
        return to_uint8(crop_resize(whole, self.square, size))


@dataclasses.dataclass(frozen=True)
class FoundExpressions:
    """What is found in n frames; rows of frames without a face mean nothing.

    Attributes:
      frames: n of them.
      valid: bool [n], whether there is a face.
      probabilities: float32 [n, classes].
      scores: float32 [n, g, g], above 1 where a patch of the square is covered.
      mask: bool [n, g, g], where it is.
      images: uint8 [n, S, S, 3], squares without what covers the face.
    """

    frames: Sequence[FaceFrame]
    valid: np.ndarray
    probabilities: np.ndarray
    scores: np.ndarray
    mask: np.ndarray
    images: np.ndarray

    def only(self, row: int) -> "FoundExpressions":
        """Those of one frame."""
        rows = slice(row, row + 1)
        return FoundExpressions(**{name: v[rows] for name, v in vars(self).items()})


@dataclasses.dataclass(frozen=True)
class ExpressionFinder:
    """Finds expressions; the program is compiled once, for ``batch`` frames.

    Attributes:
      model: the model.
      batch: frames in work at a time.
    """

    model: Model
    batch: int

    def find(
        self, frames: Iterable[FaceFrame], smoothing: ProbabilityFilter | None = None
    ) -> Iterator[FoundExpressions]:
        """Finds the expressions in frames.

        Args:
          frames: of one clip, in order; or of pictures.
          smoothing: the clip's temporal filter; None for none.

        Yields:
          Those of at most ``batch`` frames.
        """
        frames = iter(frames)
        while some := list(islice(frames, self.batch)):
            yield self._find(some, smoothing)

    def _find(
        self, frames: Sequence[FaceFrame], smoothing: ProbabilityFilter | None
    ) -> FoundExpressions:
        side, count = self.model.pipeline.image_size, len(frames)
        valid = pad(np.array([frame.valid for frame in frames]), self.batch)
        valid[count:] = False
        crops = pad(np.stack([frame.crop(side) for frame in frames]), self.batch)
        found = jax.device_get(classify(self.model, crops))
        probabilities = found.probabilities
        if smoothing is not None:
            probabilities = smoothing(probabilities, valid)
        return FoundExpressions(
            frames=frames,
            valid=valid[:count],
            probabilities=probabilities[:count],
            scores=found.scores[:count],
            mask=found.mask[:count],
            images=viz.to_uint8(found.images[:count]),
        )
