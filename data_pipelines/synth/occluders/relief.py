"""Solid things seen from the front: heights over the picture, and light on them.

Lengths are in units of the thing's own frame; heights point to the viewer. Frames are
x to the right and y down, like pictures.
"""

from typing import NamedTuple

import cv2
import numpy as np


class Limb(NamedTuple):
    """A bone with flesh around it, in the frame of its thing.

    Attributes:
      start: x, y, height of the middle of one end.
      end: the same of the other end.
      radii: at the start and at the end.
    """

    start: np.ndarray
    end: np.ndarray
    radii: tuple[float, float]


class Surface(NamedTuple):
    """What one limb looks like from the front.

    Attributes:
      distance: [H, W] to the outline, negative inside.
      height: [H, W] of the surface, -inf outside.
      along: [H, W], 0 at the start of the limb, 1 at its end, not cut there.
      across: [H, W], -1 to 1 from one side of the limb to the other.
    """

    distance: np.ndarray
    height: np.ndarray
    along: np.ndarray
    across: np.ndarray


def limb_surface(x: np.ndarray, y: np.ndarray, limb: Limb) -> Surface:
    """The surface of a limb with round ends.

    Args:
      x: [H, W] places in the frame of the thing.
      y: [H, W].
      limb: the limb.

    Returns:
      Its surface.
    """
    # Python's numbers, unlike numpy's, leave float32 pictures what they are.
    (x0, y0, z0), (x1, y1, z1) = limb.start.tolist(), limb.end.tolist()
    dx, dy = x1 - x0, y1 - y0
    length = max(dx * dx + dy * dy, 1e-9)
    along = ((x - x0) * dx + (y - y0) * dy) / length
    inside = np.clip(along, 0, 1)
    radius = limb.radii[0] + (limb.radii[1] - limb.radii[0]) * inside
    offset_x, offset_y = x - x0 - inside * dx, y - y0 - inside * dy
    squared = offset_x * offset_x + offset_y * offset_y
    bulge = radius * radius - squared
    height = z0 + (z1 - z0) * inside + np.sqrt(np.maximum(bulge, 0))
    height = np.where(bulge > 0, height, -np.inf)
    side = (offset_y * dx - offset_x * dy) / (radius * length**0.5)
    return Surface(np.sqrt(squared) - radius, height, along, side)


def smooth_union(first: np.ndarray, second: np.ndarray, reach: float) -> np.ndarray:
    """Smaller of two distances, rounded where they are within ``reach``."""
    mix = np.maximum(reach - np.abs(first - second), 0) / reach
    return np.minimum(first, second) - mix * mix * reach / 4


def coverage(distance: np.ndarray, pixel: float) -> np.ndarray:
    """Alpha of an outline given by distances.

    Args:
      distance: [H, W], negative inside.
      pixel: length of a drawn pixel.

    Returns:
      [H, W] in [0, 1].
    """
    return np.clip(0.5 - distance / pixel, 0, 1)


def rounded(distance: np.ndarray, radius: float) -> np.ndarray:
    """Heights of a flat thing whose edge is rounded off.

    Args:
      distance: [H, W], negative inside.
      radius: of the edge.

    Returns:
      [H, W] from 0 at the outline to ``radius`` inside.
    """
    depth = np.clip(-distance, 0, radius)
    return np.sqrt(np.maximum(radius * radius - (radius - depth) ** 2, 0))


def normals(height: np.ndarray, pixel: float, steepest: float = 2.5) -> np.ndarray:
    """Unit normals of a height field.

    Args:
      height: [H, W].
      pixel: length of a drawn pixel.
      steepest: slopes are cut here, so that steps do not become black lines.

    Returns:
      float32 [H, W, 3]: x to the right, y down, z to the viewer.
    """
    height = height.astype(np.float32)
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / (8 * pixel))
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / (8 * pixel))
    slope = np.sqrt(slope_x * slope_x + slope_y * slope_y)
    cut = np.minimum(1, steepest / np.maximum(slope, 1e-6))
    slope_x, slope_y = slope_x * cut, slope_y * cut
    upwards = 1 / np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    return np.stack([-slope_x * upwards, -slope_y * upwards, upwards], axis=-1)


def lit(
    colour: np.ndarray,
    normal: np.ndarray,
    light: np.ndarray,
    ambient: float = 0.45,
    gloss: float = 0.0,
    sharpness: float = 20.0,
) -> np.ndarray:
    """Colours under one lamp and light from everywhere.

    Args:
      colour: [3] or [H, W, 3] linear RGB of the thing.
      normal: [H, W, 3] unit normals.
      light: [3] unit vector to the lamp.
      ambient: share of the light that comes from everywhere.
      gloss: strength of the highlight.
      sharpness: exponent of the highlight.

    Returns:
      float32 [H, W, 3] linear RGB.
    """
    facing = normal @ np.asarray(light, np.float32)
    # Light wraps around a little, as it does on skin and cloth.
    lamp = np.clip((facing + 0.25) / 1.25, 0, 1)
    above = 0.85 + 0.15 * -normal[..., 1]
    shade = ambient * above + (1 - ambient) * lamp
    halfway = np.asarray(light, np.float32) + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    shine = gloss * np.clip(normal @ halfway, 0, 1) ** sharpness
    return (colour * shade[..., None] + shine[..., None]).astype(np.float32)


def hollows(height: np.ndarray, deviation: float, depth: float) -> np.ndarray:
    """How much light reaches into creases.

    Args:
      height: [H, W].
      deviation: standard deviation of the neighbourhood, drawn pixels.
      depth: how much lower than its neighbourhood a dark crease is.

    Returns:
      [H, W] from 0 (dark) to 1.
    """
    around = cv2.GaussianBlur(height.astype(np.float32), (0, 0), deviation)
    return np.clip(1 - np.maximum(around - height, 0) / depth, 0, 1)


def noise(
    shape: tuple[int, int], grain: float, random: np.random.Generator
) -> np.ndarray:
    """Smooth random values.

    Args:
      shape: (H, W).
      grain: size of the spots, drawn pixels.
      random: what they are drawn from.

    Returns:
      float32 [H, W], mean about 0, standard deviation about 1.
    """
    grain = max(grain, 1.0)
    coarse = [max(2, int(np.ceil(side / grain)) + 2) for side in shape]
    values = random.standard_normal(coarse).astype(np.float32)
    large = cv2.resize(values, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return large * 1.3
