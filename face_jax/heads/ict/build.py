"""The ICT model's geometry as a ``HeadModel``."""

import dataclasses
from collections.abc import Iterable, Mapping

import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadModel, LandmarkEmbedding
from face_jax.heads.ict import anatomy, joints
from face_jax.heads.ict.contour import contour_79
from face_jax.heads.ict.eyes import eyeball_materials
from face_jax.heads.ict.geometry import IctGeometry, check_neutral
from face_jax.heads.ict.obj import NO_CORNER, ObjMesh
from face_jax.heads.ict.regions import region_masks

_METRES = 0.01
"""Per unit of the owners' files."""


@dataclasses.dataclass(frozen=True)
class _Selection:
    """What is taken from the whole mesh.

    Attributes:
      faces: rows of the mesh's faces, in order.
      materials: material of each.
      vertices: rows of the mesh's vertices that these faces use, in order.
    """

    faces: np.ndarray
    materials: np.ndarray
    vertices: np.ndarray


def check_parts(parts: Iterable[str]) -> tuple[str, ...]:
    """Names of parts, checked.

    Raises:
      ValueError: one is unknown, or one that every head needs is lacking.
    """
    names = tuple(parts)
    for name in names:
        if name not in anatomy.PARTS:
            raise ValueError(f"parts: {name!r} is none of {', '.join(anatomy.PARTS)}")
    for needed in ("face", "eyeballs"):
        if needed not in names:
            raise ValueError(f"parts: {needed!r} is needed, got {', '.join(names)}")
    return names


def head_from_geometry(
    geometry: IctGeometry, parts: Iterable[str] = anatomy.SHOWN_PARTS
) -> HeadModel:
    """Makes a head in metres, with joints, landmarks and regions.

    Model space has its origin where the owners' files have theirs: at the base of the
    skull, between the ears. Joints are ``root`` (at the origin), ``neck``,
    ``left_eye`` and ``right_eye``; there is no jaw joint, ``jawOpen`` and its like move
    the jaw. Texture coordinates are those of the owners modulo their tiles, so
    ``face_materials`` tells which texture they belong to.

    Args:
      geometry: what the OBJ files say.
      parts: names out of ``anatomy.PARTS``; ``face`` and ``eyeballs`` are needed.

    Returns:
      The head. Its vertices are those that the parts use, in the owners' order;
      quadrangles are cut in two triangles each.

    Raises:
      ValueError: a part is unknown or lacking.
    """
    mesh, names = geometry.neutral, check_parts(parts)
    check_neutral(mesh, "ICT head")
    regions = region_masks(mesh)
    chosen = _select(mesh, names, regions)
    material_names = tuple(dict.fromkeys(chosen.materials))
    triangles, source = _triangles(mesh.faces[chosen.faces])
    faces = _renumbered(triangles, chosen.vertices)
    triangles_uv, _ = _triangles(mesh.faces_uv[chosen.faces])
    uvs, faces_uv = _tiled(mesh.uvs, triangles_uv)
    kept = chosen.vertices
    return HeadModel(
        template=_metres(mesh.vertices[kept]),
        faces=jnp.asarray(faces),
        identity_basis=_basis(geometry.identity_shapes, kept),
        expression_basis=_basis(geometry.expression_shapes, kept),
        joint_regressor=_regressor(mesh, kept),
        skinning_weights=jnp.asarray(joints.skinning_weights(mesh)[kept]),
        landmarks=_landmarks(mesh, faces, kept),
        regions={
            name: jnp.asarray(mask[kept])
            for name, mask in regions.items()
            if mask[kept].any()
        },
        uvs=jnp.asarray(uvs),
        faces_uv=jnp.asarray(faces_uv),
        face_materials=jnp.asarray(
            [material_names.index(name) for name in chosen.materials[source]], jnp.int32
        ),
        name="ict",
        identity_names=geometry.identities,
        expression_names=geometry.expressions,
        joint_names=joints.JOINT_NAMES,
        joint_parents=joints.JOINT_PARENTS,
        material_names=material_names,
        licence=anatomy.LICENCE,
    )


def _select(
    mesh: ObjMesh, parts: tuple[str, ...], regions: Mapping[str, np.ndarray]
) -> _Selection:
    materials = _materials(mesh, regions)
    wanted = np.zeros(anatomy.NUM_FACES, bool)
    for name in parts:
        for first, end, _ in anatomy.PARTS[name].faces:
            wanted[first:end] = True
    if anatomy.CORNEAS not in parts:
        wanted &= materials != "cornea"
    rows = np.flatnonzero(wanted)
    corners = np.unique(mesh.faces[rows])
    return _Selection(rows, materials[rows], corners[corners != NO_CORNER])


def _materials(mesh: ObjMesh, regions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Material [26384] of every face."""
    materials = np.empty(anatomy.NUM_FACES, dtype=object)
    for part in anatomy.PARTS.values():
        for first, end, material in part.faces:
            materials[first:end] = material
    for material, rows in eyeball_materials(mesh).items():
        materials[rows] = material
    for material in ("scalp", "lips"):
        inside = (regions[material][mesh.faces] | (mesh.faces == NO_CORNER)).all(axis=1)
        materials[inside] = material
    return materials


def _triangles(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles [F, 3] of faces [Q, 4], and the row of the face of each."""
    both = np.stack([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]], axis=1)
    there = np.stack([np.ones(len(faces), bool), faces[:, 3] != NO_CORNER], axis=1)
    return both[there], np.repeat(np.arange(len(faces)), there.sum(axis=1))


def _renumbered(rows: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return np.searchsorted(kept, rows).astype(np.int32)


def _tiled(uvs: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The used texture coordinates within their tiles, and faces by these."""
    used = np.unique(corners)
    return uvs[used] - np.floor(uvs[used]), _renumbered(corners, used)


def _metres(vertices: np.ndarray) -> jnp.ndarray:
    return jnp.asarray(vertices * np.float32(_METRES))


def _basis(shapes: np.ndarray, kept: np.ndarray) -> jnp.ndarray:
    """Displacements [n, 26719, 3] as [V, 3, n]."""
    return _metres(np.moveaxis(shapes[:, kept], 0, -1))


def _regressor(mesh: ObjMesh, kept: np.ndarray) -> jnp.ndarray:
    return jnp.asarray(joints.joint_regressor(mesh)[:, kept])


def _landmarks(
    mesh: ObjMesh, faces: np.ndarray, kept: np.ndarray
) -> dict[str, LandmarkEmbedding]:
    jaw = _renumbered(np.array(anatomy.JAW_LINE), kept)
    inner = _renumbered(np.array(anatomy.INNER_FACE), kept)
    mediapipe = _renumbered(np.array(anatomy.MEDIAPIPE), kept)
    first, end = anatomy.NARROW_FACE_VERTICES
    usable = (kept >= first) & (kept < end)
    rows, bary = contour_79(mesh.vertices[kept], faces, jaw, usable)
    return {
        "static_51": _at_vertices(inner, faces),
        "full_68": _at_vertices(np.concatenate([jaw, inner]), faces),
        "mediapipe_105": _at_vertices(mediapipe, faces),
        "contour_79": LandmarkEmbedding(jnp.asarray(rows), jnp.asarray(bary)),
    }


def _at_vertices(vertices: np.ndarray, faces: np.ndarray) -> LandmarkEmbedding:
    """Embedding of vertices: each in a triangle that it is a corner of."""
    found = [np.argwhere(faces == vertex)[0] for vertex in vertices]
    triangles, corners = np.array(found, dtype=np.int32).T
    bary = np.eye(3, dtype=np.float32)[corners]
    return LandmarkEmbedding(faces=jnp.asarray(triangles), bary=jnp.asarray(bary))
