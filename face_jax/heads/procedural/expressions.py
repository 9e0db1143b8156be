"""The expression directions, one-sided ones as moves of the left side."""

import numpy as np

from face_jax.heads.procedural import chart, lids, rig, skin
from face_jax.heads.procedural.assembly import Assembly
from face_jax.heads.procedural.fields import both_sides, pulled, turned
from face_jax.heads.procedural.lid_motion import lids_moved
from face_jax.heads.procedural.muscles import MOUTH_LEFT, ONE_SIDED, SYMMETRIC
from face_jax.heads.procedural.sides import smoothstep

_JAW_OPEN = 21.0
"""Degrees by which the jaw turns at jawOpen = 1."""
_JAW_FORWARD, _JAW_TURN = (0.0, -1.0, 7.0), 5.0
"""Way of the jaw in mm at jawForward = 1, degrees by which it turns at jawLeft = 1."""
_OTHERS = ("jawForward", "jawLeft", "jawRight", "mouthClose", "mouthLeft", "mouthRight")
"""Directions of both sides that are not symmetric pulls."""
_CLOSE_SHARES, _CLOSE_REACH = (0.4, -0.6), 32.0
"""What mouthClose makes the upper and lower lip go of the way that jawOpen opens, and
how far above and below the lips that fades, mm of the chart."""
_LID_WAYS = {
    "eyeBlink": (0.94, 0.06),
    "eyeSquint": (0.1, 0.24),
    "eyeWide": (-0.3, -0.08),
    "eyeLookDown": (0.42, -0.08),
    "eyeLookUp": (-0.16, 0.08),
    "cheekRaiser": (0.02, 0.12),
    "cheekSquint": (0.02, 0.12),
    "eyeLookIn": (0.0, 0.0),
    "eyeLookOut": (0.0, 0.0),
}
"""Ways of the upper and the lower lid, as ``lids_moved`` takes them."""
_GAZE = {
    "eyeLookDown": (25.0, 0.0),
    "eyeLookUp": (-22.0, 0.0),
    "eyeLookIn": (0.0, -30.0),
    "eyeLookOut": (0.0, 28.0),
}
"""Degrees by which the left eyeball turns down and to the left."""


def expression_directions(head: Assembly) -> dict[str, np.ndarray]:
    """Displacements [V, 3] in mm of every direction at weight 1, in a fixed order."""
    directions = {}
    for name in sorted({*ONE_SIDED, *_LID_WAYS}):
        left = _one_sided(head, name)
        directions[f"{name}_L"] = left
        directions[f"{name}_R"] = left[head.mirror] * [-1, 1, 1]
    for name in (*SYMMETRIC, *_OTHERS):
        directions[name] = _middle(head, name)
    return dict(sorted(directions.items()))


def eyelid_directions(head: Assembly) -> np.ndarray:
    """Displacements [V, 3, 2] in mm that close the left and the right eye."""
    left = _one_sided(head, "eyeBlink")
    return np.stack([left, left[head.mirror] * [-1, 1, 1]], -1)


def _one_sided(head: Assembly, name: str) -> np.ndarray:
    surface = head.vertices[head.ranges["skin"]]
    moved = pulled(surface, ONE_SIDED.get(name, ()))
    if name in _LID_WAYS:
        moved = moved + lids_moved(surface, *_LID_WAYS[name])
    result = _followed(head, moved)
    if name in _GAZE:
        ball = head.ranges["left_eyeball"]
        result[ball] = _gaze(head.vertices[ball], *_GAZE[name])
    return result


def _middle(head: Assembly, name: str) -> np.ndarray:
    """Displacements [V, 3] of a direction that moves both sides."""
    if name in ("jawRight", "mouthRight"):
        left = _middle(head, name.replace("Right", "Left"))
        return left[head.mirror] * [-1, 1, 1]
    if name == "mouthClose":
        return _followed(head, _closing(head))
    surface = head.vertices[head.ranges["skin"]]
    pulls = MOUTH_LEFT if name == "mouthLeft" else both_sides(SYMMETRIC.get(name, ()))
    moved = _followed(head, pulled(surface, pulls))
    return moved + _jaw_moved(head, name) if name.startswith("jaw") else moved


def _jaw_moved(head: Assembly, name: str) -> np.ndarray:
    """Way [V, 3] of what goes with the jaw, without that of the lips."""
    offset = head.vertices - rig.JOINTS[2]
    if name == "jawOpen":
        way = turned(head.vertices, rig.JOINTS[2], _JAW_OPEN) - head.vertices
    elif name == "jawForward":
        way = np.broadcast_to(_JAW_FORWARD, offset.shape)
    else:
        way = np.radians(_JAW_TURN) * offset[:, [2, 1, 0]] * [1, 0, -1]
    return rig.jaw_weights(head)[:, None] * way


def _closing(head: Assembly) -> np.ndarray:
    """Ways [N, 3] of the skin that bring the lips of an open jaw together."""
    row, column = skin.chart_of_vertices()
    opened = _jaw_moved(head, "jawOpen")
    rim = np.minimum(np.abs(column), chart.MOUTH_CORNER)
    upper, lower = (
        opened[1 + (chart.ROWS[name] - 1) * skin.COLUMNS + skin.MIDDLE + rim]
        for name in ("upper_inner", "lower_inner")
    )
    gap = (lower - upper) * [0, 1, 1]
    middle = chart.ROW_HEIGHTS[chart.ROWS["upper_inner"]] - 1.0
    above = chart.ROW_HEIGHTS[row] - middle
    share = np.where(above > 0, *_CLOSE_SHARES) * smoothstep(
        1 - np.abs(above) / _CLOSE_REACH
    )
    return share[:, None] * gap


def _followed(head: Assembly, moved: np.ndarray) -> np.ndarray:
    """Motion [V, 3] of all parts that goes with the skin's [N, 3]."""
    return np.einsum("vk,vkc->vc", head.follow_weights, moved[head.follow_rows])


def _gaze(ball: np.ndarray, down: float, left: float) -> np.ndarray:
    """Way of the vertices of the left eyeball when it turns."""
    turned_ball = turned(ball, lids.EYE_CENTRE, down)
    offset, angle = turned_ball - lids.EYE_CENTRE, np.radians(left)
    x = np.cos(angle) * offset[:, 0] + np.sin(angle) * offset[:, 2]
    z = np.cos(angle) * offset[:, 2] - np.sin(angle) * offset[:, 0]
    return lids.EYE_CENTRE + np.stack([x, offset[:, 1], z], -1) - ball
