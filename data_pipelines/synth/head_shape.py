"""The shape of a drawn head: surfaces of skin, hair and ears, the jaw, the projection.

Head coordinates: x to the right of the picture, y down, z towards the viewer; the
crown is at y = -1, the chin at y = 1, the eyes near y = 0. The head is a stack of
ellipses.
"""

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
DEPTH = 0.8


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


def around_head(
    identity: Identity, polar: np.ndarray, azimuth: np.ndarray
) -> np.ndarray:
    """Points [..., 3] on the head by their angles in radians.

    Args:
      identity: whose head.
      polar: [...], 0 at the crown to pi at the chin.
      azimuth: [...], around the head, 0 in front, positive to the right.
    """
    width, depth, centre = _ellipse(identity, polar)
    x = width * np.sin(azimuth)
    z = centre + depth * np.cos(azimuth)
    return np.stack(
        np.broadcast_arrays(x, -np.cos(polar) * identity.length, z), axis=-1
    )


def head_surface(identity: Identity, rows: int = 30, columns: int = 49) -> np.ndarray:
    """Grid of points on the head, [rows, columns, 3], from crown to chin and around."""
    polar = np.linspace(0, np.pi, rows)[:, None]
    azimuth = np.linspace(-np.pi, np.pi, columns)[None]
    return around_head(identity, polar, azimuth)


def hair_surface(identity: Identity, rows: int = 14, columns: int = 61) -> np.ndarray:
    """Grid of points on the hair, [rows, columns, 3], from crown to hairline."""
    azimuth = np.linspace(-np.pi, np.pi, columns)
    angle = np.abs(np.degrees(azimuth))
    brow = EYE_HEIGHT - identity.hairline
    heights = [brow, brow + 0.02, brow + 0.14, -0.22, -0.16, 0.25, 0.55, 0.6]
    edge = np.interp(angle, [0, 25, 45, 65, 92, 104, 130, 180], heights)
    edge = edge + 0.1 * identity.hair_parting * np.sin(2 * azimuth) * (angle < 90)
    down = np.linspace(0, 1, rows)[:, None]
    points = around_head(identity, down * np.arccos(-edge), azimuth[None])
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


def _ellipse(
    identity: Identity, polar: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half width, half depth and centre of the head's ellipse at a polar angle."""
    ring, height = np.sin(polar), -np.cos(polar)
    jaw = 1 + (identity.jaw - 1) * _smoothstep(height / 0.7)
    full = ring + 0.08 * np.sin(2 * polar) ** 2  # fuller than an ellipsoid
    centre = 0.42 * _smoothstep((height - 0.2) / 0.8)
    return identity.width * jaw * full, DEPTH * ring, centre


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
