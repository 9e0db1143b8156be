"""How far the landmarks of found heads are from those of a landmark file."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.landmarks.schemas import NUM_LANDMARKS
from data_pipelines.transforms.smirk_geometry import crop_matrix, move_points
from face_jax.cli.footage import Footage
from face_jax.cli.head_files import OUTER_EYE_CORNERS as OUTER_EYE_CORNERS_105
from face_jax.cli.head_frames import FoundFaces
from face_jax.geometry.head import HeadModel, HeadParameters
from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.metrics.landmarks import OUTER_EYE_CORNERS
from face_jax.smirk.projection import project_face

INNER = slice(17, NUM_LANDMARKS)
"""Of the 68 landmarks; on the contour every detector follows a rule of its own."""
INNER_EYE_CORNERS = tuple(corner - INNER.start for corner in OUTER_EYE_CORNERS)
"""Rows of the outer corners of the eyes among the inner landmarks."""

_LARGE = 1e4
"""Pixels; the rule of crops cuts to whole ones."""


class Landmarks(NamedTuple):
    """The 68 and the 105 landmarks of one face, [68, 2] and [105, 2]."""

    of_68: np.ndarray
    of_105: np.ndarray


def neutral_landmarks(head: HeadModel, scale: float) -> Landmarks:
    """Where the mean face lies in a crop if nothing is known but the crop.

    Args:
      head: its neutral face, seen from the front.
      scale: side of the crop over that of the face.

    Returns:
      float64, the crop is [0, 1] wide; x right, y down.
    """
    nobody = HeadParameters(
        shape_params=jnp.zeros((1, head.identity_basis.shape[-1])),
        pose_params=jnp.zeros((1, 3)),
    )
    # One program: step by step it is two hundred small ones.
    face = jax.jit(project_face)(head, nobody, jnp.array([[1.0, 0.0, 0.0]]))
    of_68, of_105 = (
        _LARGE * np.asarray(points[0], np.float64)
        for points in (face.landmarks_68, face.landmarks_105)
    )
    matrix = crop_matrix(face_outline(of_68), scale, 2)
    return Landmarks(move_points(of_68, matrix), move_points(of_105, matrix))


class LandmarkErrors:
    """Collects the landmarks of a picture or clip, and compares them with its file's.

    Beside the heads stands what looks at no picture: the mean face, and the clip's own
    mean landmarks, put into the crop of every frame.

    Args:
      footage: the picture or clip.
      neutral: where the mean face lies in crops that landmarks make.
    """

    def __init__(self, footage: Footage, neutral: Landmarks):
        self._footage, self._neutral = footage, neutral
        self._found: list[np.ndarray] = []
        self._true: list[np.ndarray] = []
        self._matrices: list[np.ndarray] = []

    def add(self, found: FoundFaces) -> None:
        """Takes the next frames; those without a face or landmarks do not count."""
        points = self._footage.points
        if points is None:
            return
        for row, frame in enumerate(found.frames):
            true = points[frame.number]
            if not found.valid[row] or not np.isfinite(true).all():
                continue
            if len(true) == NUM_LANDMARKS:
                true, made = true[INNER], found.landmarks_68[row, INNER]
            else:
                true, made = true[list(MEDIAPIPE_105)], found.landmarks_105[row]
            self._true.append(true)
            self._found.append(made)
            self._matrices.append(frame.matrix(2))

    def values(self) -> dict[str, float]:
        """The report's entries.

        Returns:
          Mean distances in percent of the distance of the outer eye corners in the
          file, frame by frame: ``landmark_error``; ``landmark_error_of_mean_face``, in
          crops made by landmarks; and of clips ``landmark_error_of_clip_mean``. Nothing
          without a landmark file.
        """
        if not self._true:
            return {}
        true = np.stack(self._true).astype(np.float64)
        errors = {"landmark_error": _percent(np.stack(self._found), true)}
        if self._footage.made_by == "landmarks":
            known = self._neutral
            neutral = known.of_68[INNER] if _is_of_68(true) else known.of_105
            errors["landmark_error_of_mean_face"] = self._error_of(neutral, true)
        if self._footage.frame_rate is not None:
            pairs = zip(true, self._matrices, strict=True)
            mean = np.mean([move_points(p, matrix) for p, matrix in pairs], axis=0)
            errors["landmark_error_of_clip_mean"] = self._error_of(mean, true)
        return errors

    def _error_of(self, points: np.ndarray, true: np.ndarray) -> float:
        """That of the same points [P, 2] of the crop in every frame."""
        inverses = [np.linalg.inv(matrix) for matrix in self._matrices]
        placed = np.stack([move_points(points, inverse) for inverse in inverses])
        return _percent(placed, true)


def _is_of_68(points: np.ndarray) -> bool:
    """Whether points [T, P, 2] are the inner ones of the 68, not of the 105."""
    return points.shape[1] == len(range(NUM_LANDMARKS)[INNER])


def _percent(found: np.ndarray, true: np.ndarray) -> float:
    left, right = INNER_EYE_CORNERS if _is_of_68(true) else OUTER_EYE_CORNERS_105
    between = np.linalg.norm(true[:, left] - true[:, right], axis=-1)
    distances = np.linalg.norm(found - true, axis=-1).mean(axis=-1)
    return float(100 * np.mean(distances / between))
