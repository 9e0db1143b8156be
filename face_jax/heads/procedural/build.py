"""The procedural head as a head model."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadModel, LandmarkEmbedding
from face_jax.heads.procedural import contour, landmarks, mediapipe, rig
from face_jax.heads.procedural.assembly import Assembly, assemble
from face_jax.heads.procedural.expressions import (
    expression_directions,
    eyelid_directions,
)
from face_jax.heads.procedural.identity import identity_directions
from face_jax.heads.procedural.places import embed
from face_jax.heads.procedural.regions import regions
from face_jax.types import Array

_ORIGIN = np.array([0.0, 25.0, 35.0])
"""Where the point between the pupils, at the depth of the root of the nose, lies in
model space, mm: the origin is then inside the head, behind the nose."""
_METRES = 1e-3


@functools.lru_cache(maxsize=1)
def procedural_head() -> HeadModel:
    """A morphable head made by formulas alone; nothing is read or downloaded.

    It has the joints of FLAME with skinning weights and no pose correctives, 57
    named identity directions (weights of people are standard normal) and the
    expression directions of ARKit (weights 0 to 1) under the names of ICT-FaceKit.
    The result is kept for the life of the process.
    """
    # Concrete arrays even where the first call is inside a traced function.
    with jax.ensure_compile_time_eval():
        return _build(assemble())


def _build(head: Assembly) -> HeadModel:
    identity, expression = identity_directions(head), expression_directions(head)
    materials, rows = np.unique(head.materials, return_inverse=True)
    return HeadModel(
        template=_float32((head.vertices + _ORIGIN) * _METRES),
        faces=_int32(head.faces),
        identity_basis=_basis(identity),
        expression_basis=_basis(expression),
        eyelid_basis=_float32(eyelid_directions(head) * _METRES),
        joint_regressor=_float32(rig.joint_regressor(head)),
        skinning_weights=_float32(rig.skinning_weights(head)),
        landmarks=_landmarks(head),
        regions={name: jnp.asarray(mask) for name, mask in regions(head).items()},
        uvs=_float32(head.uvs),
        faces_uv=_int32(head.faces_uv),
        face_materials=_int32(rows),
        name="procedural",
        identity_names=tuple(identity),
        expression_names=tuple(expression),
        joint_names=rig.JOINT_NAMES,
        joint_parents=rig.JOINT_PARENTS,
        material_names=tuple(materials.tolist()),
        licence="Apache-2.0, made by face_jax",
    )


def _basis(directions: dict[str, np.ndarray]) -> Array:
    """Columns [V, 3, n] in metres of directions in millimetres."""
    return _float32(np.stack(list(directions.values()), -1) * _METRES)


def _landmarks(head: Assembly) -> dict[str, LandmarkEmbedding]:
    static = embed(head.faces, landmarks.static_51())
    turning = contour.contour_79(head.vertices, head.faces)
    full = [
        np.concatenate([of[0], rest]) for of, rest in zip(turning, static, strict=True)
    ]
    embeddings = {
        "static_51": static,
        "full_68": full,
        "contour_79": turning,
        "mediapipe_105": embed(head.faces, mediapipe.mediapipe_places()),
    }
    return {
        name: LandmarkEmbedding(_int32(faces), _float32(bary))
        for name, (faces, bary) in embeddings.items()
    }


def _float32(values: np.ndarray) -> Array:
    return jnp.asarray(np.asarray(values, np.float32))


def _int32(values: np.ndarray) -> Array:
    return jnp.asarray(np.asarray(values, np.int32))
