"""A transparent picture that things are drawn on, and how it is laid over another.

Layers are drawn larger than the picture and reduced at the end, which smooths edges.
Colours are linear RGB while drawing and sRGB in the result.
"""

import cv2
import numpy as np

_DRAWN_SIDE = 256
"""Layers are drawn at least this large, and at least twice the picture."""
_POINT_BITS = 4
"""Binary places of polygon corners that OpenCV keeps."""


class Layer:
    """A square transparent picture, drawn on from the back to the front.

    Attributes:
      size: side S of the picture, pixels.
      factor: how many times larger the layer is drawn.
      x: float32 [N, N], columns of the drawn pixels in picture pixels, N = S * factor.
      y: float32 [N, N], their rows.
      colour: float32 [N, N, 3], linear RGB multiplied by ``alpha``.
      alpha: float32 [N, N] in [0, 1].
    """

    def __init__(self, size: int):
        self.size = size
        self.factor = max(2, -(-_DRAWN_SIDE // size))
        side = np.arange(size * self.factor, dtype=np.float32)
        line = (side + 0.5) / self.factor - 0.5
        self.x, self.y = np.meshgrid(line, line)
        self.colour = np.zeros((*self.x.shape, 3), np.float32)
        self.alpha = np.zeros(self.x.shape, np.float32)

    def paint(self, colour: np.ndarray, alpha: np.ndarray) -> None:
        """Lays a colour over what is there.

        Args:
          colour: [3] or [N, N, 3] linear RGB.
          alpha: [N, N] in [0, 1].
        """
        keep = 1 - alpha
        self.colour *= keep[..., None]
        self.colour += np.clip(colour, 0, 1) * alpha[..., None]
        self.alpha *= keep
        self.alpha += alpha

    def polygon(self, points: np.ndarray) -> np.ndarray:
        """Coverage of a polygon; OpenCV makes it up to a drawn pixel wider.

        Args:
          points: [n, 2] corners in picture pixels.

        Returns:
          float32 [N, N] in [0, 1].
        """
        mask = np.zeros(self.x.shape, np.uint8)
        corners = self._fixed_point(points)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _POINT_BITS)
        return mask.astype(np.float32) / 255

    def line(
        self, points: np.ndarray, width: float, closed: bool = False
    ) -> np.ndarray:
        """Coverage of a line through points.

        Args:
          points: [n, 2] in picture pixels.
          width: of the line, picture pixels.
          closed: whether the last point is joined to the first.

        Returns:
          float32 [N, N] in [0, 1].
        """
        mask = np.zeros(self.x.shape, np.uint8)
        corners = self._fixed_point(points)
        # OpenCV draws lines of whole pixels: thinner ones become fainter.
        drawn = max(1, round(width * self.factor))
        cv2.polylines(mask, [corners], closed, 255, drawn, cv2.LINE_AA, _POINT_BITS)
        faint = min(1.0, width * self.factor / drawn)
        return mask.astype(np.float32) * (faint / 255)

    def blur(self, values: np.ndarray, deviation: float) -> np.ndarray:
        """Blurs [N, N] or [N, N, C]; ``deviation`` is in picture pixels."""
        return cv2.GaussianBlur(values, (0, 0), max(deviation * self.factor, 0.3))

    def shadow(
        self, alpha: np.ndarray, shift: np.ndarray, blur: float, strength: float
    ) -> None:
        """Darkens what lies under a thing that is drawn next.

        Args:
          alpha: [N, N] coverage of the thing.
          shift: [2] where the shadow falls, picture pixels.
          blur: standard deviation of its edge, picture pixels.
          strength: its alpha where it is darkest.
        """
        dx, dy = (float(value) * self.factor for value in shift)
        moved = cv2.warpAffine(
            alpha, np.array([[1, 0, dx], [0, 1, dy]], np.float32), alpha.shape[::-1]
        )
        self.paint(np.zeros(3), strength * self.blur(moved, blur))

    def finish(self) -> np.ndarray:
        """The layer at the size of the picture.

        Returns:
          uint8 RGBA [S, S, 4], sRGB, not multiplied by alpha.
        """
        side = (self.size, self.size)
        alpha = cv2.resize(self.alpha, side, interpolation=cv2.INTER_AREA)
        colour = cv2.resize(self.colour, side, interpolation=cv2.INTER_AREA)
        colour = linear_to_srgb(colour / np.maximum(alpha, 1e-4)[..., None])
        stored = np.concatenate([colour, alpha[..., None]], axis=-1)
        return np.round(255 * np.clip(stored, 0, 1)).astype(np.uint8)

    def _fixed_point(self, points: np.ndarray) -> np.ndarray:
        drawn = (np.asarray(points, np.float64) + 0.5) * self.factor - 0.5
        return np.round(drawn * 2**_POINT_BITS).astype(np.int32)


def composite(picture: np.ndarray, occluder: np.ndarray) -> np.ndarray:
    """Lays an occluder over a picture: a * occluder + (1 - a) * picture.

    Args:
      picture: uint8 [..., H, W, 3].
      occluder: uint8 RGBA [..., H, W, 4], not multiplied by alpha.

    Returns:
      uint8 [..., H, W, 3], rounded to the nearest; the picture itself where alpha is
      0, the occluder itself where it is 255.
    """
    alpha = occluder[..., 3:].astype(np.uint32)
    mixed = alpha * occluder[..., :3] + (255 - alpha) * picture
    return ((mixed + 127) // 255).astype(np.uint8)


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB, both in [0, 1] (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    ).astype(np.float32)


def srgb_to_linear(srgb: np.ndarray) -> np.ndarray:
    """The inverse of ``linear_to_srgb``."""
    srgb = np.clip(srgb, 0, 1)
    return np.where(
        srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4
    ).astype(np.float32)
