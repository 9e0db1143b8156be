"""A triangle mesh with what mesh files can say of it."""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from face_jax.geometry.head import HeadModel


@dataclasses.dataclass(frozen=True)
class Surface:
    """A triangle mesh, checked and as numpy arrays.

    Attributes:
      vertices: [V, 3] float32; metres, x to the subject's left, y up, z forward, which
        is also what glTF asks for.
      faces: [F, 3] int32, counter-clockwise from outside.
      colors: [V, 3] float32 in [0, 1], as displayed (sRGB); or None.
      uvs: [U, 2] float32, v up; or None.
      faces_uv: [F, 3] int32 rows of ``uvs``, or None: then ``uvs`` belong to the
        vertices.

    Raises:
      ValueError: an array has another shape or type, holds values that are not finite
        or beyond 32 bits, or names a vertex that does not exist.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray | None = None
    uvs: np.ndarray | None = None
    faces_uv: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Converts and checks."""
        for name, dtype, columns in (
            ("vertices", np.float32, 3),
            ("faces", np.int32, 3),
            ("colors", np.float32, 3),
            ("uvs", np.float32, 2),
            ("faces_uv", np.int32, 3),
        ):
            array = getattr(self, name)
            if array is not None:
                checked = _array(name, array, dtype, columns)
                object.__setattr__(self, name, checked)
        if not len(self.vertices) or not len(self.faces):
            raise ValueError("a mesh needs vertices and faces, got none")
        _check_rows("faces", self.faces, len(self.vertices))
        if self.colors is not None:
            _check_length("colors", self.colors, len(self.vertices))
        if self.uvs is None:
            if self.faces_uv is not None:
                raise ValueError("faces_uv: expected uvs with them, got none")
        elif self.faces_uv is None:
            _check_length("uvs", self.uvs, len(self.vertices))
        else:
            _check_length("faces_uv", self.faces_uv, len(self.faces))
            _check_rows("faces_uv", self.faces_uv, len(self.uvs))

    def with_vertices(self, vertices: ArrayLike) -> "Surface":
        """The same surface with its vertices [V, 3] elsewhere.

        Raises:
          ValueError: there are more or fewer of them, or one is not finite.
        """
        moved = _array("vertices", vertices, np.float32, 3)
        _check_length("vertices", moved, len(self.vertices))
        return dataclasses.replace(self, vertices=moved)

    def normals(self) -> np.ndarray:
        """Unit normals [V, 3] float32 of the vertices, weighted by the faces' areas.

        Vertices without a face that has an area get (0, 0, 1).
        """
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        of_faces = np.cross((b - a).astype(np.float64), c - a)
        sums = np.zeros(self.vertices.shape)
        for corner in range(3):
            np.add.at(sums, self.faces[:, corner], of_faces)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        unit = sums / np.where(lengths > 0, lengths, 1)
        return np.where(lengths > 0, unit, [0, 0, 1]).astype(np.float32)

    def seams(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Vertices doubled where their texture coordinates differ between faces.

        Returns:
          Rows of ``vertices`` and of ``uvs``, int [W] each, one pair for every vertex of
          a format that keeps both together; and the faces [F, 3] int32 as rows of
          these. Without ``faces_uv`` all is as it was.
        """
        if self.faces_uv is None:
            rows = np.arange(len(self.vertices))
            return rows, rows, self.faces
        pairs = np.stack([self.faces, self.faces_uv], axis=-1).reshape(-1, 2)
        unique, corners = np.unique(pairs, axis=0, return_inverse=True)
        return unique[:, 0], unique[:, 1], corners.reshape(-1, 3).astype(np.int32)


def head_surface(
    head: HeadModel,
    vertices: ArrayLike | None = None,
    colors: ArrayLike | None = None,
) -> Surface:
    """The mesh of a head with its texture coordinates.

    Args:
      head: the head.
      vertices: [V, 3] of the posed head; None takes the template.
      colors: [V, 3] in [0, 1], as displayed.

    Raises:
      ValueError: there are not as many vertices or colours as the head has.
    """
    surface = Surface(
        vertices=np.asarray(head.template),
        faces=np.asarray(head.faces),
        colors=None if colors is None else np.asarray(colors),
        uvs=None if head.uvs is None else np.asarray(head.uvs),
        faces_uv=None if head.faces_uv is None else np.asarray(head.faces_uv),
    )
    return surface if vertices is None else surface.with_vertices(vertices)


_KINDS = {
    "vertices": ("fiu", "numbers"),
    "faces": ("iu", "whole numbers"),
    "colors": ("f", "floats in [0, 1]"),
    "uvs": ("fiu", "numbers"),
    "faces_uv": ("iu", "whole numbers"),
}
"""Kinds of numpy types that each array may have, and what they are called."""


def _array(name: str, array: ArrayLike, dtype: type, columns: int) -> np.ndarray:
    try:
        values = np.asarray(array)
    except ValueError as error:
        raise ValueError(f"{name}: expected [n, {columns}], got ragged rows") from error
    if values.ndim != 2 or values.shape[1] != columns:
        raise ValueError(f"{name}: expected [n, {columns}], got {list(values.shape)}")
    kinds, kind_name = _KINDS[name]
    if values.dtype.kind not in kinds:
        raise ValueError(f"{name}: expected {kind_name}, got {values.dtype}")
    limit = np.iinfo(np.int32).max if dtype is np.int32 else np.finfo(np.float32).max
    # Not a number is neither within the limits nor beyond them.
    if values.size and not np.abs(values).max() <= limit:
        raise ValueError(f"{name}: holds values that are not finite or do not fit")
    return values.astype(dtype)


def _check_length(name: str, array: np.ndarray, expected: int) -> None:
    if len(array) != expected:
        raise ValueError(f"{name}: expected {expected} rows, got {len(array)}")


def _check_rows(name: str, rows: np.ndarray, count: int) -> None:
    if rows.min() < 0 or rows.max() >= count:
        raise ValueError(
            f"{name}: expected numbers from 0 to {count - 1}, got {rows.min()} to "
            f"{rows.max()}"
        )
