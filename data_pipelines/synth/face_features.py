"""The features of a drawn face: curves on the front of its head.

They move with gaze and expression in head coordinates; that they shift and shorten with
depth when the head turns is left to the projection. The 68 landmarks are their points.
"""

import dataclasses

import numpy as np

from data_pipelines.synth.face_parameters import FaceParameters, Identity
from data_pipelines.synth.head_shape import (
    EYE_HEIGHT,
    around_head,
    jaw_weight,
    on_face,
    open_jaw,
)

MOUTH_HEIGHT = 0.57
MIRRORED_EYE = [3, 2, 1, 0, 5, 4]
"""Order of the points of the right eye, given those of the left one mirrored."""


@dataclasses.dataclass(frozen=True)
class Features:
    """Curves of a face in head coordinates, jaw motion included.

    Each is [n, 3], in the order of the 68-point scheme where it is part of that.
    """

    jaw: np.ndarray
    left_brow: np.ndarray
    right_brow: np.ndarray
    nose_bridge: np.ndarray
    nose_base: np.ndarray
    left_eye: np.ndarray
    right_eye: np.ndarray
    outer_lips: np.ndarray
    inner_lips: np.ndarray
    left_iris: np.ndarray
    right_iris: np.ndarray

    def landmarks(self) -> np.ndarray:
        """Returns the 68 points in head coordinates, [68, 3]."""
        return np.concatenate(
            [
                self.jaw,
                self.left_brow,
                self.right_brow,
                self.nose_bridge,
                self.nose_base,
                self.left_eye,
                self.right_eye,
                self.outer_lips,
                self.inner_lips,
            ]
        )


def features(identity: Identity, parameters: FaceParameters) -> Features:
    """Lays the features of a face on its head.

    Args:
      identity: who.
      parameters: gaze and expression; the pose is left to ``project``.
    """
    left_eye = _left_eye(identity, parameters)
    right_eye = (left_eye * (-1, 1, 1))[MIRRORED_EYE]
    left_brow = _left_brow(identity, parameters)
    outer, inner = _lips(identity, parameters)
    bridge, base = _nose(identity)
    return Features(
        jaw=_jaw(identity, parameters),
        left_brow=left_brow,
        right_brow=(left_brow * (-1, 1, 1))[::-1],
        nose_bridge=bridge,
        nose_base=base,
        left_eye=left_eye,
        right_eye=right_eye,
        outer_lips=outer,
        inner_lips=inner,
        left_iris=_iris(identity, parameters, -1),
        right_iris=_iris(identity, parameters, 1),
    )


def _jaw(identity: Identity, parameters: FaceParameters) -> np.ndarray:
    along = np.linspace(-1, 1, 17)
    polar = np.pi - np.abs(along) * (np.pi / 2 + 0.05)
    points = around_head(identity, polar, np.radians(80) * np.sign(along))
    return open_jaw(points, parameters, jaw_weight(points))


def _left_brow(identity: Identity, parameters: FaceParameters) -> np.ndarray:
    along = np.linspace(0, 1, 5)  # from the outer to the inner end
    inner = np.array([0, 0, 0.1, 0.5, 1.0])
    arch = np.array([0.045, -0.02, -0.04, -0.03, 0.0])
    x = -(1.55 - 1.1 * along) * identity.eye_distance
    y = EYE_HEIGHT - identity.brow_height + arch - 0.1 * parameters.brow_raise
    x = x + 0.05 * parameters.brow_frown * inner
    y = y + parameters.brow_frown * (0.08 * inner + 0.02)
    return on_face(identity, x, y) + np.array([0, 0, 0.03])


def _left_eye(identity: Identity, parameters: FaceParameters) -> np.ndarray:
    half = identity.eye_size
    open_share = (1 - parameters.blink) * (1 + 0.2 * parameters.brow_raise)
    lower = half * (0.36 - 0.14 * max(parameters.smile, 0.0))
    upper = lower - open_share * (0.56 * half + lower)
    along = np.array([-1, -0.42, 0.42, 1, 0.42, -0.42])  # outwards is negative
    y = np.array([0, upper, upper, 0, lower, lower])
    y = y + EYE_HEIGHT - identity.eye_slant * np.array([1, 0.4, -0.4, -1, -0.4, 0.4])
    return on_face(identity, -identity.eye_distance + half * along, y)


def _iris(identity: Identity, parameters: FaceParameters, side: int) -> np.ndarray:
    """Outline of an iris, [24, 3]; ``side`` is -1 for the left eye, 1 for the right."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = 0.55 * identity.eye_size
    x = side * identity.eye_distance + 0.42 * identity.eye_size * parameters.gaze_x
    y = EYE_HEIGHT + 0.22 * identity.eye_size * parameters.gaze_y
    return on_face(identity, x + radius * np.cos(angle), y + radius * np.sin(angle))


def _nose(identity: Identity) -> tuple[np.ndarray, np.ndarray]:
    base = EYE_HEIGHT + identity.nose_length
    down = np.array([0.0, 0.27, 0.54, 0.84])
    bridge = on_face(identity, np.zeros(4), EYE_HEIGHT + down * identity.nose_length)
    bridge[:, 2] += [0.04, 0.08, 0.14, 0.2]
    across = np.array([-1, -0.5, 0, 0.5, 1])
    points = on_face(
        identity,
        identity.nose_width * across,
        base + np.array([-0.03, 0.01, 0.025, 0.01, -0.03]),
    )
    points[:, 2] += [0.02, 0.08, 0.11, 0.08, 0.02]
    return bridge, points


def _lips(
    identity: Identity, parameters: FaceParameters
) -> tuple[np.ndarray, np.ndarray]:
    """Outer [12, 3] and inner [8, 3] edge of the lips."""
    half = identity.mouth_width * (
        1 + 0.2 * parameters.smile - 0.45 * parameters.pucker
    )
    half *= 1 - 0.12 * parameters.mouth_open
    thick = identity.lip_thickness * (1 + 0.25 * parameters.pucker)
    outer_x = np.array([-1, -0.62, -0.22, 0, 0.22, 0.62, 1, 0.6, 0.25, 0, -0.25, -0.6])
    outer_y = np.array(
        [0, -0.3, -0.44, -0.38, -0.44, -0.3, 0, 0.36, 0.52, 0.56, 0.52, 0.36]
    )
    outer_jaw = np.array([0.45, 0.2, 0, 0, 0, 0.2, 0.45, 0.85, 1, 1, 1, 0.85])
    inner_x = np.array([-0.9, -0.4, 0, 0.4, 0.9, 0.4, 0, -0.4])
    inner_y = np.array([0, -0.02, 0, -0.02, 0, 0.04, 0.04, 0.04])
    inner_jaw = np.array([0.45, 0.05, 0, 0.05, 0.45, 0.95, 1, 0.95])
    outer = _lip(identity, parameters, half * outer_x, thick * outer_y, outer_jaw)
    inner = _lip(identity, parameters, half * inner_x, thick * inner_y, inner_jaw)
    return outer, inner


def _lip(
    identity: Identity,
    parameters: FaceParameters,
    x: np.ndarray,
    y: np.ndarray,
    jaw: np.ndarray,
) -> np.ndarray:
    corner = np.minimum(np.abs(x) / identity.mouth_width, 1.2) ** 2
    y = y + MOUTH_HEIGHT - parameters.smile * (0.1 * corner - 0.02)
    points = on_face(identity, x, y)
    points[:, 2] += 0.04 * (1 - 0.5 * corner) + 0.08 * parameters.pucker
    return open_jaw(points, parameters, jaw)
