"""Landmark schemes: index groups, conversion, mirroring, and what is built from them.

Landmarks are the 68 points of the Multi-PIE mark-up in pixels of their frame, x to the
right and y down; the centre of the first pixel is (0, 0). ``Left`` and ``right`` in
names are those of the picture, not of the person.
"""

import numpy as np

NUM_LANDMARKS = 68

JAW = tuple(range(17))
LEFT_BROW = tuple(range(17, 22))
RIGHT_BROW = tuple(range(22, 27))
NOSE = tuple(range(27, 36))
LEFT_EYE = tuple(range(36, 42))
RIGHT_EYE = tuple(range(42, 48))
MOUTH = tuple(range(48, 68))
NOSE_TIP = 30
CHIN = 8
LEFT_MOUTH_CORNER, RIGHT_MOUTH_CORNER = 48, 54
UPPER_LIP, LOWER_LIP = 62, 66
"""Middles of the inner lip edges: they meet when the mouth is closed."""

REGIONS = {
    "face": tuple(range(NUM_LANDMARKS)),
    "eyes": LEFT_EYE + RIGHT_EYE,
    "left_eye": LEFT_EYE,
    "right_eye": RIGHT_EYE,
    "brows": LEFT_BROW + RIGHT_BROW,
    "nose": NOSE,
    "mouth": MOUTH,
}

FOREHEAD = 0.2
"""Height of the forehead over that of the rest: 0.15 to 0.23 on measured faces."""

# fmt: off
MEDIAPIPE_TO_68 = (
    127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 82, 13, 312, 308, 317, 14, 87,
)
"""For each of the 68 points the nearest vertex of MediaPipe's face mesh."""

MIRROR = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55,
    64, 63, 62, 61, 60, 67, 66, 65,
)
"""For each of the 68 points the one that takes its place in a mirrored picture."""
# fmt: on

NUM_MEDIAPIPE = 478
MEDIAPIPE_IRISES = (468, 473)
"""Iris centres in MediaPipe's refined mesh: of the left and right eye of the picture."""

SEMANTIC_KEYPOINTS = (
    "left_eye",
    "right_eye",
    "left_brow",
    "right_brow",
    "nose_tip",
    "left_mouth_corner",
    "right_mouth_corner",
    "upper_lip",
    "lower_lip",
    "chin",
)
NUM_SEMANTIC_KEYPOINTS = len(SEMANTIC_KEYPOINTS)


def semantic_keypoints(landmarks: np.ndarray) -> np.ndarray:
    """Ten points that drive a face: pose, brows, mouth and jaw.

    Each means the same on every face. The eye centres give position, size and roll;
    the nose tip lies in front of them and moves against them with yaw and pitch; brow
    centres, mouth corners and chin carry expression and jaw. The lips are taken at their
    inner edges, so that lip thickness, which is identity, does not look like an opening.
    Contour points other than the chin are left out: they slide along the silhouette
    when the head turns. Eyelids and gaze have no keypoint of their own; they are left to
    the expression.

    Args:
      landmarks: [..., 68, 2].

    Returns:
      [..., 10, 2] of the same type and units, in the order of SEMANTIC_KEYPOINTS.

    Raises:
      ValueError: there are not 68 points.
    """
    _check(landmarks)
    groups = (LEFT_EYE, RIGHT_EYE, LEFT_BROW, RIGHT_BROW)
    centres = [landmarks[..., group, :].mean(axis=-2) for group in groups]
    singles = (
        NOSE_TIP,
        LEFT_MOUTH_CORNER,
        RIGHT_MOUTH_CORNER,
        UPPER_LIP,
        LOWER_LIP,
        CHIN,
    )
    points = [landmarks[..., index, :] for index in singles]
    return np.stack(centres + points, axis=-2)


def mediapipe_to_68(points: np.ndarray) -> np.ndarray:
    """Picks the 68 landmarks out of MediaPipe's face mesh.

    Args:
      points: [..., 478, 2 or 3] or without irises [..., 468, 2 or 3], in pixels.

    Returns:
      [..., 68, 2].
    """
    return points[..., MEDIAPIPE_TO_68, :2]


def mirror_landmarks(landmarks: np.ndarray, width: float) -> np.ndarray:
    """Landmarks of the mirrored picture.

    Args:
      landmarks: [..., 68, 2] in pixels.
      width: columns of the picture.

    Returns:
      [..., 68, 2], each point again in its own place of the scheme.

    Raises:
      ValueError: there are not 68 points.
    """
    _check(landmarks)
    mirrored = landmarks[..., MIRROR, :].copy()
    mirrored[..., 0] = width - 1 - mirrored[..., 0]
    return mirrored


def rescale_landmarks(
    landmarks: np.ndarray, old_size: tuple[float, float], new_size: tuple[float, float]
) -> np.ndarray:
    """Landmarks of a picture after it is resized, squeezed if the shape changes.

    Args:
      landmarks: [..., 2] in pixels of a picture of ``old_size``.
      old_size: (width, height).
      new_size: (width, height).

    Returns:
      [..., 2] of the same type. Corners of pictures stay corners, so points shift by
      half pixels as well: x' = (x + 1/2) w'/w - 1/2.
    """
    scale = np.asarray(new_size, landmarks.dtype) / np.asarray(
        old_size, landmarks.dtype
    )
    half = landmarks.dtype.type(0.5)
    return (landmarks + half) * scale - half


def region_box(landmarks: np.ndarray, region: str, margin: float = 0.2) -> np.ndarray:
    """Box around a part of the face.

    Args:
      landmarks: [..., 68, 2] in pixels.
      region: a name in REGIONS, such as ``mouth`` or ``eyes``.
      margin: added on each side, as a fraction of the width of the part.

    Returns:
      [..., 4] left, top, right, bottom as pixel edges (pixel 0 covers 0 to 1).

    Raises:
      ValueError: the region is unknown, or there are not 68 points.
    """
    _check(landmarks)
    if region not in REGIONS:
        raise ValueError(f"expected a region in {sorted(REGIONS)}, got {region!r}")
    points = landmarks[..., REGIONS[region], :] + 0.5
    low, high = points.min(axis=-2), points.max(axis=-2)
    border = margin * (high - low)[..., :1]
    return np.concatenate([low - border, high + border], axis=-1)


def face_box(landmarks: np.ndarray) -> np.ndarray:
    """Box around a face from chin to hairline.

    Args:
      landmarks: [..., 68, 2] in pixels.

    Returns:
      [..., 4] left, top, right, bottom as pixel edges. The 68 points end at the brows;
      the box goes on upwards by FOREHEAD of its height.

    Raises:
      ValueError: there are not 68 points.
    """
    box = region_box(landmarks, "face", margin=0.0)
    box[..., 1] -= FOREHEAD * (box[..., 3] - box[..., 1])
    return box


def _check(landmarks: np.ndarray) -> None:
    if landmarks.shape[-2:] != (NUM_LANDMARKS, 2):
        raise ValueError(
            f"expected landmarks [..., 68, 2], got {list(landmarks.shape)}"
        )
