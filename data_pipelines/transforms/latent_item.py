"""One item of Latent-OFER's recogniser (arXiv 2307.11404): a picture and its latents.

``draw_latent`` makes every random choice and returns it; ``latent_item`` applies given
choices and is a pure function. Colours are only drawn here, and so is what is erased: the
device changes them, after pictures are turned.
"""

import dataclasses
from typing import NamedTuple

import cv2
import numpy as np

from data_pipelines.transforms.erasing import Rectangle, draw_erasing
from data_pipelines.transforms.smirk_colors import ColorChanges, draw_level_changes

LARGEST_ANGLE = 20.0
"""Degrees that a picture is turned by, as published."""
PADDING = 32 / 224
"""Largest shift of a turned picture along each axis, as a share of its side."""


@dataclasses.dataclass(frozen=True)
class LatentAugmentation:
    """How training items are changed at random; shares of the items, 0 to 1.

    Attributes:
      flip_probability: of those that are flipped left to right.
      erasing_probability: of those with a rectangle erased.
      rotation_probability: of those that are turned and shifted.
      color_changes: whether colours of pictures are changed.
    """

    flip_probability: float = 0.5
    erasing_probability: float = 0.5
    rotation_probability: float = 0.0
    color_changes: bool = False

    def __post_init__(self) -> None:
        """Refuses numbers that are no probabilities."""
        for name in ("flip_probability", "erasing_probability", "rotation_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: expected 0 to 1, got {getattr(self, name)}")


class Turn(NamedTuple):
    """A picture that is turned about its middle, then shifted.

    Attributes:
      angle: degrees, against the clock.
      right: pixels to the right, may be negative.
      down: pixels downwards, may be negative.
    """

    angle: float
    right: int
    down: int


@dataclasses.dataclass(frozen=True)
class LatentDraws:
    """Every random choice of an item.

    Attributes:
      flip: whether it is flipped left to right.
      turn: of the picture; None leaves it upright.
      erased: what of the picture is erased.
      colors: of the picture.
    """

    flip: bool = False
    turn: Turn | None = None
    erased: Rectangle | None = None
    colors: ColorChanges = dataclasses.field(default_factory=ColorChanges)


UNCHANGED = LatentDraws()


def draw_latent(
    rng: np.random.Generator, augmentation: LatentAugmentation, size: int
) -> LatentDraws:
    """Draws the choices of a training item.

    Args:
      rng: the item's generator.
      augmentation: how likely each of them is.
      size: pixels of the picture along each side.
    """
    flips, turns = rng.random(2)
    angle = rng.uniform(-LARGEST_ANGLE, LARGEST_ANGLE)
    reach = round(size * PADDING)
    right, down = rng.integers(-reach, reach + 1, 2).tolist()
    turned = turns < augmentation.rotation_probability
    erased = draw_erasing(rng, augmentation.erasing_probability, size)
    return LatentDraws(
        flip=bool(flips < augmentation.flip_probability),
        turn=Turn(angle, right, down) if turned else None,
        erased=erased,
        colors=draw_level_changes(rng)
        if augmentation.color_changes
        else ColorChanges(),
    )


def latent_item(
    image: np.ndarray,
    tokens: np.ndarray,
    relevance: np.ndarray,
    draws: LatentDraws = UNCHANGED,
    flip_tokens: bool = True,
) -> dict[str, np.ndarray]:
    """Picture and latents of an item.

    Latents know no other change than the flip: they are not those of the turned picture,
    nor of one with a part erased, as published, nor of one in other colours.

    Args:
      image: uint8 [S, S, 3], RGB.
      tokens: [1 + g * g, D], the class token, then the patches row by row.
      relevance: [g, g], of each patch.
      draws: the item's choices, of which the flip and the turn are applied.
      flip_tokens: whether tokens and relevance are flipped with the picture; the
        published training leaves them.

    Returns:
      ``image``, ``tokens`` and ``relevance`` of the same shapes and types.
    """
    if draws.flip:
        image = np.ascontiguousarray(image[:, ::-1])
        if flip_tokens:
            tokens = mirror_tokens(tokens, relevance.shape[0])
            relevance = relevance[:, ::-1]
    if draws.turn is not None:
        image = turn_picture(image, draws.turn)
    return {"image": image, "tokens": tokens, "relevance": relevance}


def mirror_tokens(tokens: np.ndarray, grid: int) -> np.ndarray:
    """Tokens [1 + grid * grid, D] with the columns of the grid in reverse order."""
    patches = tokens[1:].reshape(grid, grid, -1)[:, ::-1]
    return np.concatenate([tokens[:1], patches.reshape(grid * grid, -1)])


def turn_picture(image: np.ndarray, turn: Turn) -> np.ndarray:
    """Turns and shifts a picture: nearest pixels, black beyond the borders.

    What the turn moves beyond a border is lost before the shift, as published.

    Args:
      image: uint8 [S, S, 3].
      turn: the change; shifts are smaller than the picture.
    """
    size = image.shape[0]
    middle = ((size - 1) / 2, (size - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, turn.angle, 1.0)
    turned = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_NEAREST)
    shift = np.array([[1, 0, turn.right], [0, 1, turn.down]], np.float64)
    return cv2.warpAffine(turned, shift, (size, size), flags=cv2.INTER_NEAREST)
