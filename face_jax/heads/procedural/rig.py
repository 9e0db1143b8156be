"""Joints in the format of FLAME: root, neck, jaw and the two eyes."""

import numpy as np

from face_jax.heads.procedural import chart, lids, sides, skin
from face_jax.heads.procedural.assembly import Assembly

JOINT_NAMES = ("root", "neck", "jaw", "left_eye", "right_eye")
JOINT_PARENTS = (-1, 0, 1, 1, 1)
JOINTS = np.array(
    [
        (0.0, -165.0, -116.0),
        (0.0, -88.0, -112.0),
        (0.0, -20.0, -88.0),
        lids.EYE_CENTRE,
        lids.EYE_CENTRE * [-1, 1, 1],
    ]
)
"""Joints of the mean head in mm: base of the neck, top of the neck, axis of the jaw
in front of the ears, centres of the eyeballs."""
_NECK_TOP, _NECK_BOTTOM = -105.0, -178.0
"""y between which the neck bends."""


def skinning_weights(head: Assembly) -> np.ndarray:
    """Share [V, 5] of each joint in the motion of each vertex; rows sum to 1."""
    above = sides.smoothstep(
        (head.vertices[:, 1] - _NECK_BOTTOM) / (_NECK_TOP - _NECK_BOTTOM)
    )
    jaw = jaw_weights(head)
    weights = np.zeros((len(head.vertices), 5))
    weights[:, 2] = jaw
    weights[:, 1] = (1 - jaw) * above
    weights[:, 0] = (1 - jaw) * (1 - above)
    for joint, part in ((3, "left_eyeball"), (4, "right_eyeball")):
        weights[head.ranges[part]] = np.eye(5)[joint]
    return weights


def jaw_weights(head: Assembly) -> np.ndarray:
    """Share [V] of the jaw in the motion of each vertex."""
    shares = np.zeros(len(head.vertices))
    shares[head.ranges["skin"]] = sides.jaw_share()
    shares[head.ranges["cavity"]] = sides.cavity_jaw_share(head)
    shares[head.ranges["lower_teeth"]] = 1.0
    tongue = head.ranges["tongue"]
    depth = head.vertices[tongue, 2]
    shares[tongue] = 0.55 + 0.45 * sides.smoothstep((depth + 45) / 35)
    return shares


def joint_regressor(head: Assembly) -> np.ndarray:
    """Weights [5, V] that take the vertices of any person to the joints.

    The smallest weights with sum 1 on vertices around a joint that give the joint of
    the mean head: the eyeballs, the skin before the ears, rings around the neck.
    """
    row, _ = skin.chart_of_vertices()
    regressor = np.zeros((len(JOINTS), len(head.vertices)))
    supports = (
        np.flatnonzero(row >= chart.ROWS["neck_4"]),
        np.flatnonzero((row >= chart.ROWS["throat_3"]) & (row <= chart.ROWS["neck_2"])),
        _before_ears(),
    )
    for joint, support in enumerate(supports):
        regressor[joint, support] = _weights(head.vertices[support], JOINTS[joint])
    for joint, part in ((3, "left_eyeball"), (4, "right_eyeball")):
        span = head.ranges[part]
        regressor[joint, span] = _weights(head.vertices[span], JOINTS[joint])
    return regressor


def _before_ears() -> np.ndarray:
    row, column = skin.chart_of_vertices()
    near = (np.abs(column) >= 17) & (np.abs(column) <= 23)
    rows = (row >= chart.ROWS["fold"]) & (row <= chart.ROWS["nose_base"])
    return np.flatnonzero(near & rows)


def _weights(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Smallest weights [N] with sum 1 whose mean of ``points`` [N, 3] is ``target``."""
    conditions = np.concatenate([points.T, np.ones((1, len(points)))])
    return np.linalg.lstsq(conditions, np.append(target, 1.0), rcond=None)[0]
