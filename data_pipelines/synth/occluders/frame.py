"""Where a face is in a picture, and what light it is in: all that occluders need."""

import dataclasses

import numpy as np

from data_pipelines.landmarks.schemas import (
    CHIN,
    LEFT_EYE,
    LEFT_MOUTH_CORNER,
    NOSE_TIP,
    RIGHT_EYE,
    RIGHT_MOUTH_CORNER,
)
from data_pipelines.synth.occluders.layer import Layer

MOUTH_DROP = 1.05
"""Distance from the eyes to the mouth over that between the eyes, on a usual face."""


@dataclasses.dataclass(frozen=True)
class Scene:
    """A picture of a face as an occluder sees it.

    Attributes:
      size: side of the picture, pixels.
      landmarks: float [68, 2] in pixels, (0, 0) the centre of the first one.
      skin: float [3] linear RGB of the lit skin.
      light: float [3] unit vector to the lamp: x to the right, y down, z to the viewer.
      exposure: brightness of things in the picture; 1 in a well-lit one.
      tint: float [3] linear RGB of something white, over its mean.
    """

    size: int
    landmarks: np.ndarray
    skin: np.ndarray
    light: np.ndarray
    exposure: float = 1.0
    tint: np.ndarray | float = 1.0

    @property
    def left_eye(self) -> np.ndarray:
        """[2], middle of the eye at the left of the picture."""
        return self.landmarks[list(LEFT_EYE)].mean(axis=0)

    @property
    def right_eye(self) -> np.ndarray:
        """[2], middle of the eye at the right of the picture."""
        return self.landmarks[list(RIGHT_EYE)].mean(axis=0)

    @property
    def mouth(self) -> np.ndarray:
        """[2], middle between the corners of the mouth."""
        corners = [LEFT_MOUTH_CORNER, RIGHT_MOUTH_CORNER]
        return self.landmarks[corners].mean(axis=0)

    @property
    def nose(self) -> np.ndarray:
        """[2], tip of the nose."""
        return self.landmarks[NOSE_TIP]

    @property
    def chin(self) -> np.ndarray:
        """[2], lowest point of the chin."""
        return self.landmarks[CHIN]

    @property
    def turn(self) -> float:
        """How far the face looks to the right of the picture, about -1 to 1."""
        left = np.linalg.norm(self.nose - self.landmarks[0])
        right = np.linalg.norm(self.landmarks[16] - self.nose)
        return float((left - right) / (left + right))

    @property
    def down(self) -> np.ndarray:
        """[2], unit vector from the eyes to the mouth."""
        vector = self.mouth - (self.left_eye + self.right_eye) / 2
        return vector / np.linalg.norm(vector)

    @property
    def unit(self) -> float:
        """Distance between the eyes in pixels, as if the face looked ahead.

        A turn shortens what lies side by side, a nod what lies below each other.
        """
        across = np.linalg.norm(self.right_eye - self.left_eye)
        eyes = (self.left_eye + self.right_eye) / 2
        return float(max(across, np.linalg.norm(self.mouth - eyes) / MOUTH_DROP))

    def face_plane(self) -> np.ndarray:
        """The flat frame that lies on the eyes and the mouth.

        Returns:
          [2, 3] from the frame to pixels: its origin is between the eyes, which are at
          (-1/2, 0) and (1/2, 0), and the mouth is at (0, ``MOUTH_DROP``).
        """
        eyes = (self.left_eye + self.right_eye) / 2
        across = self.right_eye - self.left_eye
        down = (self.mouth - eyes) / MOUTH_DROP
        return np.stack([across, down, eyes], axis=1)

    def upright(self, origin: np.ndarray, angle: float, scale: float) -> np.ndarray:
        """A frame at some place that shares the roll of the face.

        Args:
          origin: [2] its origin, pixels.
          angle: radians by which its x axis is turned from the face's, clockwise.
          scale: its unit over that between the eyes.

        Returns:
          [2, 3] from the frame to pixels.
        """
        roll = np.arctan2(self.down[1], self.down[0]) - np.pi / 2 + angle
        return similarity(origin, roll, scale * self.unit)


def similarity(origin: np.ndarray, angle: float, scale: float) -> np.ndarray:
    """The transform [2, 3] that scales, turns clockwise by an angle and moves."""
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, origin[0]], [sin, cos, origin[1]]])


def place(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Moves points [..., 2] by a transform [2, 3]."""
    return points @ transform[:, :2].T + transform[:, 2]


class Field:
    """The drawn pixels of a layer in the frame of a thing.

    Attributes:
      transform: [2, 3] from the frame to pixels of the picture.
      x: float32 [N, N], where each drawn pixel is in the frame.
      y: float32 [N, N].
      pixel: length of a drawn pixel in the frame.
    """

    def __init__(self, layer: Layer, transform: np.ndarray):
        inverse = np.linalg.inv(transform[:, :2]).astype(np.float32)
        dx = layer.x - np.float32(transform[0, 2])
        dy = layer.y - np.float32(transform[1, 2])
        self.transform = transform
        self.x = inverse[0, 0] * dx + inverse[0, 1] * dy
        self.y = inverse[1, 0] * dx + inverse[1, 1] * dy
        area = abs(np.linalg.det(transform[:, :2]))
        self.pixel = float(1 / (layer.factor * np.sqrt(area)))
        self._factor = layer.factor

    def window(self, points: np.ndarray, margin: float) -> tuple[slice, slice]:
        """Rows and columns that hold points and what is near them.

        Args:
          points: [n, 2] in the frame.
          margin: distance that counts as near, in the frame.

        Returns:
          Slices of ``x`` and ``y``, empty where all is outside.
        """
        drawn = (place(self.transform, points) + 0.5) * self._factor
        low = np.floor(drawn.min(axis=0) - margin / self.pixel).astype(int)
        high = np.ceil(drawn.max(axis=0) + margin / self.pixel).astype(int)
        low, high = (np.clip(edge, 0, len(self.x)) for edge in (low, high))
        return slice(low[1], high[1]), slice(low[0], high[0])

    def light(self, light: np.ndarray) -> np.ndarray:
        """A direction in the picture as one in the frame, float32 [3]."""
        axes = self.transform[:, :2] / np.linalg.norm(self.transform[:, :2], axis=0)
        return np.append(light[:2] @ axes, light[2]).astype(np.float32)


def smooth_curve(
    points: np.ndarray, closed: bool = False, steps: int = 8
) -> np.ndarray:
    """A curve through points (Catmull and Rom).

    Args:
      points: [n, 2].
      closed: whether it returns to the first point.
      steps: points of the result for every given one.

    Returns:
      [m, 2].
    """
    points = np.asarray(points, np.float64)
    around = (
        np.concatenate([points[-1:], points, points[:2]])
        if closed
        else np.concatenate([points[:1], points, points[-1:]])
    )
    t = (np.arange(steps) / steps)[:, None]
    pieces = zip(around, around[1:], around[2:], around[3:], strict=False)
    parts = [_piece(*piece, t) for piece in pieces]
    return np.concatenate(parts if closed else [*parts, points[-1:]])


def _piece(
    before: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    after: np.ndarray,
    t: np.ndarray,
) -> np.ndarray:
    bend = 2 * before - 5 * start + 4 * end - after
    twist = 3 * (start - end) + after - before
    return start + 0.5 * t * (end - before + t * (bend + t * twist))
