"""A head unrolled onto a square picture, the canvas for skin, brows and hairlines.

The chart is a cylinder about a vertical axis through the head, closed above the brows by
a sphere. It needs nothing but the template and its landmarks, so every head model is
painted by the same code, whatever its own texture coordinates are. Picture coordinates
are pixels: x from the subject's right ear over the face to the left ear, the back of the
head at both ends; y down. The front of the head gets more pixels than the back.
"""

import dataclasses

import cv2
import numpy as np

from face_jax.geometry.head import HeadModel

SIDE = 512
"""Rows and columns of the unrolled picture."""

_FRONT_SHARE = 0.5
"""How much denser pixels are at the nose than on average; as much sparser behind."""

_BROW_TO_CROWN = 0.012
_CHIN_TO_BOTTOM = 0.11
_SPHERE_RADIUS = 0.1


@dataclasses.dataclass(frozen=True)
class Unrolling:
    """Where the points of a head lie on its unrolled picture.

    Attributes:
      axis_z: metres, depth of the vertical axis.
      crown_y: metres, height at which the cylinder becomes a sphere.
      bottom_y: metres, height of the lower edge of the picture.
    """

    axis_z: float
    crown_y: float
    bottom_y: float

    @property
    def metres_per_pixel(self) -> float:
        """Height of a pixel; its width on the face is about the same."""
        arc = _SPHERE_RADIUS * np.pi / 2
        return float((self.crown_y + arc - self.bottom_y) / SIDE)

    def unroll(self, points: np.ndarray) -> np.ndarray:
        """Picture coordinates [..., 2] of points [..., 3] in model space."""
        side, height, depth = np.moveaxis(np.asarray(points, np.float32), -1, 0)
        azimuth = np.arctan2(side, depth - self.axis_z)
        distance = np.hypot(side, depth - self.axis_z)
        above = np.arctan2(np.maximum(height - self.crown_y, 0.0), distance)
        along = np.minimum(height, self.crown_y) + _SPHERE_RADIUS * above
        top = self.crown_y + _SPHERE_RADIUS * np.pi / 2
        rows = (top - along) / self.metres_per_pixel
        return np.stack([columns_of(azimuth), rows], axis=-1).astype(np.float32)

    def radii(self, points: np.ndarray) -> np.ndarray:
        """Distances [...] of points [..., 3] from the axis, or the sphere's centre."""
        points = np.asarray(points, np.float32)
        above = np.maximum(points[..., 1] - self.crown_y, 0.0)
        return np.sqrt(
            points[..., 0] ** 2 + above**2 + (points[..., 2] - self.axis_z) ** 2
        )

    def roll(self, pixels: np.ndarray, radii: np.ndarray) -> np.ndarray:
        """Points [..., 3] at picture coordinates [..., 2] and distances [...]."""
        azimuth = azimuths_of(pixels[..., 0])
        along = self.height_of(pixels[..., 1])
        above = np.clip((along - self.crown_y) / _SPHERE_RADIUS, 0.0, np.pi / 2)
        across = radii * np.cos(above)
        height = np.minimum(along, self.crown_y) + radii * np.sin(above)
        points = [
            across * np.sin(azimuth),
            height,
            self.axis_z + across * np.cos(azimuth),
        ]
        return np.stack(points, axis=-1).astype(np.float32)

    def height_of(self, rows: np.ndarray | float) -> np.ndarray:
        """Metres of height, along the surface above the brows, of rows [...]."""
        top = self.crown_y + _SPHERE_RADIUS * np.pi / 2
        return top - np.asarray(rows, np.float32) * self.metres_per_pixel


def columns_of(azimuth: np.ndarray | float) -> np.ndarray:
    """Columns [...] of azimuths [...] in radians, 0 at the nose, positive left."""
    share = np.abs(azimuth) / np.pi
    stretched = share * (1.0 + _FRONT_SHARE * (1.0 - share))
    return (0.5 + 0.5 * np.sign(azimuth) * stretched) * SIDE


def azimuths_of(columns: np.ndarray) -> np.ndarray:
    """Azimuths [...] in radians of columns [...]: the inverse of ``columns_of``."""
    offset = np.asarray(columns, np.float32) * (2.0 / SIDE) - 1.0
    root = (1.0 + _FRONT_SHARE) ** 2 - 4.0 * _FRONT_SHARE * np.abs(offset)
    share = (1.0 + _FRONT_SHARE - np.sqrt(np.maximum(root, 0.0))) / (2 * _FRONT_SHARE)
    return np.sign(offset) * share * np.pi


def unrolling_of(template: np.ndarray, marks: np.ndarray) -> Unrolling:
    """Lays the chart through a head.

    Args:
      template: [V, 3] float32 metres.
      marks: [68, 3] float32, its landmarks.

    Returns:
      The chart: its axis halfway between forehead and back of the head.
    """
    brow = float(marks[17:27, 1].mean())
    around = np.abs(template[:, 1] - brow) < 0.02
    depth = template[around, 2]
    return Unrolling(
        axis_z=float(0.5 * (depth.min() + depth.max())),
        crown_y=brow + _BROW_TO_CROWN,
        bottom_y=float(marks[8, 1]) - _CHIN_TO_BOTTOM,
    )


def corner_pixels(unrolling: Unrolling, vertices: np.ndarray, faces: np.ndarray):
    """Picture coordinates of the corners of faces, whole across the seam behind.

    Args:
      unrolling: the chart.
      vertices: [V, 3] float32.
      faces: [F, 3] int32.

    Returns:
      [F, 3, 2] float32; columns of faces on the seam go beyond SIDE.
    """
    corners = unrolling.unroll(vertices)[faces]
    columns = corners[..., 0]
    torn = np.ptp(columns, axis=1) > SIDE / 2
    corners[..., 0] = np.where(
        torn[:, None] & (columns < SIDE / 2), columns + SIDE, columns
    )
    return corners


def evenness_of(
    unrolling: Unrolling, template: np.ndarray, faces: np.ndarray
) -> np.ndarray:
    """How little the chart distorts the outer surface of a head.

    Args:
      unrolling: the chart.
      template: [V, 3] float32.
      faces: [F, 3] int32.

    Returns:
      [SIDE, SIDE] float32 from 0, stretched more than four times as much along one
      direction as along the other, to 1, less than twice.
    """
    pixels = corner_pixels(unrolling, template, faces)
    ratio = np.clip(4.0 * _narrowness(template[faces], pixels) - 1.0, 0.0, 1.0)
    picture = np.ones((SIDE, SIDE), np.float32)
    # Inner faces are painted over by outer ones.
    order = np.argsort(unrolling.radii(template[faces].mean(axis=1)))
    corners = np.round(pixels[order]).astype(int)
    for face, share in zip(corners, ratio[order].tolist(), strict=True):
        cv2.fillConvexPoly(picture, face, share)
    return cv2.GaussianBlur(picture, (0, 0), 6.0)


def _narrowness(corners: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Least over greatest stretch of faces [F, 3, 3] on the picture [F, 3, 2], [F]."""
    edges = np.diff(corners, axis=1)
    first = np.linalg.norm(edges[:, 0], axis=1)
    along = edges[:, 0] / np.maximum(first, 1e-9)[:, None]
    second = np.einsum("fc,fc->f", edges[:, 1], along)
    height = np.linalg.norm(edges[:, 1] - second[:, None] * along, axis=1)
    flat = np.stack([first, second, 0 * first, np.maximum(height, 1e-9)], 1)
    stretch = np.diff(pixels, axis=1).transpose(0, 2, 1) @ np.linalg.pinv(
        flat.reshape(-1, 2, 2)
    )
    values = np.linalg.svd(stretch, compute_uv=False)
    return values[:, 1] / np.maximum(values[:, 0], 1e-9)


def landmarks_of(head: HeadModel) -> np.ndarray:
    """The 68 landmarks of a head's template, [68, 3] float32.

    Raises:
      ValueError: the head has no embedding ``full_68``.
    """
    if "full_68" not in head.landmarks:
        names = sorted(head.landmarks)
        raise ValueError(f"head {head.name!r}: expected landmarks full_68, got {names}")
    embedding = head.landmarks["full_68"]
    faces = np.asarray(head.faces)[np.asarray(embedding.faces).reshape(68)]
    corners = np.asarray(head.template)[faces]
    weights = np.asarray(embedding.bary).reshape(68, 3, 1)
    return (corners * weights).sum(1).astype(np.float32)
