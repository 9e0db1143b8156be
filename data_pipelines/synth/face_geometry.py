"""The shape of a drawn face: a head surface with features on it, turned and projected.

Head coordinates: x to the right of the picture, y down, z towards the viewer; the
crown is at y = -1, the chin at y = 1, the eyes near y = 0. The head is a stack of
ellipses; features are curves on its front, so that they shift and shorten with depth
when it turns.
"""

import dataclasses

import numpy as np

from data_pipelines.synth.face_parameters import FaceParameters, Identity

HEAD_SIZE = 0.345
"""Half the height of a head of scale 0 as a fraction of the picture."""
HEAD_CENTRE = np.array([0.5, 0.51])
NECK_JOINT = np.array([0.0, 0.55, -0.3])
"""About which the head turns."""
JAW_JOINT = np.array([0.0, 0.1, 0.0])
JAW_ANGLE = 0.34
"""Radians by which the jaw turns when the mouth is fully open."""
EYE_HEIGHT = -0.02
MOUTH_HEIGHT = 0.57
DEPTH = 0.8

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


def project(points: np.ndarray, parameters: FaceParameters) -> np.ndarray:
    """Turns head coordinates into the picture (weak perspective).

    Args:
      points: [..., 3] in head coordinates.
      parameters: the pose.

    Returns:
      [..., 3]: x and y from 0 to 1 over the picture, from its top left corner; z towards
      the viewer in the same units.
    """
    size = HEAD_SIZE * np.exp(parameters.scale)
    turned = (points - NECK_JOINT) @ _rotation(parameters).T + NECK_JOINT
    shift = np.array([parameters.shift_x, parameters.shift_y])
    return turned * size + np.append(HEAD_CENTRE + shift, 0.0)


def head_surface(identity: Identity, rows: int = 30, columns: int = 49) -> np.ndarray:
    """Grid of points on the head, [rows, columns, 3], from crown to chin and around."""
    polar = np.linspace(0, np.pi, rows)[:, None]
    azimuth = np.linspace(-np.pi, np.pi, columns)[None]
    return _surface(identity, polar, azimuth)


def hair_surface(identity: Identity, rows: int = 14, columns: int = 61) -> np.ndarray:
    """Grid of points on the hair, [rows, columns, 3], from crown to hairline."""
    azimuth = np.linspace(-np.pi, np.pi, columns)
    angle = np.abs(np.degrees(azimuth))
    brow = EYE_HEIGHT - identity.hairline
    heights = [brow, brow + 0.02, brow + 0.14, -0.22, -0.16, 0.25, 0.55, 0.6]
    edge = np.interp(angle, [0, 25, 45, 65, 92, 104, 130, 180], heights)
    edge = edge + 0.1 * identity.hair_parting * np.sin(2 * azimuth) * (angle < 90)
    down = np.linspace(0, 1, rows)[:, None]
    points = _surface(identity, down * np.arccos(-edge), azimuth[None])
    thickness = identity.hair_volume * np.minimum(1, 2.5 * (1 - down)) + 0.04
    return points * (1 + thickness[..., None])


def ear_surface(identity: Identity, side: int, rows: int = 4) -> np.ndarray:
    """Grid of points on an ear, [rows, 13, 3]; ``side`` is -1 (left) or 1."""
    angle = np.linspace(0, 2 * np.pi, 13)[None] * -side
    radius = np.linspace(1, 0.02, rows)[:, None]
    out, up = 0.11 * radius * np.cos(angle), 0.2 * radius * np.sin(angle)
    bulge = 0.04 * np.sqrt(1 - 0.9 * radius**2) + 0 * angle
    x = side * (0.97 * identity.width + 0.05 + 0.55 * out + bulge)
    return np.stack([x, 0.04 - up, -0.08 - 0.8 * out], axis=-1) * (
        1,
        identity.length,
        1,
    )


def open_jaw(
    points: np.ndarray, parameters: FaceParameters, weight: np.ndarray | float
) -> np.ndarray:
    """Turns points [..., 3] about the jaw joint.

    Args:
      points: in head coordinates.
      parameters: says how far the mouth is open.
      weight: [...], how much of the jaw's motion each point takes part in, 0 to 1.
    """
    angle = JAW_ANGLE * parameters.mouth_open * np.asarray(weight)
    x, y, z = np.moveaxis(points - JAW_JOINT, -1, 0)
    turned = [
        x,
        y * np.cos(angle) + z * np.sin(angle),
        z * np.cos(angle) - y * np.sin(angle),
    ]
    return np.stack(turned, axis=-1) + JAW_JOINT


def jaw_weight(points: np.ndarray) -> np.ndarray:
    """How much points [..., 3] of the head take part in the jaw's motion, 0 to 1."""
    low = _smoothstep((points[..., 1] - 0.3) / 0.4)
    return low * _smoothstep((points[..., 2] + 0.1) / 0.3)


def on_face(identity: Identity, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Points [..., 3] on the front of the head above (x, y)."""
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    polar = np.arccos(np.clip(-y / identity.length, -1, 1))
    width, depth, centre = _ellipse(identity, polar)
    inside = np.clip(x / np.maximum(width, 1e-6), -0.999, 0.999)
    return np.stack(
        [inside * width, y, centre + depth * np.sqrt(1 - inside**2)], axis=-1
    )


def _surface(identity: Identity, polar: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    width, depth, centre = _ellipse(identity, polar)
    x = width * np.sin(azimuth)
    z = centre + depth * np.cos(azimuth)
    return np.stack(
        np.broadcast_arrays(x, -np.cos(polar) * identity.length, z), axis=-1
    )


def _ellipse(
    identity: Identity, polar: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half width, half depth and centre of the head's ellipse at a polar angle."""
    ring, height = np.sin(polar), -np.cos(polar)
    jaw = 1 + (identity.jaw - 1) * _smoothstep(height / 0.7)
    full = ring + 0.08 * np.sin(2 * polar) ** 2  # fuller than an ellipsoid
    centre = 0.42 * _smoothstep((height - 0.2) / 0.8)
    return identity.width * jaw * full, DEPTH * ring, centre


def _jaw(identity: Identity, parameters: FaceParameters) -> np.ndarray:
    along = np.linspace(-1, 1, 17)
    polar = np.pi - np.abs(along) * (np.pi / 2 + 0.05)
    points = _surface(identity, polar, np.radians(80) * np.sign(along))
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


def _rotation(parameters: FaceParameters) -> np.ndarray:
    """[3, 3] for column vectors: first yaw, then pitch, then roll."""
    yaw, pitch, roll = np.radians([parameters.yaw, parameters.pitch, parameters.roll])
    cos, sin = np.cos, np.sin
    about_y = [[cos(yaw), 0, sin(yaw)], [0, 1, 0], [-sin(yaw), 0, cos(yaw)]]
    about_x = [[1, 0, 0], [0, cos(pitch), sin(pitch)], [0, -sin(pitch), cos(pitch)]]
    about_z = [[cos(roll), -sin(roll), 0], [sin(roll), cos(roll), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_x) @ np.array(about_y)


def _smoothstep(value: np.ndarray) -> np.ndarray:
    value = np.clip(value, 0, 1)
    return value * value * (3 - 2 * value)
