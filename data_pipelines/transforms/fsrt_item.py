"""One training item of FSRT (arXiv 2404.09736): its random choices, its pixels.

``draw_fsrt`` makes every random choice and returns it; ``fsrt_images`` and
``fsrt_item`` apply given choices and are pure functions. Colours are only drawn
here: the device changes them.
"""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from data_pipelines.transforms import fsrt_geometry as geometry
from data_pipelines.transforms.fsrt_geometry import NO_MARGINS, Margins
from data_pipelines.transforms.photometric import (
    ColorJitter,
    draw_color_jitter,
    no_color_jitter,
)
from data_pipelines.transforms.resize import to_uint8

NUM_VIEWS = 3
"""Colour views of an item: "augm", "augm2" and "augm3" of the paper's training."""


@dataclasses.dataclass(frozen=True)
class FsrtAugmentation:
    """How likely and how strong the random changes of an item are.

    Attributes:
      out_of_frame_probability: share of the items that get the out-of-frame crop.
      flip_probability: share of the items that are flipped left to right.
      color_jitter: largest change of brightness, contrast, saturation and hue.
      expression_crop: whether the expression encoder's driving frame is cropped.
    """

    out_of_frame_probability: float = 0.5
    flip_probability: float = 0.5
    color_jitter: tuple[float, ...] = (0.1, 0.1, 0.1, 0.1)
    expression_crop: bool = True

    def for_validation(self) -> "FsrtAugmentation":
        """The crops stay; neither flip nor colour changes."""
        return dataclasses.replace(self, flip_probability=0.0, color_jitter=(0.0,) * 4)


PLAIN = FsrtAugmentation(0.0, 0.0, (0.0,) * 4, expression_crop=False)
"""Frames as they are: for evaluation."""


@dataclasses.dataclass(frozen=True)
class FsrtDraws:
    """Every random choice of one item.

    Attributes:
      flip: whether all frames are flipped left to right.
      out_of_frame: margins of the crop that sources and driving frames share, on
        the reference scale; None where there is no such crop.
      expression_crops: margins of each driving frame, on the reference scale.
      colors: colour changes of the ``NUM_VIEWS`` views.
    """

    flip: bool
    out_of_frame: Margins | None
    expression_crops: tuple[Margins, ...]
    colors: ColorJitter


def draw_fsrt(
    rng: np.random.Generator,
    source_points: np.ndarray,
    driving_points: np.ndarray,
    frame_size: tuple[int, int],
    augmentation: FsrtAugmentation,
) -> FsrtDraws:
    """Draws all random choices of an item.

    Args:
      rng: the item's generator.
      source_points: ``[S, P, 2]`` landmarks (or opposite corners of the face) on
        the reference scale, before the flip.
      driving_points: ``[D, P, 2]``, likewise.
      frame_size: columns and rows of the frames.
      augmentation: probabilities and strengths.
    """
    cropped = rng.random() < augmentation.out_of_frame_probability
    flip = bool(rng.random() < augmentation.flip_probability)
    if flip:
        source_points = geometry.mirror_points(source_points)
        driving_points = geometry.mirror_points(driving_points)
    return FsrtDraws(
        flip=flip,
        out_of_frame=_draw_shared(rng, source_points, frame_size) if cropped else None,
        expression_crops=tuple(
            _draw_own(rng, points) if augmentation.expression_crop else NO_MARGINS
            for points in driving_points
        ),
        colors=_draw_colors(rng, augmentation.color_jitter),
    )


def fsrt_images(
    source_frames: Sequence[np.ndarray],
    driving_frames: Sequence[np.ndarray],
    draws: FsrtDraws,
    size: int,
) -> dict[str, np.ndarray]:
    """All pictures of an item, not rounded.

    Args:
      source_frames: uint8 ``[H, W, 3]`` each, all frames of one size.
      driving_frames: uint8 ``[H, W, 3]`` each.
      draws: the item's choices.
      size: side of the pictures.

    Returns:
      ``source_images``, ``source_images_uncropped`` ``[S, size, size, 3]``,
      ``driving_images``, ``driving_images_uncropped``, ``driving_expression_crops``
      ``[D, size, size, 3]``, float32, 0..255.
    """
    if draws.flip:
        source_frames = [cv2.flip(frame, 1) for frame in source_frames]
        driving_frames = [cv2.flip(frame, 1) for frame in driving_frames]
    height, width = source_frames[0].shape[:2]
    own = [margins.scaled(width, height) for margins in draws.expression_crops]
    images = {
        "source_images_uncropped": _crop_all(source_frames, NO_MARGINS, size),
        "driving_images_uncropped": _crop_all(driving_frames, NO_MARGINS, size),
        "driving_expression_crops": _crop_all(driving_frames, own, size),
    }
    if draws.out_of_frame is None:
        images["source_images"] = images["source_images_uncropped"]
        images["driving_images"] = images["driving_images_uncropped"]
    else:
        shared = draws.out_of_frame.scaled(width, height)
        images["source_images"] = _crop_all(source_frames, shared, size)
        images["driving_images"] = _crop_all(driving_frames, shared, size)
    return images


def fsrt_item(
    source_frames: Sequence[np.ndarray],
    driving_frames: Sequence[np.ndarray],
    source_keypoints: np.ndarray,
    driving_keypoints: np.ndarray,
    draws: FsrtDraws,
    size: int,
) -> dict[str, np.ndarray]:
    """One element of the training stream, without its ``item_id``.

    Args:
      source_frames: uint8 ``[H, W, 3]`` each, all frames of one size.
      driving_frames: uint8 ``[H, W, 3]`` each.
      source_keypoints: float32 ``[S, K, 2]`` of the flipped (if so) whole frames.
      driving_keypoints: float32 ``[D, K, 2]``, likewise.
      draws: the item's choices.
      size: side of the pictures.

    Returns:
      The pictures of ``fsrt_images`` as uint8, the keypoints, ``keypoint_scale``
      and ``keypoint_shift`` float32 ``[2]`` (1 and 0 without crop) of the shared crop,
      ``expression_scale`` and ``expression_shift`` float32 ``[D, 2]`` of the expression
      crops, each for ``(keypoints + shift) * scale``,
      ``color_factors`` float32 ``[3, 4]`` and ``color_order`` int32 ``[3, 4]``.
    """
    images = fsrt_images(source_frames, driving_frames, draws, size)
    height, width = source_frames[0].shape[:2]
    shared = draws.out_of_frame or NO_MARGINS
    transforms = [
        geometry.keypoint_transform(margins.scaled(width, height), width, height)
        for margins in (shared, *draws.expression_crops)
    ]
    scales, shifts = (np.stack(values) for values in zip(*transforms, strict=True))
    return {
        **{name: to_uint8(pixels) for name, pixels in images.items()},
        "source_keypoints": source_keypoints,
        "driving_keypoints": driving_keypoints,
        "keypoint_scale": scales[0],
        "keypoint_shift": shifts[0],
        "expression_scale": scales[1:],
        "expression_shift": shifts[1:],
        "color_factors": draws.colors.factors,
        "color_order": draws.colors.order,
    }


def _draw_shared(
    rng: np.random.Generator, points: np.ndarray, frame_size: tuple[int, int]
) -> Margins:
    limits = geometry.out_of_frame_limits(points)
    return geometry.draw_out_of_frame_margins(rng, limits, *frame_size)


def _draw_own(rng: np.random.Generator, points: np.ndarray) -> Margins:
    return geometry.draw_margins(rng, geometry.expression_crop_limits(points))


def _draw_colors(rng: np.random.Generator, strength: tuple[float, ...]) -> ColorJitter:
    if any(strength):
        return draw_color_jitter(rng, strength, NUM_VIEWS)
    return no_color_jitter(NUM_VIEWS)


def _crop_all(
    frames: Sequence[np.ndarray], margins: Margins | Sequence[Margins], size: int
) -> np.ndarray:
    each = [margins] * len(frames) if isinstance(margins, Margins) else margins
    images = np.empty((len(frames), size, size, 3), np.float32)
    for image, frame, own in zip(images, frames, each, strict=True):
        geometry.crop_and_resize(frame, own, size, out=image)
    return images
