"""Cameras that look at a head so that its face is where portraits have it."""

import numpy as np

from data_pipelines.synth.rig import axis_angle
from face_jax.geometry.head import HeadModel
from face_jax.geometry.landmarks import landmarks_68_fixed
from face_jax.geometry.rotations import axis_angle_to_matrix

FACE_HEIGHT = 0.43
"""From brows to chin, over the height of the picture."""
FACE_DROP = 0.05
"""How far the face's middle lies below that of the picture, over its height."""


class Viewpoint:
    """Where the face of a head model is.

    Attributes:
      centre: float32 [3] metres, the middle between brows, chin and ears.
      pivot: float32 [3] metres, the point that the head turns about.
      scale: of a camera that shows the face at its usual size.
    """

    def __init__(self, head: HeadModel):
        points = np.asarray(landmarks_68_fixed(head, head.template))
        low, high = points.min(axis=0), points.max(axis=0)
        self.centre = (low + high) / 2
        self.pivot = np.zeros(3, np.float32)
        if head.joint_regressor is not None:
            self.pivot = np.asarray(head.joint_regressor[0] @ head.template)
        self.scale = float(2 * FACE_HEIGHT / (high[1] - low[1]))

    def cameras(
        self,
        rotation: np.ndarray,
        shift: np.ndarray,
        zoom: np.ndarray,
        follow: float = 1.0,
    ) -> np.ndarray:
        """Weak-perspective cameras.

        Args:
          rotation: [T, 3] turns of the head as in ``axis_angle``.
          shift: [T, 2] metres by which the face is moved to the subject's left and up.
          zoom: [T] factors of the usual size.
          follow: how much the camera follows where a turn takes the face: 1 keeps it
            in place.

        Returns:
          float32 [T, 3] (s, tx, ty), see ``cameras.project_weak_perspective``.
        """
        turns = np.asarray(axis_angle_to_matrix(axis_angle(rotation)))
        turned = (self.centre - self.pivot) @ np.swapaxes(turns, -1, -2) + self.pivot
        seen = self.centre + follow * (turned - self.centre)
        scale = self.scale * zoom
        moved = shift - seen[:, :2]
        moved[:, 1] -= 2 * FACE_DROP / scale
        return np.concatenate([scale[:, None], moved], axis=1).astype(np.float32)
