"""Where SMIRK (arXiv 2404.04104) cuts a face out, and what it hides of the picture.

Matrices take (x, y, 1) of one picture to (x, y, 1) of another; both count in pixels, x
right and y down, and (0, 0) is the centre of the first one.
"""

import cv2
import numpy as np

SIDE = 224
"""Pixels of a crop along each side."""
RECOGNITION_SIDE = 112
"""Pixels of an aligned face along each side, as ArcFace takes it."""

TRAINING_SCALES = (1.2, 1.8)
EVALUATION_SCALE = 1.6
PICTURE_SCALE = 1.4
"""Side of a crop over that of the face: drawn between two limits for training, fixed for
evaluation, and closer for pictures of users."""

RECOGNITION_POINTS = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""Places of eyes, nose and mouth corners in ArcFace's aligned faces, pixels."""

_EYE_CORNERS = ((36, 39), (42, 45))
_NOSTRIL = 32
_MOUTH_CORNERS = (48, 54)


def crop_matrix(points: np.ndarray, scale: float, size: int = SIDE) -> np.ndarray:
    """Where a square around a face goes: its corners to the centres of corner pixels.

    Args:
      points: [P, 2 or more] landmarks in pixels. The side of the face is the mean of
        width and height of their box.
      scale: side of the square over that of the face; the square is cut to whole
        pixels.
      size: pixels of the crop along each side.

    Returns:
      float64 [3, 3], from the picture to the crop.

    Raises:
      ValueError: the points are no finite points, or the square is empty.
    """
    low, high = _box(points)
    side = int((high - low).mean() * scale)
    if side < 1:
        raise ValueError(
            f"points, scale: expected a square of at least a pixel, got a face of "
            f"{(high - low).mean():g} pixels and {scale:g}"
        )
    factor = (size - 1) / side
    shift = -factor * ((low + high) / 2 - side / 2)
    return np.array([[factor, 0, shift[0]], [0, factor, shift[1]], [0, 0, 1]])


def move_points(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points of a picture in another one.

    Args:
      points: [..., 2 or more] pixels; further coordinates are left out.
      matrix: [3, 3] or [2, 3], an affine map.

    Returns:
      float64 [..., 2] pixels.
    """
    return np.asarray(points, np.float64)[..., :2] @ matrix[:2, :2].T + matrix[:2, 2]


def warp(
    image: np.ndarray, matrix: np.ndarray, size: int = SIDE, samples: int = 1
) -> np.ndarray:
    """A picture through a matrix: bilinear, black outside, not rounded.

    Computed in float32: OpenCV's 8-bit path rounds.

    Args:
      image: uint8, or float32 in [0, 255], [H, W, 3].
      matrix: [3, 3] or [2, 3], from the picture to the result.
      size: pixels of the result along each side.
      samples: of which each pixel is the mean, along each side; 1 as published, more
        keep fine patterns of large pictures from turning into noise.

    Returns:
      float32 [size, size, 3], 0..255.

    Raises:
      ValueError: the image is none of these.
    """
    known = image.dtype in (np.uint8, np.float32)
    if image.ndim != 3 or image.shape[2] != 3 or not known:
        raise ValueError(
            f"image: expected uint8 or float32 [H, W, 3], got {image.dtype} {image.shape}"
        )
    # A pixel's samples lie around its centre.
    finer = samples * matrix[:2] + [[0, 0, (samples - 1) / 2]]
    fine = cv2.warpAffine(
        image.astype(np.float32),
        finer,
        (samples * size, samples * size),
        flags=cv2.INTER_LINEAR,
    )
    if samples == 1:
        return fine
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)


def hull_mask(points: np.ndarray, size: int = SIDE) -> np.ndarray:
    """What of a crop is background: all outside the convex outline of the face.

    Args:
      points: [P, 2] landmarks in pixels of the crop, cut to whole ones; all 478 of
        MediaPipe in the published data. They may lie outside the crop.
      size: pixels of the crop along each side.

    Returns:
      uint8 [size, size], 1 in the background and 0 in the face.

    Raises:
      ValueError: the points are no finite points.
    """
    _box(points)
    outline = cv2.convexHull(np.asarray(points)[:, :2].astype(np.int32))
    background = np.ones((size, size), np.uint8)
    return cv2.fillConvexPoly(background, outline, 0)


def to_unit_square(points: np.ndarray, size: int = SIDE) -> np.ndarray:
    """Landmarks of a crop on the scale on which they are compared.

    Half a pixel (1 / size) below the places where the renderer draws: as published,
    and what published weights have learned.

    Args:
      points: [..., 2] pixels of the crop.
      size: pixels of the crop along each side.

    Returns:
      float32 [..., 2], -1 at the centre of the first pixel; not limited to [-1, 1].
    """
    return (np.asarray(points) / size * 2 - 1).astype(np.float32)


def recognition_matrix(landmarks: np.ndarray) -> np.ndarray:
    """Where a face goes for its recognition: a least-squares similarity.

    The third of the five points is the nostril, where ArcFace has the tip of the nose:
    as published.

    Args:
      landmarks: [68, 2] pixels, Multi-PIE mark-up.

    Returns:
      float64 [2, 3], from the picture to ``RECOGNITION_SIDE`` square pixels.

    Raises:
      ValueError: there are not 68 landmarks, or those that are used are not finite or
        all in one place.
    """
    if np.shape(landmarks) != (68, 2):
        raise ValueError(f"landmarks: expected [68, 2], got {np.shape(landmarks)}")
    points = _five_points(np.asarray(landmarks, np.float64))
    low, high = _box(points)
    if not (high > low).any():
        raise ValueError(f"landmarks: expected a face, got eyes and mouth all at {low}")
    # A point x + iy: a similarity is one complex factor and a shift.
    source, target = (places @ (1, 1j) for places in (points, RECOGNITION_POINTS))
    centred = source - source.mean()
    factor = np.vdot(centred, target) / np.vdot(centred, centred)
    shift = target.mean() - factor * source.mean()
    return np.array(
        [
            [factor.real, -factor.imag, shift.real],
            [factor.imag, factor.real, shift.imag],
        ]
    )


def _five_points(landmarks: np.ndarray) -> np.ndarray:
    """Eyes, nose and mouth corners [5, 2] of 68 landmarks."""
    eyes = [landmarks[list(corners)].mean(axis=0) for corners in _EYE_CORNERS]
    return np.stack([*eyes, landmarks[_NOSTRIL], *landmarks[list(_MOUTH_CORNERS)]])


def _box(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest x and y of checked points."""
    shape = np.shape(points)
    if len(shape) != 2 or not shape[0] or shape[1] < 2:
        raise ValueError(f"points: expected [P, 2 or more], got {shape}")
    places = np.asarray(points, np.float64)[:, :2]
    if not np.isfinite(places).all():
        raise ValueError("points: expected finite numbers, got some that are not")
    return places.min(axis=0), places.max(axis=0)
