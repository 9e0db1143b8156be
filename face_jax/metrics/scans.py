"""Distances from a scan of a face to a mesh, by the rules of the NoW challenge.

Sanyal, Bolkart, Feng, Black, arXiv 1905.06817, and its public evaluation: the mesh is
aligned to the scan by seven landmarks, the scan is cut down to a ball around the face, the
alignment is refined on what is left of it, and the distances of all its vertices to the
surface count. The metrical variant fits no scale.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from face_jax.geometry.alignment import Alignment, align_points
from face_jax.geometry.mesh import check_faces
from face_jax.metrics.scan_refinement import refine_alignment
from face_jax.nn.checks import check_shape

LANDMARKS = (
    "right eye, outer corner",
    "right eye, inner corner",
    "left eye, inner corner",
    "left eye, outer corner",
    "nose, bottom",
    "mouth, right corner",
    "mouth, left corner",
)
"""The seven landmarks in their order; right is the subject's."""

ROWS_AT_ONCE = 1024
"""Scans are filled up to a multiple of as many vertices: one program for many scans."""

_FLAT = 1e-6
"""Second extent of landmarks over the first below which they lie on a line."""


@dataclasses.dataclass(frozen=True)
class ScanErrors:
    """Distances of a scan's vertices to an aligned mesh, in the unit of the scan.

    Errors of a whole data set are those of all its distances together.

    Attributes:
      distances: float32 [M] of the vertices in the ball.
      inside: bool [N], which vertices of the scan these are.
      scale: of the mesh; 1 in the metrical variant.
      rotation: float64 [3, 3] of the mesh.
      translation: float64 [3]: a vertex v is put at scale * rotation v + translation.
    """

    distances: np.ndarray
    inside: np.ndarray
    scale: float
    rotation: np.ndarray
    translation: np.ndarray

    @property
    def median(self) -> float:
        """Median of the distances."""
        return float(np.median(self.distances))

    @property
    def mean(self) -> float:
        """Mean of the distances."""
        return float(np.mean(self.distances, dtype=np.float64))

    @property
    def std(self) -> float:
        """Standard deviation of the distances, about their own mean."""
        return float(np.std(self.distances, dtype=np.float64))


def scan_to_mesh_errors(
    vertices: ArrayLike,
    faces: ArrayLike,
    landmarks: ArrayLike,
    scan: ArrayLike,
    scan_landmarks: ArrayLike,
    *,
    metrical: bool = False,
) -> ScanErrors:
    """Compares a neutral mesh with a scan.

    Args:
      vertices: [V, 3] of the mesh, expression and jaw at rest; in any unit, but in the
        scan's for the metrical variant.
      faces: [F, 3] integers.
      landmarks: [7, 3] of the mesh in the order of ``LANDMARKS``; ``landmarks_7`` of
        ``face_jax.geometry.landmarks`` gives those of a head model.
      scan: [N, 3] vertices of the scan; millimetres in the challenge.
      scan_landmarks: [7, 3] of the scan, in its unit.
      metrical: whether the size of the mesh counts: no scale is fitted.

    Returns:
      The distances after the refined alignment.

    Raises:
      ValueError: an array has another shape or holds numbers that are not finite, faces
        name other vertices, landmarks lie on a line, or no vertex of the scan lies in
        the ball around the face.
    """
    mesh = _points("vertices", vertices)
    triangles = _faces(faces, len(mesh))
    points = _points("landmarks", landmarks, len(LANDMARKS))
    targets = _points("scan_landmarks", scan_landmarks, len(LANDMARKS))
    scanned = _points("scan", scan)
    ball = _Frame(*face_ball(targets))
    inside = np.linalg.norm(scanned - ball.origin, axis=-1) <= ball.unit
    if not inside.any():
        raise ValueError(
            f"scan: expected vertices within {ball.unit:g} of "
            f"{ball.origin.round(3).tolist()}, where its landmarks say that the face "
            f"is, got none of {len(scanned)}"
        )
    own = _Frame(points.mean(axis=0), ball.unit if metrical else _spread(points))
    scaled = not metrical
    first = align_points(own.inward(points), ball.inward(targets), scaled=scaled)
    filled, weights = _filled(ball.inward(scanned[inside]))
    placed = own.inward(mesh), triangles
    fit = refine_alignment(*placed, filled, weights, first, scaled=scaled)
    distances = ball.unit * np.asarray(fit.distances)[: inside.sum()]
    return ScanErrors(distances, inside, *_outward(fit.alignment, own, ball))


def face_ball(landmarks: ArrayLike) -> tuple[np.ndarray, float]:
    """The ball around a face within which scans count.

    Args:
      landmarks: [7, 3] of the scan.

    Returns:
      Its centre, float64 [3], three tenths of the way from the bottom of the nose to the
      middle between the inner eye corners; and its radius, 1.4 times the mean of that
      way's length and the distance of the outer eye corners.

    Raises:
      ValueError: landmarks of another shape, not finite, or on a line.
    """
    points = _points("landmarks", landmarks, len(LANDMARKS))
    bottom, bridge = points[4], (points[1] + points[2]) / 2
    nose, eyes = bridge - bottom, points[0] - points[3]
    radius = 1.4 * (np.linalg.norm(eyes) + np.linalg.norm(nose)) / 2
    return bottom + 0.3 * nose, float(radius)


@dataclasses.dataclass(frozen=True)
class _Frame:
    """Coordinates about the origin and of about 1, for which float32 is fine enough."""

    origin: np.ndarray
    unit: float

    def inward(self, points: np.ndarray) -> jax.Array:
        return jnp.asarray((points - self.origin) / self.unit, jnp.float32)


def _outward(
    found: Alignment, own: _Frame, ball: _Frame
) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale, rotation and translation between the frames that were given."""
    scale = float(found.scale) * ball.unit / own.unit
    rotation = np.asarray(found.rotation, np.float64)
    centre = own.origin + own.unit * np.asarray(found.centre, np.float64)
    target = ball.origin + ball.unit * np.asarray(found.target_centre, np.float64)
    return scale, rotation, target - scale * rotation @ centre


def _filled(rows: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Rows with the last one repeated, and the weights of all: 1, then 0."""
    total = -(-len(rows) // ROWS_AT_ONCE) * ROWS_AT_ONCE
    number = jnp.arange(total)
    filled = rows[jnp.minimum(number, len(rows) - 1)]
    return filled, (number < len(rows)).astype(jnp.float32)


def _spread(points: np.ndarray) -> float:
    """Largest distance of points from their centroid."""
    return float(np.linalg.norm(points - points.mean(axis=0), axis=-1).max())


def _points(name: str, given: ArrayLike, count: int | str = "N") -> np.ndarray:
    """Finite points, float64; so many landmarks must not lie on a line."""
    points = np.asarray(given, np.float64)
    check_shape(name, points, (count, 3))
    if not len(points) or not np.isfinite(points).all():
        raise ValueError(
            f"{name}: expected finite points, got some that are not, or none"
        )
    if isinstance(count, int):
        extents = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if extents[1] <= _FLAT * extents[0]:
            raise ValueError(f"{name}: expected points of a face, got some on one line")
    return points


def _faces(given: ArrayLike, num_vertices: int) -> np.ndarray:
    faces = np.asarray(given)
    check_faces(faces, num_vertices)
    if not len(faces):
        raise ValueError("faces: expected at least one, got none")
    return faces
