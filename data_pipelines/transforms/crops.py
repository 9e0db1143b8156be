"""Cuts faces out of pictures and puts them back; ``face_boxes`` says where they lie.

A box is four numbers left, top, right, bottom: edges in pixels, not pixel numbers. Pixel
0 covers 0 to 1, so the box of a whole picture is (0, 0, width, height), and a landmark
at pixel centre x lies at x + 1/2. Boxes need not be whole numbers and may reach outside
the picture.
"""

import math

import cv2
import numpy as np

from data_pipelines.transforms.face_boxes import (
    CROP_SCALE,
    clip_box,
    clip_crops,
    moving_boxes,
    square_box,
    still_crop,
)

__all__ = [
    "CROP_SCALE",
    "clip_box",
    "clip_crops",
    "crop_resize",
    "landmarks_in_crop",
    "landmarks_in_frame",
    "moving_boxes",
    "paste_back",
    "soft_mask",
    "square_box",
    "still_crop",
]


def crop_resize(
    image: np.ndarray,
    box: np.ndarray,
    size: int | tuple[int, int],
    angle: float = 0.0,
) -> np.ndarray:
    """Cuts a box out of a picture and resizes it, in one exact step.

    Where the box reaches outside, the outermost pixels are repeated. Enlarging is
    bilinear; for shrinking, samples at most a pixel apart are averaged over the area of
    each new pixel.

    Args:
      image: uint8 or float32 [H, W, C] or [H, W].
      box: [4].
      size: side of the result, or (width, height).
      angle: radians that the picture is turned by about the middle of the box, from x
        towards y.

    Returns:
      [height, width, C] or [height, width], of the same type.

    Raises:
      ValueError: the box or the size is empty.
    """
    width, height = (size, size) if isinstance(size, int) else size
    left, top, right, bottom = (float(edge) for edge in box)
    if not (right > left and bottom > top and width > 0 and height > 0):
        raise ValueError(
            f"expected a box with an area, got {list(box)} for size {size}"
        )
    repeats = [
        max(1, math.ceil((right - left) / width)),
        max(1, math.ceil((bottom - top) / height)),
    ]
    samples = (width * repeats[0], height * repeats[1])
    step_x, step_y = (right - left) / samples[0], (bottom - top) / samples[1]
    to_image = np.array(
        [[step_x, 0, left + step_x / 2 - 0.5], [0, step_y, top + step_y / 2 - 0.5]]
    )
    if angle:
        to_image = _turned_back(to_image, (left + right) / 2, (top + bottom) / 2, angle)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(
        image, to_image, samples, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    if samples == (width, height):
        return fine
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)


def paste_back(
    frame: np.ndarray,
    face: np.ndarray,
    box: np.ndarray,
    feather: float = 0.1,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Puts a crop back where it was cut out; the inverse of ``crop_resize``.

    Args:
      frame: uint8 [H, W, C].
      face: uint8 [h, w, C], the crop at any size.
      box: [4], where it was cut out.
      feather: width of the soft border as a fraction of the box. Along sides that lie
        on the border of the frame or outside there is none.
      mask: float32 [h, w], how much of each pixel of the crop is shown, 0 to 1; None
        shows all of it. See ``soft_mask``.

    Returns:
      uint8 [H, W, C], a new frame.
    """
    height, width = frame.shape[:2]
    rows = _pixels(box[1], box[3], height)
    columns = _pixels(box[0], box[2], width)
    result = frame.copy()
    if not (len(rows) and len(columns)):
        return result
    covered = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
    in_face = _in_crop(covered.reshape(2, 2), box, (face.shape[1], face.shape[0]))
    patch = crop_resize(face, in_face.reshape(4), (len(columns), len(rows)))
    weight_y = _ramp(rows, box[1], box[3], height, feather)
    weight_x = _ramp(columns, box[0], box[2], width, feather)
    weight = (weight_y[:, None] * weight_x)[..., None]
    if mask is not None:
        shown = crop_resize(mask, in_face.reshape(4), (len(columns), len(rows)))
        weight = weight * shown[..., None]
    place = np.ix_(rows, columns)
    result[place] = np.rint(
        frame[place] + weight * (patch.astype(np.float64) - frame[place])
    )
    return result


def soft_mask(covered: np.ndarray, width: float) -> np.ndarray:
    """A mask for ``paste_back`` that falls off around a region.

    Args:
      covered: bool [h, w], the region; all of it is shown.
      width: pixels around it over which what is shown fades.

    Returns:
      float32 [h, w], 0 to 1.
    """
    outside = (~covered).astype(np.uint8)
    if outside.all():
        return np.zeros(covered.shape, np.float32)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = np.clip(1 - distance / max(width, 1e-6), 0, 1)
    return _eased(near).astype(np.float32)


def landmarks_in_crop(
    landmarks: np.ndarray, box: np.ndarray, size: int | tuple[int, int]
) -> np.ndarray:
    """Landmarks of a picture in pixels of its crop.

    Args:
      landmarks: [..., 2] in pixels of the picture.
      box: [4], or [..., 4] with the leading axes of ``landmarks`` before the points.
      size: side of the crop, or (width, height).

    Returns:
      [..., 2] of the type of ``landmarks``.
    """
    size = (size, size) if isinstance(size, int) else size
    return (_in_crop(landmarks + 0.5, box, size) - 0.5).astype(landmarks.dtype)


def landmarks_in_frame(
    landmarks: np.ndarray, box: np.ndarray, size: int | tuple[int, int]
) -> np.ndarray:
    """Landmarks of a crop in pixels of the picture; undoes ``landmarks_in_crop``."""
    size = (size, size) if isinstance(size, int) else size
    box = np.asarray(box, np.float64)[..., None, :]
    low, extent = box[..., :2], box[..., 2:] - box[..., :2]
    return ((landmarks + 0.5) / size * extent + low - 0.5).astype(landmarks.dtype)


def _turned_back(to_image: np.ndarray, x: float, y: float, angle: float) -> np.ndarray:
    """A map [2, 3] to pixels, then turned back about a place given in edges."""
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    middle = np.array([x, y]) - 0.5
    moved = turn @ to_image
    moved[:, 2] += middle - turn @ middle
    return moved


def _in_crop(points: np.ndarray, box: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Edge coordinates [..., P, 2] of the picture in those of the crop."""
    box = np.asarray(box, np.float64)[..., None, :]
    return (points - box[..., :2]) / (box[..., 2:] - box[..., :2]) * size


def _pixels(low: float, high: float, count: int) -> np.ndarray:
    """Numbers of the pixels whose centres lie between two edges."""
    return np.arange(max(math.ceil(low - 0.5), 0), min(math.ceil(high - 0.5), count))


def _ramp(
    pixels: np.ndarray, low: float, high: float, count: int, feather: float
) -> np.ndarray:
    """Weights [n] of pixels between two edges: 0 at the edges, 1 inside."""
    from_low = pixels + 0.5 - low if low > 0 else np.inf
    to_high = high - pixels - 0.5 if high < count else np.inf
    distance = np.minimum(from_low, to_high) + np.zeros(len(pixels))
    return _eased(np.clip(distance / max(feather * (high - low), 1e-6), 0, 1))


def _eased(share: np.ndarray) -> np.ndarray:
    """From 0 to 1 without a kink at either end."""
    return share**2 * (3 - 2 * share)
