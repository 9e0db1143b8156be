"""Joints for the ICT model, which comes without: the skull, the neck and the eyes.

The owners' ``eyeLook`` shapes move the lids and leave the eyeballs where they are;
gaze needs joints of its own. The neck turns the head against the shoulders.
"""

import numpy as np

from face_jax.heads.ict import anatomy
from face_jax.heads.ict.eyes import eyeball_centre, sclera_vertices
from face_jax.heads.ict.obj import ObjMesh

JOINT_NAMES = ("root", "neck", "left_eye", "right_eye")
JOINT_PARENTS = (-1, 0, 1, 1)

SKULL_BASE = (0.0, 0.0, 0.0)
"""Where the skull sits on the spine, between and a little behind the ears; the root,
about which ``pose_params`` turn everything, and the origin of model space."""
NECK = (0.0, -8.0, -1.5)
"""Middle of the neck. Both in centimetres on the neutral head."""

_NECK_TILT = 0.46
"""Centimetres that the neck's cross-sections rise per centimetre towards the back."""
_NECK_BOTTOM, _NECK_TOP = -14.5, -6.8
"""Heights of the sections below which nothing and above which all follows the neck."""

_EYEBALLS = {
    "left": anatomy.LEFT_EYEBALL_VERTICES,
    "right": anatomy.RIGHT_EYEBALL_VERTICES,
}


def joint_regressor(mesh: ObjMesh) -> np.ndarray:
    """Rows [4, 26719] float32 that take vertices to the joints.

    A row is exact on the neutral head and follows every affine change of it: a larger
    head has its joints further apart. Only vertices that every import keeps count.
    """
    skin = np.arange(*anatomy.FACE_VERTICES)
    rows = [
        (skin, np.array(SKULL_BASE)),
        (skin, np.array(NECK)),
        (sclera_vertices(mesh, "left"), eyeball_centre(mesh, "left")),
        (sclera_vertices(mesh, "right"), eyeball_centre(mesh, "right")),
    ]
    regressor = np.zeros((len(rows), len(mesh.vertices)), np.float32)
    for row, (vertices, target) in zip(regressor, rows, strict=True):
        row[vertices] = _affine_weights(mesh.vertices[vertices], target)
    return regressor


def skinning_weights(mesh: ObjMesh) -> np.ndarray:
    """Weights [26719, 4] float32 of the joints; rows sum to 1."""
    _, y, z = np.moveaxis(mesh.vertices.astype(np.float64), -1, 0)
    height = y + _NECK_TILT * z
    share = np.clip((height - _NECK_BOTTOM) / (_NECK_TOP - _NECK_BOTTOM), 0, 1)
    neck = share**2 * (3 - 2 * share)
    weights = np.stack([1 - neck, neck, 0 * neck, 0 * neck], axis=1)
    for side, (first, end) in _EYEBALLS.items():
        weights[first:end] = np.eye(len(JOINT_NAMES))[JOINT_NAMES.index(f"{side}_eye")]
    return weights.astype(np.float32)


def _affine_weights(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The smallest weights [n] with sum 1 that take ``points`` [n, 3] to ``target``."""
    system = np.concatenate([points.T, np.ones((1, len(points)))]).astype(np.float64)
    return np.linalg.lstsq(system, np.append(target, 1.0), rcond=None)[0]
