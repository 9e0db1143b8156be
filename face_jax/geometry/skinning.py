"""Linear directions, joints and linear blend skinning of meshes.

Leading axes are free and broadcast; everything is float32 in model space, metres.
"""

from collections.abc import Sequence

import jax.numpy as jnp

from face_jax.geometry.products import einsum, matmul
from face_jax.types import Array


def displacement(basis: Array, coefficients: Array) -> Array:
    """Sum of directions times coefficients.

    Args:
      basis: [V, 3, N] metres per unit.
      coefficients: [..., n] with n <= N, of the first n directions.

    Returns:
      [..., V, 3] metres.
    """
    used = basis[..., : coefficients.shape[-1]]
    return einsum("vcn,...n->...vc", used, coefficients)


def regress_joints(regressor: Array, vertices: Array) -> Array:
    """Joints of unposed vertices.

    Args:
      regressor: [J, V], rows sum to 1.
      vertices: [..., V, 3].

    Returns:
      [..., J, 3].
    """
    return einsum("jv,...vc->...jc", regressor, vertices)


def pose_displacement(pose_correctives: Array, rotations: Array) -> Array:
    """Corrections of the surface for the rotations of all joints but the root.

    Args:
      pose_correctives: [(J - 1) * 9, V * 3] metres per unit of R - I, whose entries
        are counted by joint, row and column.
      rotations: [..., J, 3, 3].

    Returns:
      [..., V, 3] metres.
    """
    bent = rotations[..., 1:, :, :] - jnp.eye(3, dtype=rotations.dtype)
    bent = bent.reshape(*bent.shape[:-3], -1)
    moved = matmul(bent, pose_correctives)
    return moved.reshape(*moved.shape[:-1], -1, 3)


def kinematic_chain(
    rotations: Array, joints: Array, parents: Sequence[int]
) -> tuple[Array, Array]:
    """Poses joints one after the other, each in the frame of its parent.

    Args:
      rotations: [..., J, 3, 3] of every joint relative to its parent.
      joints: [..., J, 3] at rest.
      parents: row of every joint's parent, smaller than its own; -1 for the root,
        which stays where it is.

    Leading axes broadcast against each other.

    Returns:
      Rotations [..., J, 3, 3] in model space and posed joints [..., J, 3].
    """
    batch = jnp.broadcast_shapes(rotations.shape[:-3], joints.shape[:-2])
    rotations = jnp.broadcast_to(rotations, (*batch, *rotations.shape[-3:]))
    joints = jnp.broadcast_to(joints, (*batch, *joints.shape[-2:]))
    turned, posed = [rotations[..., 0, :, :]], [joints[..., 0, :]]
    for joint, parent in list(enumerate(parents))[1:]:
        bone = joints[..., joint, :] - joints[..., parent, :]
        posed.append(posed[parent] + _apply(turned[parent], bone))
        rotation = rotations[..., joint, :, :]
        turned.append(matmul(turned[parent], rotation))
    return jnp.stack(turned, axis=-3), jnp.stack(posed, axis=-2)


def linear_blend_skinning(
    vertices: Array, weights: Array, rotations: Array, joints: Array, posed: Array
) -> Array:
    """Moves every vertex by the weighted mean of its joints' motions.

    Args:
      vertices: [..., V, 3] at rest.
      weights: [V, J], rows sum to 1.
      rotations: [..., J, 3, 3] in model space.
      joints: [..., J, 3] at rest.
      posed: [..., J, 3] where the joints go.

    Leading axes broadcast against each other.

    Returns:
      [..., V, 3].
    """
    offsets = posed - _apply(rotations, joints)
    rotations = jnp.broadcast_to(rotations, (*offsets.shape, 3))
    motions = jnp.concatenate([rotations, offsets[..., None]], axis=-1)
    blended = einsum("vj,...jab->...vab", weights, motions)
    return _apply(blended[..., :3], vertices) + blended[..., 3]


def _apply(matrices: Array, vectors: Array) -> Array:
    """Matrices [..., 3, 3] times vectors [..., 3]."""
    return einsum("...ab,...b->...a", matrices, vectors)
