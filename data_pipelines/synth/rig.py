"""Facial actions, gaze and turns of the head as parameters of any head model."""

import jax
import jax.numpy as jnp
import numpy as np

from data_pipelines.synth.actions import ACTIONS, NUM_ACTIONS, ROW
from face_jax.geometry.euler import euler_to_matrix
from face_jax.geometry.head import HeadModel, HeadParameters
from face_jax.geometry.rotations import matrix_to_axis_angle
from face_jax.types import Array

MOST_MISSING = 0.3
"""Share of the actions that a head may lack: beyond, classes look alike."""
JAW_OPEN = np.radians(20.0)
JAW_ASIDE = np.radians(6.0)
"""Turns of the jaw joint for whole weights of jawOpen and jawLeft."""
USUAL_LOOK = np.radians(28.0)
"""Gaze at weight 1 of a direction that moves the lids alone."""
LID_FOLLOWS = 1.0
"""Part of a blink by which an upper lid sinks for each radian that its eye looks down."""

_LOOKS = {
    "eyeLookOut_L": (0, 1.0),
    "eyeLookIn_R": (0, 1.0),
    "eyeLookIn_L": (0, -1.0),
    "eyeLookOut_R": (0, -1.0),
    "eyeLookUp_L": (1, 1.0),
    "eyeLookUp_R": (1, 1.0),
    "eyeLookDown_L": (1, -1.0),
    "eyeLookDown_R": (1, -1.0),
}
"""Which component of the gaze each direction serves, and its sign."""


class Rig:
    """Sets a head to facial actions.

    Actions that the head has as directions of expression are used as such. A jaw that
    opens, lids that close and eyes that turn fall back to joints and eyelid
    directions. Other actions that the head lacks are left out.

    Attributes:
      head: the head model.
      missing: names of the actions that the head cannot show.
    """

    def __init__(self, head: HeadModel):
        """Finds out how a head shows each action.

        Raises:
          ValueError: the head lacks more than ``MOST_MISSING`` of the actions.
        """
        self.head = head
        columns = {name: column for column, name in enumerate(head.expression_names)}
        self._column = {row: columns[n] for n, row in ROW.items() if n in columns}
        self._looks = {name: columns[name] for name in _LOOKS if name in columns}
        self._full_look = {
            name: _turn_of_eye(head, name[-1], column)
            for name, column in self._looks.items()
        }
        self._jaw = "jaw" in head.joint_names and "jawOpen" not in columns
        self._lids = head.eyelid_basis is not None and "eyeBlink_L" not in columns
        turned = any(angle > 0 for angle in self._full_look.values())
        self._eyes = "left_eye" in head.joint_names and not turned
        self.missing = self._find_missing()

    def parameters(
        self, weights: np.ndarray, gaze: np.ndarray, rotation: np.ndarray
    ) -> HeadParameters:
        """Parameters of the head.

        Args:
          weights: [..., NUM_ACTIONS] in the order of ``ACTIONS``.
          gaze: [..., 2] radians relative to the head: yaw to the subject's left, pitch
            up.
          rotation: [..., 3] radians: yaw to the subject's left, pitch up, roll to the
            subject's left shoulder.

        Returns:
          Parameters float32 without shape, and without what the head lacks.
        """
        expression = np.zeros(
            (*weights.shape[:-1], len(self.head.expression_names)), np.float32
        )
        for row, column in self._column.items():
            expression[..., column] = weights[..., row]
        self._look(expression, gaze)
        return HeadParameters(
            expression_params=jnp.asarray(expression),
            pose_params=axis_angle(rotation),
            jaw_params=self._turn_jaw(weights) if self._jaw else None,
            eye_pose=_turn_eyes(gaze) if self._eyes else None,
            eyelid_params=self._close_lids(weights, gaze) if self._lids else None,
        )

    def _look(self, expression: np.ndarray, gaze: np.ndarray) -> None:
        """Sets the directions of gaze, in place."""
        for name, column in self._looks.items():
            component, sign = _LOOKS[name]
            full = self._full_look[name] or USUAL_LOOK
            amount = np.maximum(sign * gaze[..., component], 0) / full
            expression[..., column] = np.clip(amount, 0, 1)

    def _turn_jaw(self, weights: np.ndarray) -> Array:
        aside = weights[..., ROW["jawLeft"]] - weights[..., ROW["jawRight"]]
        opened = weights[..., ROW["jawOpen"]]
        turn = [JAW_OPEN * opened, JAW_ASIDE * aside, np.zeros_like(opened)]
        return jnp.asarray(np.stack(turn, axis=-1), jnp.float32)

    def _close_lids(self, weights: np.ndarray, gaze: np.ndarray) -> Array:
        closed = weights[..., [ROW["eyeBlink_L"], ROW["eyeBlink_R"]]]
        sunk = LID_FOLLOWS * np.maximum(-gaze[..., 1:], 0)
        return jnp.asarray(np.minimum(closed + sunk, 1), jnp.float32)

    def _find_missing(self) -> tuple[str, ...]:
        by_joint = {"jawOpen", "jawLeft", "jawRight"} if self._jaw else set()
        by_joint |= {"eyeBlink_L", "eyeBlink_R"} if self._lids else set()
        missing = tuple(
            name
            for name, row in ROW.items()
            if row not in self._column and name not in by_joint
        )
        if len(missing) > MOST_MISSING * NUM_ACTIONS:
            raise ValueError(
                f"head {self.head.name}: expected expression_names like "
                f"{', '.join(ACTIONS[:4])}, it lacks {len(missing)} of {NUM_ACTIONS} "
                "facial actions"
            )
        return missing


def axis_angle(rotation: np.ndarray) -> Array:
    """Turns of the head as axis-angle vectors.

    Args:
      rotation: [..., 3] radians: yaw to the subject's left, pitch up, roll to the
        subject's left shoulder; the roll is applied first.

    Returns:
      float32 [..., 3].
    """
    return _axis_angle(np.asarray(rotation, np.float32))


@jax.jit
def _axis_angle(rotation: Array) -> Array:
    # x points to the subject's left, y up, z ahead: of the three turns, only that to
    # the left is positive about its axis.
    angles = rotation * jnp.array([1.0, -1.0, -1.0])
    return matrix_to_axis_angle(euler_to_matrix(angles, "YXZ"))


def _turn_eyes(gaze: np.ndarray) -> Array:
    """Rotations of both eyeballs, float32 [..., 6]."""
    turn = np.concatenate([gaze, np.zeros_like(gaze[..., :1])], axis=-1)
    one = np.asarray(axis_angle(turn))
    return jnp.asarray(np.concatenate([one, one], axis=-1))


def _turn_of_eye(head: HeadModel, side: str, column: int) -> float:
    """Angle by which a direction turns an eyeball at weight 1, radians; 0 for none."""
    region = head.regions.get("left_eyeball" if side == "L" else "right_eyeball")
    if region is None:
        return 0.0
    rows = np.flatnonzero(np.asarray(region))
    before = np.asarray(head.template, np.float64)[rows]
    after = before + np.asarray(head.expression_basis, np.float64)[rows, :, column]
    before, after = before - before.mean(axis=0), after - after.mean(axis=0)
    # The rotation nearest to the motion (Kabsch).
    left, _, right = np.linalg.svd(after.T @ before)
    turn = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    angle = float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    return angle if angle > np.radians(5) else 0.0
