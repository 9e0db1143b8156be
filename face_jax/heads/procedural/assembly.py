"""All parts of the head in one mesh."""

import dataclasses
import functools

import numpy as np

from face_jax.heads.procedural import ears, eyes, hairs, mouth, skin, teeth
from face_jax.heads.procedural.parts import Part


@dataclasses.dataclass(frozen=True)
class Assembly:
    """The mean head in millimetres.

    Attributes:
      vertices: float64 [V, 3]; the skin's vertices come first.
      faces: int64 [F, 3].
      materials: [F] names.
      uvs: float64 [U, 2].
      faces_uv: int64 [F, 3].
      mirror: int64 [V], the vertex at (-x, y, z) of each.
      follow_rows: int64 [V, 4], as in ``Part``.
      follow_weights: float64 [V, 4].
      ranges: first vertex, and one past the last, of every part.
      face_ranges: the same of its faces.
    """

    vertices: np.ndarray
    faces: np.ndarray
    materials: np.ndarray
    uvs: np.ndarray
    faces_uv: np.ndarray
    mirror: np.ndarray
    follow_rows: np.ndarray
    follow_weights: np.ndarray
    ranges: dict[str, slice]
    face_ranges: dict[str, slice]

    def mask(self, *names: str) -> np.ndarray:
        """Bool [V]: the vertices of the named parts."""
        result = np.zeros(len(self.vertices), bool)
        for name in names:
            result[self.ranges[name]] = True
        return result


@functools.lru_cache
def assemble() -> Assembly:
    """Builds all parts and joins them."""
    surface = skin.skin()
    parts = (
        surface,
        *eyes.eyeballs(),
        *teeth.arches(),
        mouth.tongue(),
        mouth.cavity(surface.vertices),
        *ears.ears(),
        *hairs.brows(surface.vertices),
        *hairs.lashes(surface.vertices),
    )
    ranges = _ranges(parts, "vertices")
    first = np.array([ranges[part.name].start for part in parts])
    first_uv = [span.start for span in _ranges(parts, "uvs").values()]
    return Assembly(
        vertices=np.concatenate([part.vertices for part in parts]),
        faces=np.concatenate(
            [part.faces + start for part, start in zip(parts, first, strict=True)]
        ),
        materials=np.concatenate([part.materials for part in parts]),
        uvs=np.concatenate([part.uvs for part in parts]),
        faces_uv=np.concatenate(
            [part.faces_uv + start for part, start in zip(parts, first_uv, strict=True)]
        ),
        mirror=np.concatenate(
            [part.mirror + ranges[_partner(part.name)].start for part in parts]
        ),
        follow_rows=np.concatenate([part.follow_rows for part in parts]),
        follow_weights=np.concatenate([part.follow_weights for part in parts]),
        ranges=ranges,
        face_ranges=_ranges(parts, "faces"),
    )


def _ranges(parts: tuple[Part, ...], field: str) -> dict[str, slice]:
    ends = np.cumsum([0] + [len(getattr(part, field)) for part in parts])
    return {
        part.name: slice(int(start), int(end))
        for part, start, end in zip(parts, ends[:-1], ends[1:], strict=True)
    }


def _partner(name: str) -> str:
    """Name of the part on the other side; parts in the middle are their own."""
    if name.startswith("left_"):
        return name.replace("left_", "right_")
    return name.replace("right_", "left_")
