"""The neutral head of a person as a surface that hair grows on and lies upon."""

import dataclasses

import cv2
import numpy as np

from data_pipelines.synth.unrolled import SIDE, Unrolling

GRID = 64
"""Cells of the radius map along each side of the unrolled picture."""

_SAMPLES = np.array(
    [
        (1, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
        (0.34, 0.33, 0.33),
        (0.5, 0.5, 0),
        (0, 0.5, 0.5),
        (0.5, 0, 0.5),
    ],
    np.float32,
)
"""Barycentric coordinates at which every face is looked at."""


@dataclasses.dataclass(frozen=True)
class Support:
    """Outermost radii of a head over its unrolled picture.

    Attributes:
      unrolling: the chart.
      radii: [GRID, GRID] float32 metres.
    """

    unrolling: Unrolling
    radii: np.ndarray

    def radius_below(self, points: np.ndarray) -> np.ndarray:
        """Radius of the head under points [..., 3], by linear interpolation, [...]."""
        cells = self.unrolling.unroll(points) * (GRID / SIDE) - 0.5
        columns, rows = (
            np.floor(cells).astype(int)[..., 0],
            np.floor(cells).astype(int)[..., 1],
        )
        across, down = cells[..., 0] - columns, cells[..., 1] - rows
        left, right = columns % GRID, (columns + 1) % GRID
        upper, lower = np.clip(rows, 0, GRID - 1), np.clip(rows + 1, 0, GRID - 1)
        top = (1 - across) * self.radii[upper, left] + across * self.radii[upper, right]
        low = (1 - across) * self.radii[lower, left] + across * self.radii[lower, right]
        return (1 - down) * top + down * low

    def on_surface(self, pixels: np.ndarray) -> np.ndarray:
        """Points [..., 3] of the surface at picture coordinates [..., 2]."""
        middle = np.full(pixels.shape[:-1], 0.1, np.float32)
        radii = self.radius_below(self.unrolling.roll(pixels, middle))
        return self.unrolling.roll(pixels, radii)

    def outwards(self, points: np.ndarray) -> np.ndarray:
        """Unit directions [..., 3] away from the chart's axis, or sphere."""
        above = np.maximum(points[..., 1] - self.unrolling.crown_y, 0.0)
        away = np.stack(
            [points[..., 0], above, points[..., 2] - self.unrolling.axis_z], axis=-1
        )
        return away / np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9)

    def pushed_out(self, points: np.ndarray, clearance: np.ndarray) -> np.ndarray:
        """Points [..., 3] moved outwards to at least ``clearance`` [...] metres."""
        missing = self.radius_below(points) + clearance - self.unrolling.radii(points)
        return points + np.maximum(missing, 0.0)[..., None] * self.outwards(points)


def support_of(
    unrolling: Unrolling, vertices: np.ndarray, faces: np.ndarray
) -> Support:
    """Measures a head.

    Args:
      unrolling: chart of the head's template.
      vertices: [V, 3] float32, the person's neutral head.
      faces: [F, 3] int32, faces of the skin.

    Returns:
      The largest radius of the surface in every cell, slightly smoothed.
    """
    points = np.einsum("sk,fkc->fsc", _SAMPLES, vertices[faces]).reshape(-1, 3)
    cells = (unrolling.unroll(points) * (GRID / SIDE)).astype(int)
    columns, rows = cells[:, 0] % GRID, cells[:, 1]
    seen = (rows >= 0) & (rows < GRID)
    radii = np.zeros((GRID, GRID), np.float32)
    np.maximum.at(radii, (rows[seen], columns[seen]), unrolling.radii(points)[seen])
    return Support(unrolling, _filled(radii))


def _filled(radii: np.ndarray) -> np.ndarray:
    """Gives empty cells the mean of their neighbours, then smooths a little."""
    known = (radii > 0).astype(np.float32)
    for _ in range(GRID):
        if known.all():
            break
        total = cv2.blur(_wrapped(radii * known), (3, 3))[:, 1:-1]
        weight = cv2.blur(_wrapped(known), (3, 3))[:, 1:-1]
        grown = np.where(weight > 0, total / np.maximum(weight, 1e-6), 0.0)
        radii = np.where(known > 0, radii, grown)
        known = (weight > 0).astype(np.float32)
    return cv2.GaussianBlur(_wrapped(radii), (3, 3), 0.6)[:, 1:-1]


def _wrapped(picture: np.ndarray) -> np.ndarray:
    return np.concatenate([picture[:, -1:], picture, picture[:, :1]], axis=1)


def anchor_table(
    unrolling: Unrolling, template: np.ndarray, skin_vertices: np.ndarray
) -> np.ndarray:
    """The vertex that hair of every cell of the unrolled picture hangs on.

    Args:
      unrolling: the chart.
      template: [V, 3] float32.
      skin_vertices: [n] int32, vertices that may be chosen.

    Returns:
      [GRID, GRID] int32: the vertex with the nearest picture coordinates; of those
      about as near the outermost.
    """
    pixels = unrolling.unroll(template[skin_vertices]) * (GRID / SIDE)
    inwards = 20.0 * (0.3 - unrolling.radii(template[skin_vertices]))
    table = np.empty((GRID, GRID), np.int32)
    columns = np.arange(GRID, dtype=np.float32) + 0.5
    for row in range(GRID):
        gap = np.abs(columns[:, None] - pixels[None, :, 0])
        gap = np.minimum(gap, GRID - gap)
        distance = np.hypot(gap, row + 0.5 - pixels[None, :, 1]) + inwards
        table[row] = skin_vertices[np.argmin(distance, axis=1)]
    return table
