"""One training item of SMIRK (arXiv 2404.04104): its random choices, its pixels.

``draw_crop`` makes every random choice and returns it; ``smirk_item`` applies given
choices and is a pure function. Colours are not changed here.
"""

import dataclasses
import math

import numpy as np

from data_pipelines.transforms import smirk_geometry as geometry
from data_pipelines.transforms.resize import to_uint8

JITTER_PROBABILITY = 0.9
"""Share of the training crops that are shifted, zoomed and turned."""
LARGEST_SHIFT = 0.05
"""Of the side of the crop, along each axis."""
ZOOMS = (0.9, 1.1)
LARGEST_ANGLE = math.radians(10)


@dataclasses.dataclass(frozen=True)
class SmirkCrop:
    """Every random choice of an item.

    Attributes:
      scale: side of the crop over that of the face, above 0.
      angle: radians that the picture is turned by about the middle of the crop, from x
        towards y.
      zoom: how much larger the face gets, above 0.
      shift: where the face is moved, (x, y) as shares of the side of the crop.
    """

    scale: float = geometry.EVALUATION_SCALE
    angle: float = 0.0
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    def jitter_matrix(self, size: int = geometry.SIDE) -> np.ndarray:
        """The change of a crop of ``size`` square pixels, float64 [3, 3]."""
        factor = self.zoom * np.exp(1j * self.angle)
        middle = (size - 1) / 2 * (1 + 1j)
        moved = middle - factor * middle + size * complex(*self.shift)
        return np.array(
            [
                [factor.real, -factor.imag, moved.real],
                [factor.imag, factor.real, moved.imag],
                [0, 0, 1],
            ]
        )

    def matrix(self, points: np.ndarray, size: int = geometry.SIDE) -> np.ndarray:
        """From a picture to the crop of its face, jitter included.

        Args:
          points: [P, 2 or more] landmarks in pixels of the picture.
          size: pixels of the crop along each side.

        Returns:
          float64 [3, 3].

        Raises:
          ValueError: the points are no finite points, or the crop is empty.
        """
        crop = geometry.crop_matrix(points, self.scale, size)
        return self.jitter_matrix(size) @ crop


EVALUATION_CROP = SmirkCrop()
PICTURE_CROP = SmirkCrop(scale=geometry.PICTURE_SCALE)


def draw_crop(
    rng: np.random.Generator, scales: tuple[float, float] = geometry.TRAINING_SCALES
) -> SmirkCrop:
    """Draws the choices of a training item, as published.

    Args:
      rng: the item's generator.
      scales: least and largest side of a crop over that of the face.
    """
    scale = rng.uniform(*scales)
    if rng.random() >= JITTER_PROBABILITY:
        return SmirkCrop(scale)
    x, y = rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 2).tolist()
    return SmirkCrop(
        scale=scale,
        angle=rng.uniform(-LARGEST_ANGLE, LARGEST_ANGLE),
        zoom=rng.uniform(*ZOOMS),
        shift=(x, y),
    )


def smirk_item(
    image: np.ndarray,
    landmarks_mediapipe: np.ndarray,
    landmarks_68: np.ndarray | None = None,
    crop: SmirkCrop = EVALUATION_CROP,
    size: int = geometry.SIDE,
    recognition: bool = True,
) -> dict[str, np.ndarray]:
    """One element of the training stream, without its ``item_id``.

    The picture is warped once, by crop and jitter together: pixels are blended once, and
    what the jitter moves in from beyond the crop is seen, where published training
    pictures were warped twice and black there.

    Args:
      image: uint8 [H, W, 3], RGB, the whole picture.
      landmarks_mediapipe: [P, 2 or more] pixels; all of them make the crop and the mask.
      landmarks_68: [68, 2] pixels; None where they are not known.
      crop: the item's choices.
      size: pixels of the crop along each side.
      recognition: whether the aligned face is made.

    Returns:
      ``image`` uint8 [size, size, 3]; ``hull_mask`` uint8 [size, size], 1 in the
      background; ``landmarks_mediapipe`` float32 [P, 2] and ``landmarks_68`` float32
      [68, 2] as ``to_unit_square`` gives them; ``has_landmarks_68`` bool;
      ``recognition_image`` uint8 [112, 112, 3], the aligned face of the whole picture,
      if asked for. Without ``landmarks_68`` they and the aligned face are zero.

    Raises:
      ValueError: an argument has the wrong shape or type, or landmarks are not finite.
    """
    matrix = crop.matrix(landmarks_mediapipe, size)
    mediapipe = geometry.move_points(landmarks_mediapipe, matrix)
    item = {
        # Cut, not rounded, as published.
        "image": geometry.warp(image, matrix, size).astype(np.uint8),
        "hull_mask": geometry.hull_mask(mediapipe, size),
        "landmarks_mediapipe": geometry.to_unit_square(mediapipe, size),
        "landmarks_68": np.zeros((68, 2), np.float32),
        "has_landmarks_68": np.array(landmarks_68 is not None),
    }
    if landmarks_68 is not None:
        moved = geometry.move_points(landmarks_68, matrix)
        item["landmarks_68"] = geometry.to_unit_square(moved, size)
    if recognition:
        item["recognition_image"] = _aligned_face(image, landmarks_68)
    return item


def _aligned_face(image: np.ndarray, landmarks: np.ndarray | None) -> np.ndarray:
    """The face as recognition takes it; black where its landmarks are not known."""
    side = geometry.RECOGNITION_SIDE
    if landmarks is None:
        return np.zeros((side, side, 3), np.uint8)
    return to_uint8(geometry.warp(image, geometry.recognition_matrix(landmarks), side))
