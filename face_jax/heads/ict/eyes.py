"""The eyeballs of the ICT model: which faces show what, and where they turn.

An eyeball is two shells. The outer one is sclera and cornea in one; the inner one is
an iris with a hole for the pupil, goes round behind the sclera and back along its own
inside. Textures lie on the fronts of both as discs around the same point, which tells
the parts apart on any shape of eye.
"""

import numpy as np

from face_jax.heads.ict import anatomy
from face_jax.heads.ict.obj import NO_CORNER, ObjMesh

_DISC_CENTRE = 0.5
_CORNEA_RADIUS = 0.15
"""Behind the ring of the cornea's edge in the texture of the outer shell."""
_IRIS_RADIUS = 0.495
"""Around the middles of the iris's faces in the texture of the inner shell."""

_EYES = {
    "left": (anatomy.LEFT_SCLERA_FACES, anatomy.LEFT_IRIS_FACES),
    "right": (anatomy.RIGHT_SCLERA_FACES, anatomy.RIGHT_IRIS_FACES),
}


def eyeball_materials(mesh: ObjMesh) -> dict[str, np.ndarray]:
    """Faces of both eyeballs by what they show.

    Args:
      mesh: the neutral head.

    Returns:
      Rows of ``mesh.faces`` by material: ``cornea``, ``sclera`` (with the part of the
      inner shell that closes the slit around the iris), ``iris``, ``pupil`` (the inside
      of the inner shell, which is seen through the hole).
    """
    found: dict[str, list[np.ndarray]] = {}
    for side, (outer_range, inner_range) in _EYES.items():
        outer, inner = np.arange(*outer_range), np.arange(*inner_range)
        cornea = _texture_radii(mesh, outer).max(axis=1) < _CORNEA_RADIUS
        pupil = _faces_inwards(mesh, inner, eyeball_centre(mesh, side))
        iris = ~pupil & (_middle_radii(mesh, inner) < _IRIS_RADIUS)
        for material, rows in (
            ("cornea", outer[cornea]),
            ("sclera", np.concatenate([outer[~cornea], inner[~pupil & ~iris]])),
            ("iris", inner[iris]),
            ("pupil", inner[pupil]),
        ):
            found.setdefault(material, []).append(rows)
    return {material: np.concatenate(rows) for material, rows in found.items()}


def sclera_vertices(mesh: ObjMesh, side: str) -> np.ndarray:
    """Vertices of the outer shell without the cornea.

    Args:
      mesh: the neutral head.
      side: ``left`` or ``right``.
    """
    outer = np.arange(*_EYES[side][0])
    cornea = _texture_radii(mesh, outer).max(axis=1) < _CORNEA_RADIUS
    return _corners(mesh, outer[~cornea])


def eyeball_centre(mesh: ObjMesh, side: str) -> np.ndarray:
    """Centre [3] of the sphere nearest to the sclera, arguments as before."""
    return _sphere_centre(mesh.vertices[sclera_vertices(mesh, side)])


def _corners(mesh: ObjMesh, rows: np.ndarray) -> np.ndarray:
    corners = np.unique(mesh.faces[rows])
    return corners[corners != NO_CORNER]


def _sphere_centre(points: np.ndarray) -> np.ndarray:
    """Centre of the sphere through points, by linear least squares."""
    points = points.astype(np.float64)
    system = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    return np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0][:3]


def _texture_radii(mesh: ObjMesh, rows: np.ndarray) -> np.ndarray:
    """Distances [n, 4] of the corners' texture from the disc's middle."""
    corners = mesh.faces_uv[rows]
    radii = np.linalg.norm(mesh.uvs[corners] - _DISC_CENTRE, axis=-1)
    return np.where(corners == NO_CORNER, 0.0, radii)


def _middle_radii(mesh: ObjMesh, rows: np.ndarray) -> np.ndarray:
    """Distances [n] of the faces' middles in the texture from the disc's middle."""
    corners = mesh.faces_uv[rows]
    there = (corners != NO_CORNER)[..., None]
    middles = (mesh.uvs[corners] * there).sum(axis=1) / there.sum(axis=1)
    return np.linalg.norm(middles - _DISC_CENTRE, axis=-1)


def _faces_inwards(mesh: ObjMesh, rows: np.ndarray, centre: np.ndarray) -> np.ndarray:
    a, b, c = (mesh.vertices[mesh.faces[rows, corner]] for corner in range(3))
    return (np.cross(b - a, c - a) * (a - centre)).sum(axis=1) < 0
