"""What faces do, in words: openings and heights on the mesh, and turns of the head.

Lengths are percent of the distance between the outer eye corners of the same head, so
that its size does not matter. Left is the subject's left.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np

from face_jax.geometry.euler import matrix_to_euler
from face_jax.geometry.head import HeadModel, HeadParameters, pose_head
from face_jax.geometry.landmarks import MEDIAPIPE_105, landmarks_mediapipe_105
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.types import Array

EYE_CORNERS = (263, 33)
LIP_CORNERS = {"left": 291, "right": 61}
INNER_LIPS = (13, 14)
UPPER_LIDS = {"left": (385, 386, 387), "right": (158, 159, 160)}
LOWER_LIDS = {"left": (373, 374, 380), "right": (144, 145, 153)}
BROWS = {
    "left": (276, 282, 283, 285, 293, 295, 296, 300, 334, 336),
    "right": (46, 52, 53, 55, 63, 65, 66, 70, 105, 107),
}
"""Vertices of MediaPipe's face mesh; the subject's left and the upper lip come first."""

SIDED = ("lip corner", "brow", "eyelids")
SIDES = ("left", "right", "left over right")
MEASURES = (
    "mouth opening",
    "mouth width",
    *(f"{part}, {side}" for part in SIDED for side in SIDES),
    *("yaw", "pitch", "roll"),
)
"""Names of the measures, see ``face_measures``."""


def face_measures(head: HeadModel, parameters: HeadParameters) -> dict[str, Array]:
    """The ``MEASURES`` of heads by name, each [B].

    ``mouth opening`` and ``mouth width``; for each side the height of the ``lip corner``
    and of the ``brow`` above the outer eye corners, and the opening of the ``eyelids``,
    and the left side's less the right one's; all on the head that is not turned. ``yaw``
    to the subject's left, ``pitch`` up and ``roll`` to the subject's left shoulder, in
    degrees; the roll is applied first.

    Args:
      head: with landmarks ``mediapipe_105``.
      parameters: of B heads, with ``pose_params``.

    Raises:
      ValueError: the head lacks landmarks, or parameters do not fit it.
    """
    assert parameters.pose_params is not None
    still = dataclasses.replace(parameters, pose_params=None, neck_pose=None)
    points = landmarks_mediapipe_105(head, pose_head(head, still).vertices)
    return _of_landmarks(points) | _of_rotation(parameters.pose_params)


def outer_eye_distance(landmarks: Array) -> Array:
    """Distance between the outer eye corners, [...] of ``MEDIAPIPE_105`` [..., 105, D]."""
    left, right = (_place(landmarks, corner) for corner in EYE_CORNERS)
    return jnp.linalg.norm(left - right, axis=-1)


def _of_landmarks(points: Array) -> dict[str, Array]:
    """Measures [B] of the 105 landmarks [B, 105, 3] of heads that are not turned."""
    lips = [_place(points, LIP_CORNERS[side]) for side in ("left", "right")]
    upper, lower = (_place(points, lip) for lip in INNER_LIPS)
    level = _place(points, *EYE_CORNERS)[..., 1]
    found = {
        "mouth opening": (upper - lower)[..., 1],
        "mouth width": jnp.linalg.norm(lips[0] - lips[1], axis=-1),
    }
    for side in ("left", "right"):
        lids = [_place(points, *lid[side]) for lid in (UPPER_LIDS, LOWER_LIDS)]
        found[f"lip corner, {side}"] = _place(points, LIP_CORNERS[side])[..., 1] - level
        found[f"brow, {side}"] = _place(points, *BROWS[side])[..., 1] - level
        found[f"eyelids, {side}"] = (lids[0] - lids[1])[..., 1]
    for part in SIDED:
        left, right = found[f"{part}, left"], found[f"{part}, right"]
        found[f"{part}, left over right"] = left - right
    unit = outer_eye_distance(points) / 100
    return {name: length / unit for name, length in found.items()}


def _of_rotation(pose_params: Array) -> dict[str, Array]:
    """Angles [B] of axis-angle vectors [B, 3], degrees."""
    angles = matrix_to_euler(axis_angle_to_matrix(pose_params), "YXZ")
    # x points to the subject's left, y up, z ahead: turns up and to the left shoulder
    # are negative about their axes.
    yaw, pitch, roll = jnp.moveaxis(jnp.rad2deg(angles) * jnp.array([1, -1, -1]), -1, 0)
    return {"yaw": yaw, "pitch": pitch, "roll": roll}


def _place(points: Array, *vertices: int) -> Array:
    """Mean place [B, 3] of vertices of MediaPipe's mesh."""
    rows = np.array([MEDIAPIPE_105.index(vertex) for vertex in vertices])
    return points[..., rows, :].mean(axis=-2)
