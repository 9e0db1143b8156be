"""Things that hide parts of faces, by name."""

from collections.abc import Callable

import numpy as np

from data_pipelines.synth.occluders.block import draw_block, draw_patch
from data_pipelines.synth.occluders.cup import draw_cup
from data_pipelines.synth.occluders.frame import Scene
from data_pipelines.synth.occluders.glasses import draw_glasses, draw_sunglasses
from data_pipelines.synth.occluders.hand import draw_hand
from data_pipelines.synth.occluders.layer import Layer, srgb_to_linear
from data_pipelines.synth.occluders.mask import draw_mask
from data_pipelines.synth.occluders.scarf import draw_scarf

Draw = Callable[[Layer, Scene, np.random.Generator], None]

OCCLUDERS: dict[str, Draw] = {
    "hand": draw_hand,
    "mask": draw_mask,
    "glasses": draw_glasses,
    "sunglasses": draw_sunglasses,
    "cup": draw_cup,
    "scarf": draw_scarf,
    "block": draw_block,
    "texture": draw_patch,
}
"""All kinds; each has several variants, which the generator chooses."""

_SKIN_PLACES = ((30, 2, 0.35), (30, 14, 0.35), (27, 19, 0.2), (27, 24, 0.2))
"""Places of bare skin: between two landmarks, at some share of the way."""


def draw_occluder(kind: str, scene: Scene, random: np.random.Generator) -> np.ndarray:
    """Draws an occluder for one picture.

    Args:
      kind: a name in ``OCCLUDERS``.
      scene: the face, its landmarks and light.
      random: what variant, colours and place are drawn from.

    Returns:
      uint8 RGBA [S, S, 4], not multiplied by alpha, for ``layer.composite``. Alpha has
      the smooth edges of the thing and its soft shadow on the face.

    Raises:
      ValueError: the kind is unknown.
    """
    if kind not in OCCLUDERS:
        known = ", ".join(OCCLUDERS)
        raise ValueError(f"occluder: expected one of {known}, got {kind!r}")
    layer = Layer(scene.size)
    OCCLUDERS[kind](layer, scene, random)
    layer.colour *= scene.tint
    return layer.finish()


def describe_scene(
    picture: np.ndarray,
    landmarks: np.ndarray,
    light: np.ndarray,
    tint: np.ndarray | float = 1.0,
) -> Scene:
    """What occluders need to know of a picture.

    Args:
      picture: uint8 RGB [S, S, 3].
      landmarks: float [68, 2] in pixels.
      light: [3] direction to the lamp: x to the right, y down, z to the viewer.
      tint: [3] linear RGB of something white in this light, over its mean.

    Returns:
      The scene; colour and brightness of the skin are measured in the picture.
    """
    points = [
        landmarks[start] + share * (landmarks[end] - landmarks[start])
        for start, end, share in _SKIN_PLACES
    ]
    skin = np.median([_mean_colour(picture, point) for point in points], axis=0)
    # Bright skin and its brightest reflections tell how bright the light is.
    bright = float(np.percentile(srgb_to_linear(picture / 255.0), 90))
    return Scene(
        size=len(picture),
        landmarks=np.asarray(landmarks, np.float64),
        # The tint is laid over everything at the end, and is in the picture already.
        skin=(skin / tint).astype(np.float32),
        light=(light / np.linalg.norm(light)).astype(np.float32),
        exposure=float(np.clip(1.3 * bright, 0.35, 1.0)),
        tint=np.asarray(tint, np.float32),
    )


def _mean_colour(picture: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Linear RGB [3] around a point, which may lie outside."""
    radius = max(1, len(picture) // 64)
    column, row = np.clip(
        np.round(point).astype(int), radius, len(picture) - 1 - radius
    )
    around = picture[
        row - radius : row + radius + 1, column - radius : column + radius + 1
    ]
    return srgb_to_linear(around / 255.0).mean(axis=(0, 1))
