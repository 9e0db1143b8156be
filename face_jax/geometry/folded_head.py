"""All directions of a head in one matrix, and posing by it.

The same as ``pose_head`` but for rounding: identity, expression and pose correctives
move the vertices by one matrix product. The joints at rest come out of it too, since
they depend linearly on identity and expression. Vertices are kept as rows of x, y and z,
so that skinning runs over contiguous numbers.
"""

from typing import Any

import flax.struct
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import (
    HeadModel,
    HeadParameters,
    PosedHead,
    check_parameters,
    joint_rotations,
)
from face_jax.geometry.products import einsum, matmul
from face_jax.geometry.skinning import kinematic_chain
from face_jax.types import Array


@flax.struct.dataclass
class FoldedHead:
    """What moves a head's V vertices and J joints; metres.

    Attributes:
      directions: float32 [K, 3 * (V + J)], of the first identity, then of the first
        expression coefficients, then of the entries of R - I of all joints but the
        root; each has all x, then all y, then all z, the joints behind the vertices.
      rest: float32 [3, V + J], where they are without any.
      eyelids: float32 [2, 3, V] metres per unit; None for a head without.
      weights: float32 [J, V] of the skinning; None for a head without joints.
      num_shape: number of identity coefficients.
      num_expression: number of expression coefficients.
    """

    directions: Array | np.ndarray
    rest: Array | np.ndarray
    eyelids: Array | np.ndarray | None
    weights: Array | np.ndarray | None
    num_shape: int = flax.struct.field(pytree_node=False)
    num_expression: int = flax.struct.field(pytree_node=False)


def fold_head(
    head: HeadModel, num_shape: int | None = None, num_expression: int | None = None
) -> FoldedHead:
    """Multiplies a head's directions out, in float64.

    Args:
      head: the model; it stays as it is.
      num_shape: identity coefficients that are kept; None keeps all.
      num_expression: likewise of the expression.

    Returns:
      The matrix and what goes with it, numpy arrays.
    """
    identity = np.asarray(head.identity_basis, np.float64)[..., :num_shape]
    expression = np.asarray(head.expression_basis, np.float64)[..., :num_expression]
    template = np.asarray(head.template, np.float64)[..., None]
    linear = np.concatenate([identity, expression, template], axis=-1)
    *moved, rest = _with_joints(head, linear)
    joints = rest.shape[1] - len(head.template)
    correctives = _correctives(head, joints)
    directions = np.concatenate([np.array(moved).reshape(-1, rest.size), correctives])
    return FoldedHead(
        directions=directions.astype(np.float32),
        rest=rest.astype(np.float32),
        eyelids=_by_axis(head.eyelid_basis),
        weights=_by_joint(head.skinning_weights) if joints else None,
        num_shape=identity.shape[-1],
        num_expression=expression.shape[-1],
    )


def pose_folded(
    folded: FoldedHead,
    head: HeadModel,
    parameters: HeadParameters,
    *,
    eyelids_before_skinning: bool = False,
) -> PosedHead:
    """What ``pose_head`` finds, from a head's folded directions.

    Args:
      folded: of ``fold_head``.
      head: the head that was folded.
      parameters: as for ``pose_head``; not more coefficients than were kept.
      eyelids_before_skinning: as for ``pose_head``.

    Raises:
      ValueError: as for ``pose_head``.
    """
    check_parameters(head, parameters)
    rotations = joint_rotations(head, parameters)
    surface, joints = _unposed(folded, head, parameters, rotations)
    lids = _lids(folded, parameters)
    before, after = (lids, 0.0) if eyelids_before_skinning else (0.0, lids)
    motions, posed = _motions(folded, head, rotations, joints)
    vertices = jnp.swapaxes(_turned(motions, surface + before) + after, -1, -2)
    posed = jnp.broadcast_to(posed, (*vertices.shape[:-2], *posed.shape[-2:]))
    return PosedHead(vertices, posed)


def _unposed(
    folded: FoldedHead, head: HeadModel, parameters: HeadParameters, rotations: Array
) -> tuple[Array, Array]:
    """Vertices [..., 3, V] with pose correctives and joints [..., J, 3], at rest."""
    given = [
        _widened(name, getattr(parameters, name), count)
        for name, count in (
            ("shape_params", folded.num_shape),
            ("expression_params", folded.num_expression),
        )
    ]
    if head.pose_correctives is not None:
        bent = rotations[..., 1:, :, :] - jnp.eye(3, dtype=rotations.dtype)
        given.append(bent.reshape(*bent.shape[:-3], -1))
    batch = jnp.broadcast_shapes(*(numbers.shape[:-1] for numbers in given))
    rows = [jnp.broadcast_to(x, (*batch, x.shape[-1])) for x in given]
    moved = matmul(jnp.concatenate(rows, axis=-1), folded.directions)
    points = moved.reshape(*batch, *folded.rest.shape) + folded.rest
    count = head.template.shape[0]
    return points[..., :count], jnp.swapaxes(points[..., count:], -1, -2)


def _widened(name: str, given: Array | None, count: int) -> Array:
    """Coefficients [..., count], zero where none are given."""
    if given is None:
        return jnp.zeros((count,))
    given = jnp.asarray(given, jnp.float32)
    if given.shape[-1] > count:
        raise ValueError(
            f"{name}: expected at most {count} numbers, which the folded head keeps, "
            f"got {given.shape[-1]}"
        )
    missing = count - given.shape[-1]
    return jnp.pad(given, [(0, 0)] * (given.ndim - 1) + [(0, missing)])


def _lids(folded: FoldedHead, parameters: HeadParameters) -> Array | float:
    """Displacements [..., 3, V] by the eyelids."""
    if folded.eyelids is None or parameters.eyelid_params is None:
        return 0.0
    closing = jnp.asarray(parameters.eyelid_params, jnp.float32)[..., None, None]
    count = closing.shape[-3]
    return sum(closing[..., lid, :, :] * folded.eyelids[lid] for lid in range(count))


def _motions(
    folded: FoldedHead, head: HeadModel, rotations: Array, joints: Array
) -> tuple[Array, Array]:
    """Each vertex's matrix [..., 3, 4, V or 1], and the posed joints [..., J, 3]."""
    if folded.weights is None:
        still = jnp.zeros((*rotations.shape[:-3], 3, 1))
        matrix = jnp.concatenate([rotations[..., 0, :, :], still], axis=-1)
        return matrix[..., None], joints
    turned, posed = kinematic_chain(rotations, joints, head.joint_parents)
    offsets = posed - einsum("...jab,...jb->...ja", turned, joints)
    motions = jnp.concatenate([turned, offsets[..., None]], axis=-1)
    return einsum("...jab,jv->...abv", motions, folded.weights), posed


def _turned(motions: Array, surface: Array) -> Array:
    """Matrices [..., 3, 4, V or 1] on points [..., 3, V]."""
    x, y, z = (surface[..., None, axis, :] for axis in range(3))
    along = [motions[..., axis, :] for axis in range(4)]
    return along[0] * x + along[1] * y + along[2] * z + along[3]


def _with_joints(head: HeadModel, linear: np.ndarray) -> np.ndarray:
    """Directions [V, 3, K] as [K, 3, V + J], with what they do to the joints."""
    rows = linear.transpose(2, 1, 0)
    if head.joint_regressor is None or head.skinning_weights is None:
        return rows
    regressor = np.asarray(head.joint_regressor, np.float64)
    return np.concatenate([rows, rows @ regressor.T], axis=-1)


def _correctives(head: HeadModel, joints: int) -> np.ndarray:
    """Pose correctives [9 (J - 1), 3 (V + J)], none for a head without."""
    count = len(head.template)
    if head.pose_correctives is None or not joints:
        return np.zeros((0, 3 * (count + joints)))
    rows = np.asarray(head.pose_correctives).reshape(-1, count, 3).transpose(0, 2, 1)
    return np.pad(rows, ((0, 0), (0, 0), (0, joints))).reshape(len(rows), -1)


def _by_axis(basis: Any) -> np.ndarray | None:
    """Directions [V, 3, K] as float32 [K, 3, V]."""
    if basis is None:
        return None
    return np.ascontiguousarray(np.asarray(basis, np.float32).transpose(2, 1, 0))


def _by_joint(weights: Any) -> np.ndarray:
    """Skinning weights [V, J] as float32 [J, V]."""
    return np.ascontiguousarray(np.asarray(weights, np.float32).T)
