"""All surfaces of a picture as one mesh: head, hair and shoulders, with what they are."""

import dataclasses

import numpy as np

from data_pipelines.synth import bust, ribbons
from data_pipelines.synth.support import support_of
from data_pipelines.synth.unrolled import Unrolling, corner_pixels
from face_jax.geometry.head import HeadModel

KINDS = ("skin", "left_eye", "right_eye", "flesh", "teeth", "lashes", "hair", "cloth")
SKIN, LEFT_EYE, RIGHT_EYE, FLESH, TEETH, LASHES, HAIR, CLOTH = range(len(KINDS))
"""What a face of the mesh is made of."""

_BY_MATERIAL = {
    "gums": FLESH,
    "tongue": FLESH,
    "mouth_interior": FLESH,
    "eye_socket": FLESH,
    "teeth": TEETH,
    "lashes": LASHES,
}
_BY_REGION = {
    "left_eyeball": LEFT_EYE,
    "right_eyeball": RIGHT_EYE,
    "mouth_interior": FLESH,
    "gums": FLESH,
    "tongue": FLESH,
    "teeth": TEETH,
    "lashes": LASHES,
}
_HIDDEN = ("brows",)
"""Materials that are painted on the skin instead."""

_IRIS_RADIUS = 0.0059
"""Metres, of heads that do not say it."""

_NOSTRIL_DEPTH = 0.03
"""Metres behind the lips at which the mouth is as dark as nostrils are."""


@dataclasses.dataclass(frozen=True)
class Eye:
    """One eyeball of a head's template.

    Attributes:
      centre: [3] float32 metres.
      radius: metres.
      axis: [3] float32 unit, where it looks.
      iris: sine of the angle between the axis and the edge of the iris.
    """

    centre: np.ndarray
    radius: float
    axis: np.ndarray
    iris: float


@dataclasses.dataclass(frozen=True)
class SceneMesh:
    """The mesh of all pictures of one head model; vertices differ from picture to picture.

    Vertices come in the order head, hair, bust.

    Attributes:
      faces: [F, 3] int32.
      kinds: [F] uint8, rows of KINDS.
      corners: [F, 3, 3] float32, a place by kind: skin: picture coordinates of the
        unrolled head and 0; eyes: direction from the eye's centre in the frame of its
        axis; flesh and teeth: metres behind the lips, and two more of the template;
        hair and cloth: as ``ribbon_coordinates`` and ``cloth_coordinates``.
      in_face: [F] bool, belongs to the face.
      skin_vertices: [n] int32, vertices of the outer skin of the head that is shown.
      whole_skin: [m, 3] int32, faces of the skin, those under the clothes as well.
      head_faces: number of faces of the head, which come first.
      eyes: left, right.
    """

    faces: np.ndarray
    kinds: np.ndarray
    corners: np.ndarray
    in_face: np.ndarray
    skin_vertices: np.ndarray
    whole_skin: np.ndarray
    head_faces: int
    eyes: tuple[Eye, Eye]


def build_scene_mesh(
    head: HeadModel, unrolling: Unrolling, marks: np.ndarray
) -> SceneMesh:
    """Joins a head with hair and bust.

    Args:
      head: the model; needs regions ``left_eyeball`` and ``right_eyeball``.
      unrolling: chart of its template.
      marks: [68, 3] float32 landmarks of its template.

    Returns:
      The mesh.

    Raises:
      ValueError: the head does not say where its eyes are.
    """
    template, faces = np.asarray(head.template), np.asarray(head.faces)
    eyes = (_eye(head, "left_eyeball"), _eye(head, "right_eyeball"))
    kinds = _kinds(head)
    whole_skin = faces[kinds == SKIN]
    neck = bust.measure_neck(support_of(unrolling, template, whole_skin), marks[8])
    kept = _kept(head, template[faces].mean(1), neck)
    faces, kinds = faces[kept], kinds[kept]
    corners = _head_corners(unrolling, template, faces, kinds, eyes, marks)
    in_face = _in_face(head, kinds, faces)
    count = len(template)
    hair = ribbons.ribbon_faces()
    body = bust.bust_faces()
    return SceneMesh(
        faces=np.concatenate(
            [faces, hair + count, body + count + ribbons.NUM_VERTICES]
        ).astype(np.int32),
        kinds=np.concatenate(
            [kinds, np.full(len(hair), HAIR), np.full(len(body), CLOTH)]
        ).astype(np.uint8),
        corners=np.concatenate(
            [
                corners,
                ribbons.ribbon_coordinates()[hair],
                bust.cloth_coordinates()[body],
            ]
        ).astype(np.float32),
        in_face=np.concatenate([in_face, np.zeros(len(hair) + len(body), bool)]),
        skin_vertices=np.unique(faces[kinds == SKIN]).astype(np.int32),
        whole_skin=whole_skin.astype(np.int32),
        head_faces=len(faces),
        eyes=eyes,
    )


def _kinds(head: HeadModel) -> np.ndarray:
    """Kind of every face of a head [F], from materials, else from regions."""
    faces = np.asarray(head.faces)
    kinds = np.full(len(faces), SKIN)
    for region, kind in _BY_REGION.items():
        if region in head.regions:
            inside = np.asarray(head.regions[region])[faces].all(axis=1)
            kinds[inside] = kind
    if head.face_materials is not None:
        materials = np.asarray(head.face_materials)
        for row, name in enumerate(head.material_names):
            if name in ("skin", "lips", "scalp"):
                kinds[materials == row] = SKIN
            elif name in _BY_MATERIAL:
                kinds[materials == row] = _BY_MATERIAL[name]
    return kinds


def _kept(head: HeadModel, middles: np.ndarray, neck: bust.Neck) -> np.ndarray:
    """Which faces of a head are shown, [F] bool."""
    kept = ~bust.hidden(neck, middles)
    if head.face_materials is not None:
        materials = np.asarray(head.face_materials)
        for row, name in enumerate(head.material_names):
            if name in _HIDDEN:
                kept &= materials != row
    return kept


def _eye(head: HeadModel, region: str) -> Eye:
    if region not in head.regions:
        names = ", ".join(sorted(head.regions)) or "none"
        raise ValueError(f"head {head.name!r}: expected region {region}, got {names}")
    points = np.asarray(head.template)[np.asarray(head.regions[region])]
    centre = 0.5 * (points.min(0) + points.max(0))
    radius = float(np.median(np.linalg.norm(points - centre, axis=1)))
    axis, iris = np.array([0.0, 0.0, 1.0], np.float32), _IRIS_RADIUS / radius
    if head.face_materials is not None and "iris" in head.material_names:
        row = head.material_names.index("iris")
        used = np.asarray(head.faces)[np.asarray(head.face_materials) == row]
        inside = np.asarray(head.regions[region])[used].all(axis=1)
        rim = np.asarray(head.template)[np.unique(used[inside])] - centre
        middle = 0.5 * (rim.min(0) + rim.max(0))
        axis = (middle / np.linalg.norm(middle)).astype(np.float32)
        across = rim - (rim @ axis)[:, None] * axis
        iris = float(
            np.linalg.norm(across, axis=1).max() / np.linalg.norm(rim, axis=1).mean()
        )
    return Eye(centre.astype(np.float32), radius, axis, iris)


def _head_corners(
    unrolling: Unrolling,
    template: np.ndarray,
    faces: np.ndarray,
    kinds: np.ndarray,
    eyes: tuple[Eye, Eye],
    marks: np.ndarray,
) -> np.ndarray:
    """Places [F, 3, 3] of the corners of a head's faces, by kind."""
    corners = np.zeros((len(faces), 3, 3), np.float32)
    corners[..., :2] = corner_pixels(unrolling, template, faces)
    for kind, eye in zip((LEFT_EYE, RIGHT_EYE), eyes, strict=True):
        of_eye = kinds == kind
        away = template[faces[of_eye]] - eye.centre
        away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-6)
        corners[of_eye] = away @ _frame_of(eye.axis)
    inside = (kinds == FLESH) | (kinds == TEETH)
    points = template[faces[inside]]
    lips = marks[[51, 57], 2].mean()
    behind = lips - points[..., 2]
    # Nostrils lie before the lips, but no light gets into them.
    nose = (points[..., 1] > marks[51, 1]) & (points[..., 1] < marks[30, 1])
    behind = np.where(nose & (behind < 0), _NOSTRIL_DEPTH, behind)
    corners[inside] = np.stack([behind, points[..., 0], points[..., 1]], axis=-1)
    return corners


def _frame_of(axis: np.ndarray) -> np.ndarray:
    """Matrix [3, 3] whose columns are left, up and ``axis``."""
    left = np.cross([0.0, 1.0, 0.0], axis)
    left /= np.linalg.norm(left)
    return np.stack([left, np.cross(axis, left), axis], axis=1).astype(np.float32)


def _in_face(head: HeadModel, kinds: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Which faces of a head belong to the face, [F] bool; eyes and mouth do."""
    if "face" not in head.regions:
        return np.isin(kinds, (SKIN, LEFT_EYE, RIGHT_EYE, FLESH, TEETH, LASHES))
    within = np.asarray(head.regions["face"])[faces].any(axis=1)
    return within | np.isin(kinds, (LEFT_EYE, RIGHT_EYE, FLESH, TEETH, LASHES))
