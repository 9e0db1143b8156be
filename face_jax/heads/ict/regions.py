"""Regions of the ICT head: masks of vertices by part and place on the neutral head.

Outlines are drawn on the neutral head seen from the front, in its centimetres.
"""

import numpy as np

from face_jax.heads.ict import anatomy
from face_jax.heads.ict.obj import NO_CORNER, ObjMesh

_BEHIND_LIPS = 8.0
_EYE_AXES = 2.6, 1.9
"""Half width and half height of an eye's region around the eyeball's centre."""
_BETWEEN_EYES = 1.2, 2.2, 5.0
"""Half width, lowest and highest place of the bridge that joins both."""
_BEHIND_EYE = 6.5
_NOSE = (
    *((0.6, 4.4), (1.0, 2.4), (1.9, 0.6), (2.1, -0.5), (1.4, -1.4)),
    *((-1.4, -1.4), (-2.1, -0.5), (-1.9, 0.6), (-1.0, 2.4), (-0.6, 4.4)),
)
_BEHIND_NOSE = 8.8
_ABOVE_BROWS = 6.4
_EAR = (
    *((-2.0, 1.8), (-1.6, 3.2), (-0.4, 3.9), (1.0, 3.5), (1.3, 2.2), (1.4, 0.9)),
    *((1.75, 0.0), (2.0, -1.5), (1.5, -2.2), (0.6, -2.2), (-0.6, -1.6), (-1.4, 0.0)),
)
"""Outline of the ears seen from the side: depth and height."""
_BESIDE_HEAD = 5.5
_NAPE = -3.5
"""Lowest hair at the back of the head."""
_NECK = ((-9.3, 6.0), (-4.2, -6.0))
"""Height and depth of the line from the throat to the nape above which is no neck."""


def region_masks(mesh: ObjMesh) -> dict[str, np.ndarray]:
    """Masks of vertices, bool [26719] each.

    Args:
      mesh: the neutral head.

    Returns:
      ``face`` (skin from the chin's lower side to the middle of the forehead, and the
      eyeballs), ``lips``, ``nose``, ``forehead``, ``left_ear``, ``right_ear``,
      ``scalp``, ``neck``, ``boundary`` (the open edge of the bust), the eyeballs, the
      eye regions with the lids and the skin around them, and the insides: ``teeth``,
      ``gums``, ``tongue``, ``mouth_interior``, ``lashes``.
    """
    found = _inner_parts(mesh) | _eye_regions(mesh)
    x, y, z = mesh.vertices.T
    face, head = _between(*anatomy.FACE_VERTICES), _between(*anatomy.HEAD_VERTICES)
    ears = face & (abs(x) > _BESIDE_HEAD) & _inside(z, y, np.array(_EAR))
    narrow = _between(*anatomy.NARROW_FACE_VERTICES)
    found |= {
        "face": narrow | found["left_eyeball"] | found["right_eyeball"],
        "lips": face & (z > _BEHIND_LIPS) & _within_lip_border(x, y),
        "nose": face & (z > _BEHIND_NOSE) & _inside(x, y, np.array(_NOSE)),
        "forehead": face & (y > _ABOVE_BROWS) & ~ears,
        "left_ear": ears & (x > 0),
        "right_ear": ears & (x < 0),
        "scalp": head & (y > _NAPE),
        "neck": (face | head) & _below_neck_line(y, z),
        "boundary": (face | head) & _on_open_edge(mesh),
    }
    return found


def _inner_parts(mesh: ObjMesh) -> dict[str, np.ndarray]:
    """Vertices of the faces of a material, for what lies in the mouth and the lashes."""
    found: dict[str, np.ndarray] = {}
    for part in ("mouth_socket", "gums", "tongue", "teeth", "lashes"):
        for first, end, material in anatomy.PARTS[part].faces:
            corners = mesh.faces[first:end]
            mask = found.setdefault(material, np.zeros(len(mesh.vertices), bool))
            mask[corners[corners != NO_CORNER]] = True
    return found


def _eye_regions(mesh: ObjMesh) -> dict[str, np.ndarray]:
    x, y, z = mesh.vertices.T
    face = _between(*anatomy.FACE_VERTICES)
    eyeballs = {
        "left": _between(*anatomy.LEFT_EYEBALL_VERTICES),
        "right": _between(*anatomy.RIGHT_EYEBALL_VERTICES),
    }
    found, around = {}, np.zeros_like(face)
    for side, eyeball in eyeballs.items():
        centre, (width, height) = mesh.vertices[eyeball].mean(axis=0), _EYE_AXES
        ellipse = ((x - centre[0]) / width) ** 2 + ((y - centre[1]) / height) ** 2 < 1
        found[f"{side}_eyeball"] = eyeball
        found[f"{side}_eye_region"] = face & ellipse & (z > _BEHIND_EYE)
        around |= found[f"{side}_eye_region"]
    width, low, high = _BETWEEN_EYES
    bridge = face & (abs(x) < width) & _within(y, (low, high)) & (z > _BEHIND_EYE)
    return {**found, "eye_region": around | bridge}


def _between(first: int, end: int) -> np.ndarray:
    rows = np.arange(anatomy.NUM_VERTICES)
    return (rows >= first) & (rows < end)


def _within(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return (values > limits[0]) & (values < limits[1])


def _within_lip_border(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    border = list(anatomy.LIP_BORDER)
    inside = _inside(x, y, np.stack([x[border], y[border]], axis=-1))
    inside[border] = True
    return inside


def _inside(x: np.ndarray, y: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Whether points lie in a polygon [n, 2]: a ray to the right crosses it oddly."""
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if ay == by:
            continue
        crossing = ax + (y - ay) * (bx - ax) / (by - ay)
        inside ^= ((ay > y) != (by > y)) & (x < crossing)
    return inside


def _below_neck_line(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    (throat_y, throat_z), (nape_y, nape_z) = _NECK
    slope = (throat_y - nape_y) / (throat_z - nape_z)
    return y < nape_y + slope * (z - nape_z)


def _on_open_edge(mesh: ObjMesh) -> np.ndarray:
    """Vertices of edges that belong to one face only."""
    ends = np.where(mesh.faces == NO_CORNER, mesh.faces[:, :1], mesh.faces)
    edges = np.stack([ends, np.roll(ends, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges = np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    mask = np.zeros(len(mesh.vertices), bool)
    mask[unique[counts == 1]] = True
    return mask
