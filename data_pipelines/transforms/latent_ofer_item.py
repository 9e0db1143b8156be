"""One item of Latent-OFER (arXiv 2307.11404): its random choices, its pixels.

``draw_latent_ofer`` makes every random choice and returns it; ``latent_ofer_item``
applies given choices and is a pure function. Colours are only drawn here, and so is what
is erased: the device changes them.
"""

import dataclasses
import math

import cv2
import numpy as np

from data_pipelines.transforms.crops import crop_resize
from data_pipelines.transforms.erasing import Rectangle, draw_erasing
from data_pipelines.transforms.face_boxes import square
from data_pipelines.transforms.resize import to_uint8
from data_pipelines.transforms.smirk_colors import ColorChanges, draw_level_changes

SIDE = 224
"""Pixels of an item along each side."""

FACE_SCALE = 1.3
"""Side of the crop over the longer side of the face from chin to hairline. The face spans
about eleven of the fourteen patches, and the margin of more than a patch on each side has
what occluders cover beyond it: hair, ears, and where a hand or a scarf comes from."""

_ROUNDING = 1e-4
"""Levels that interpolation may err by."""


@dataclasses.dataclass(frozen=True)
class LatentOferAugmentation:
    """How training items are changed at random.

    Attributes:
      flip_probability: share of the items that are flipped left to right, 0 to 1.
      jitter: largest change of the side of the crop, and of its place along each axis,
        as shares of the side; 0 to below 1.
      rotation: largest angle in degrees that pictures are turned by, 0 or more.
      color_changes: whether colours are changed.
      erasing_probability: share of the items with a rectangle erased, 0 to 1.
    """

    flip_probability: float = 0.5
    jitter: float = 0.05
    rotation: float = 10.0
    color_changes: bool = True
    erasing_probability: float = 0.0

    def __post_init__(self) -> None:
        """Refuses numbers out of their ranges."""
        for name in ("flip_probability", "erasing_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: expected 0 to 1, got {getattr(self, name)}")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter: expected 0 to below 1, got {self.jitter}")
        if not 0 <= self.rotation <= 180:
            raise ValueError(f"rotation: expected 0 to 180, got {self.rotation}")


@dataclasses.dataclass(frozen=True)
class LatentOferDraws:
    """Every random choice of an item.

    Attributes:
      zoom: factor of the side of the crop, above 0.
      shift: where the crop is moved, (x, y) as shares of its side.
      angle: radians that the picture is turned by about the middle of the crop, from x
        towards y.
      flip: whether the crop is flipped left to right.
      colors: the same for the picture and for that without the occluder.
      erased: what of the picture with the occluder is erased.
    """

    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    flip: bool = False
    colors: ColorChanges = dataclasses.field(default_factory=ColorChanges)
    erased: Rectangle | None = None

    def box(self, outline: np.ndarray, face_scale: float) -> np.ndarray:
        """Where the crop lies, before it is turned: float64 [4], pixel edges.

        Args:
          outline: [P, 2] pixels, whose box is that of the face.
          face_scale: side of the crop over the longer side of that box, before ``zoom``.
        """
        ends = np.stack([outline.min(axis=0), outline.max(axis=0)]) + 0.5
        box = square(ends.reshape(4), face_scale * self.zoom)
        return box + np.tile(self.shift, 2) * (box[2] - box[0])


UNCHANGED = LatentOferDraws()


def draw_latent_ofer(
    rng: np.random.Generator, augmentation: LatentOferAugmentation, size: int = SIDE
) -> LatentOferDraws:
    """Draws the choices of a training item.

    Args:
      rng: the item's generator.
      augmentation: what may be chosen.
      size: pixels of the item along each side.
    """
    jitter, rotation = augmentation.jitter, math.radians(augmentation.rotation)
    zoom, x, y = rng.uniform(-jitter, jitter, 3).tolist()
    angle, chance = rng.uniform(-rotation, rotation), rng.random()
    erased = draw_erasing(rng, augmentation.erasing_probability, size)
    colors = draw_level_changes(rng) if augmentation.color_changes else ColorChanges()
    flip = bool(chance < augmentation.flip_probability)
    return LatentOferDraws(1 + zoom, (x, y), angle, flip, colors, erased)


def latent_ofer_item(
    image: np.ndarray,
    outline: np.ndarray,
    clean_image: np.ndarray | None = None,
    occluder_mask: np.ndarray | None = None,
    draws: LatentOferDraws = UNCHANGED,
    face_scale: float = FACE_SCALE,
    size: int = SIDE,
) -> dict[str, np.ndarray]:
    """The pictures of an item, all cut out alike; nothing is coloured or erased yet.

    Args:
      image: uint8 [H, W, 3], RGB, the whole picture.
      outline: [P, 2] pixels, whose box is that of the face.
      clean_image: uint8 [H, W, 3], the picture without what hides the face; None where
        it is not known.
      occluder_mask: uint8 [H, W], alpha 0..255 of what hides the face, or None.
      draws: the item's choices, of which the crop and the flip are applied.
      face_scale: side of the crop over the longer side of the face.
      size: pixels of the crop along each side.

    Returns:
      ``image`` uint8 [size, size, 3]; ``clean_image`` uint8 [size, size, 3], the same
      where it is not known; ``occluder_mask`` uint8 [size, size], alpha 0..255: where it
      is 0 both pictures are equal.

    Raises:
      ValueError: the outline has no box with an area.
    """
    box = draws.box(outline, face_scale)
    shown = clean = _picture(image, box, draws, size)
    if clean_image is not None and clean_image is not image:
        clean = _picture(clean_image, box, draws, size)
    mask = np.zeros((size, size), np.uint8)
    if occluder_mask is not None:
        # Rounded up: a pixel with anything of the occluder in it is not clean.
        alpha = np.ceil(_cut(occluder_mask, box, draws, size) - _ROUNDING)
        mask = _flipped(np.clip(alpha, 0, 255).astype(np.uint8), draws)
    return {
        "image": shown,
        "clean_image": clean,
        "occluder_mask": mask,
    }


def _picture(
    image: np.ndarray, box: np.ndarray, draws: LatentOferDraws, size: int
) -> np.ndarray:
    return _flipped(to_uint8(_cut(image, box, draws, size)), draws)


def _cut(
    image: np.ndarray, box: np.ndarray, draws: LatentOferDraws, size: int
) -> np.ndarray:
    """The crop as float32 0..255: OpenCV's 8-bit path rounds."""
    return crop_resize(image.astype(np.float32), box, size, draws.angle)


def _flipped(picture: np.ndarray, draws: LatentOferDraws) -> np.ndarray:
    """A uint8 crop as it was drawn to look; bytes are flipped faster than floats."""
    return cv2.flip(picture, 1) if draws.flip else picture
