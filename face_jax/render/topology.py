"""Edges of a mesh, and the faces at their sides."""

import flax.struct
import numpy as np

from face_jax.geometry.mesh import check_faces
from face_jax.types import Array


@flax.struct.dataclass
class Topology:
    """The edges of a mesh.

    Attributes:
      edges: int32 [E, 4], of every edge the two ends, the vertex opposite in a face
        beside it, and the same in the other face, -1 for none.
    """

    edges: Array | np.ndarray

    @classmethod
    def from_faces(cls, faces: Array | np.ndarray) -> "Topology":
        """Finds the edges; runs once for a mesh, in numpy.

        Of an edge with more than two faces (a fin, or faces that are there twice) every
        face gives one entry without another side.

        Args:
          faces: [F, 3] integers, at least one.

        Raises:
          ValueError: that is no list of triangles.
        """
        faces = np.asarray(faces)
        check_faces(faces, int(faces.max(initial=0)) + 1)
        if not len(faces):
            raise ValueError("faces: expected at least one face, got none")
        ends, opposite = _sides(faces.astype(np.int32))
        _, number, count = np.unique(
            ends, axis=0, return_inverse=True, return_counts=True
        )
        order = np.argsort(number.reshape(-1), kind="stable")
        ends, opposite = ends[order], opposite[order]
        count = count[number.reshape(-1)[order]]
        # Both entries of an edge with two faces lie beside each other.
        first, single = np.flatnonzero(count == 2)[::2], np.flatnonzero(count != 2)
        nobody = np.full((len(single), 1), -1, np.int32)
        paired = [ends[first], opposite[first, None], opposite[first + 1, None]]
        alone = [ends[single], opposite[single, None], nobody]
        return cls(
            np.concatenate([np.concatenate(part, axis=1) for part in (paired, alone)])
        )


def _sides(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends [3 F, 2] of the sides of all faces, smaller first; opposite corners [3 F]."""
    starts, stops = faces, np.roll(faces, -1, axis=1)
    ends = np.sort(np.stack([starts, stops], axis=-1).reshape(-1, 2), axis=1)
    return ends, np.roll(faces, -2, axis=1).reshape(-1)
