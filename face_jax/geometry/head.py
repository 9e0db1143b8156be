"""Head models: a template mesh, directions that change it, and joints that pose it.

Model space is in metres and right-handed: x to the subject's left, y up, z forward
out of the face. Faces are counter-clockwise seen from outside.
"""

import flax.struct

from face_jax.types import Array

NUM_EYELIDS = 2
"""Columns of ``HeadModel.eyelid_basis``: left, right."""


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
