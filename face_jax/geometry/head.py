"""Head models: a template mesh, directions that change it, and joints that pose it.

Model space is in metres and right-handed: x to the subject's left, y up, z forward
out of the face. Faces are counter-clockwise seen from outside.
"""

import dataclasses

import flax.struct
import jax.numpy as jnp
import numpy as np

from face_jax.geometry import skinning
from face_jax.geometry.products import matmul
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.types import Array

_JOINT_OF_FIELD = {
    "pose_params": ("root",),
    "neck_pose": ("neck",),
    "jaw_params": ("jaw",),
    "eye_pose": ("left_eye", "right_eye"),
}
"""Which joints the rotations of ``HeadParameters`` turn."""

_BASIS_OF_FIELD = {
    "shape_params": "identity_basis",
    "expression_params": "expression_basis",
    "eyelid_params": "eyelid_basis",
}
"""Which directions of a head its coefficients weigh."""


@flax.struct.dataclass
class LandmarkEmbedding:
    """Points on the surface of a mesh.

    Attributes:
      faces: [..., P] int32, rows of ``HeadModel.faces``.
      bary: [..., P, 3] float32 barycentric coordinates, in the order of the corners
        of the face; they sum to 1.
    """

    faces: Array
    bary: Array


@flax.struct.dataclass
class HeadModel:
    """A head that identity, expression and joints change.

    Attributes:
      template: [V, 3] float32 metres, the mean neutral head.
      faces: [F, 3] int32 rows of ``template``, counter-clockwise from outside.
      identity_basis: [V, 3, S] float32 metres per unit of ``shape_params``.
      expression_basis: [V, 3, E] float32 metres per unit of ``expression_params``.
      eyelid_basis: [V, 3, 2] float32 metres per unit of ``eyelid_params`` (left,
        right), or None.
      joint_regressor: [J, V] float32, rows take the unposed vertices to the joints;
        None for a head without joints, as the next two.
      pose_correctives: [(J - 1) * 9, V * 3] float32, added before skinning for the
        rotations of all joints but the root; None without correctives.
      skinning_weights: [V, J] float32, rows sum to 1.
      landmarks: embeddings by name, those that the head has: ``static_51``,
        ``full_68``, ``contour_79`` (one contour of 17 points for each of 79 yaws),
        ``mediapipe_105``.
      regions: [V] bool masks by name: ``face``, ``lips``, ``nose``, ``left_eyeball``,
        ``scalp`` and so on, those that the head has.
      uvs: [U, 2] float32 texture coordinates in [0, 1], v up; or None.
      faces_uv: [F, 3] int32 rows of ``uvs``; or None.
      face_materials: [F] int32 rows of ``material_names``; or None.
      name: what kind of head it is.
      identity_names: names of the identity directions, or empty.
      expression_names: names of the expression directions, or empty.
      joint_names: names of the joints, parents before children; empty without.
      joint_parents: row of every joint's parent, -1 for the root.
      material_names: names of the materials.
      licence: one line with the terms of the source.
    """

    template: Array
    faces: Array
    identity_basis: Array
    expression_basis: Array
    eyelid_basis: Array | None = None
    joint_regressor: Array | None = None
    pose_correctives: Array | None = None
    skinning_weights: Array | None = None
    landmarks: dict[str, LandmarkEmbedding] = flax.struct.field(default_factory=dict)
    regions: dict[str, Array] = flax.struct.field(default_factory=dict)
    uvs: Array | None = None
    faces_uv: Array | None = None
    face_materials: Array | None = None
    name: str = flax.struct.field(pytree_node=False, default="")
    identity_names: tuple[str, ...] = flax.struct.field(pytree_node=False, default=())
    expression_names: tuple[str, ...] = flax.struct.field(pytree_node=False, default=())
    joint_names: tuple[str, ...] = flax.struct.field(pytree_node=False, default=())
    joint_parents: tuple[int, ...] = flax.struct.field(pytree_node=False, default=())
    material_names: tuple[str, ...] = flax.struct.field(pytree_node=False, default=())
    licence: str = flax.struct.field(pytree_node=False, default="")


@flax.struct.dataclass
class HeadParameters:
    """What a head is set to; None leaves a field at zero.

    Leading axes are free and broadcast against each other. Rotations are axis-angle
    vectors in radians, relative to the parent joint.

    Attributes:
      shape_params: [..., n] coefficients of the first n identity directions.
      expression_params: [..., n] coefficients of the first n expression directions.
      pose_params: [..., 3] rotation of the whole head.
      neck_pose: [..., 3] rotation of the head about the neck.
      jaw_params: [..., 3] rotation of the jaw.
      eye_pose: [..., 6] rotations of the left, then of the right eyeball.
      eyelid_params: [..., 2] closing of the left, then of the right eyelid.
    """

    shape_params: Array | None = None
    expression_params: Array | None = None
    pose_params: Array | None = None
    neck_pose: Array | None = None
    jaw_params: Array | None = None
    eye_pose: Array | None = None
    eyelid_params: Array | None = None


@flax.struct.dataclass
class PosedHead:
    """A head in model space after shape, expression and pose.

    Attributes:
      vertices: [..., V, 3] float32 metres.
      joints: [..., J, 3] float32 metres; J is 0 for a head without joints.
    """

    vertices: Array
    joints: Array


def template_height(head: HeadModel) -> Array:
    """Height of a head's template, metres."""
    return head.template[:, 1].max() - head.template[:, 1].min()


def pose_head(
    head: HeadModel,
    parameters: HeadParameters,
    *,
    eyelids_before_skinning: bool = False,
) -> PosedHead:
    """Vertices and joints of a head (FLAME as in SMIRK, arXiv 2404.04104).

    Identity and expression move the template; joints are regressed from the result;
    pose correctives are added and the whole is skinned. A head without joints turns
    about the origin.

    Args:
      head: the model.
      parameters: what it is set to; leading axes are those of the result.
      eyelids_before_skinning: let eyelids follow the head. By default they are
        added to the posed head along the axes of model space, as published, which
        is right for small rotations only.

    Returns:
      The posed head.

    Raises:
      ValueError: a field is wider than its basis or has not the width it needs, or
        the head lacks what a field moves; or leading axes do not broadcast.
    """
    check_parameters(head, parameters)
    shaped = head.template + _moved(head.identity_basis, parameters.shape_params)
    shaped += _moved(head.expression_basis, parameters.expression_params)
    lids = _moved(head.eyelid_basis, parameters.eyelid_params)
    before, after = (lids, 0.0) if eyelids_before_skinning else (0.0, lids)
    posed = _skin(head, shaped, before, joint_rotations(head, parameters))
    vertices = posed.vertices + after
    joints = (*vertices.shape[:-2], *posed.joints.shape[-2:])
    return PosedHead(vertices, jnp.broadcast_to(posed.joints, joints))


def _moved(basis: Array | None, coefficients: Array | None) -> Array | float:
    if basis is None or coefficients is None:
        return 0.0
    return skinning.displacement(basis, jnp.asarray(coefficients, jnp.float32))


def joint_rotations(head: HeadModel, parameters: HeadParameters) -> Array:
    """Rotation of every joint relative to its parent, [..., J, 3, 3].

    A head without joints has one, the root.

    Args:
      head: the model.
      parameters: what it is set to.
    """
    turns = _turns(parameters)
    batch = jnp.broadcast_shapes((), *(turn.shape[:-1] for turn in turns.values()))
    still = jnp.zeros((*batch, 3), jnp.float32)
    names = head.joint_names or ("root",)
    rows = [jnp.broadcast_to(turns.get(name, still), still.shape) for name in names]
    return axis_angle_to_matrix(jnp.stack(rows, axis=-2))


def _turns(parameters: HeadParameters) -> dict[str, Array]:
    """Axis-angle vectors [..., 3] by joint, those that are given."""
    turns: dict[str, Array] = {}
    for field, joints in _JOINT_OF_FIELD.items():
        value = getattr(parameters, field)
        if value is not None:
            value = jnp.asarray(value, jnp.float32)
            turns |= zip(joints, jnp.split(value, len(joints), axis=-1), strict=True)
    return turns


def _skin(
    head: HeadModel, shaped: Array, lids: Array | float, rotations: Array
) -> PosedHead:
    """Poses shaped vertices [..., V, 3] by rotations [..., J, 3, 3]."""
    if head.joint_regressor is None or head.skinning_weights is None:
        vertices = matmul(shaped + lids, jnp.swapaxes(rotations[..., 0, :, :], -1, -2))
        return PosedHead(vertices, jnp.zeros((*vertices.shape[:-2], 0, 3)))
    joints = skinning.regress_joints(head.joint_regressor, shaped)
    bent = shaped + lids
    if head.pose_correctives is not None:
        bent += skinning.pose_displacement(head.pose_correctives, rotations)
    turned, posed = skinning.kinematic_chain(rotations, joints, head.joint_parents)
    vertices = skinning.linear_blend_skinning(
        bent, head.skinning_weights, turned, joints, posed
    )
    return PosedHead(vertices, posed)


def check_parameters(head: HeadModel, parameters: HeadParameters) -> None:
    """Refuses parameters that the head has no use for.

    Raises:
      ValueError: as for ``pose_head``.
    """
    given = {
        field.name: np.shape(getattr(parameters, field.name))
        for field in dataclasses.fields(parameters)
        if getattr(parameters, field.name) is not None
    }
    for name, shape in given.items():
        if not shape:
            raise ValueError(f"{name}: expected numbers [..., n], got a single one")
        if name in _JOINT_OF_FIELD:
            _check_rotations(head, name, shape[-1])
        else:
            _check_coefficients(head, name, shape[-1])
    try:
        jnp.broadcast_shapes(*(shape[:-1] for shape in given.values()))
    except ValueError:
        leading = ", ".join(f"{name} {[*s[:-1]]}" for name, s in given.items())
        raise ValueError(f"leading axes do not broadcast: {leading}") from None


def _check_coefficients(head: HeadModel, name: str, width: int) -> None:
    basis = getattr(head, _BASIS_OF_FIELD[name])
    if basis is None:
        raise ValueError(f"{name}: head {head.name!r} has no such directions")
    if width > basis.shape[-1]:
        raise ValueError(
            f"{name}: expected at most {basis.shape[-1]} numbers for head "
            f"{head.name!r}, got {width}"
        )


def _check_rotations(head: HeadModel, name: str, width: int) -> None:
    joints = _JOINT_OF_FIELD[name]
    if width != 3 * len(joints):
        raise ValueError(f"{name}: expected {3 * len(joints)} numbers, got {width}")
    missing = set(joints) - set(head.joint_names or ("root",))
    if missing:
        raise ValueError(
            f"{name}: head {head.name!r} has no joint {', '.join(sorted(missing))}"
        )
