"""How far a fitted head is from the true one."""

import flax.struct
import jax.numpy as jnp

from face_jax.fitting.unknowns import Unknowns
from face_jax.geometry.cameras import project_weak_perspective
from face_jax.geometry.head import HeadModel, pose_head, template_height
from face_jax.geometry.skinning import displacement
from face_jax.metrics.rotations import rotation_angle
from face_jax.types import Array


@flax.struct.dataclass
class FitErrors:
    """Errors of B fits.

    Attributes:
      pose_degrees: [B] angle between the rotations of the two heads.
      vertices: [B] mean distance of their vertices before the camera, as a share of
        the true head's height. A weak-perspective camera cannot tell a large head
        from a near one, nor see depth: both heads are compared in the camera's scale
        and with their mean depths made equal.
      expression: [B] root mean square of the distances between what both expressions
        do to the template, as a share of the template's height. Expressions that
        look alike count as alike, whatever their weights.
    """

    pose_degrees: Array
    vertices: Array
    expression: Array


def fit_errors(head: HeadModel, fitted: Unknowns, truth: Unknowns) -> FitErrors:
    """Compares fits with the truth.

    Args:
      head: the model of both.
      fitted: B fits.
      truth: B true heads.
    """
    found, wanted = (_before_the_camera(head, side) for side in (fitted, truth))
    heights = wanted[..., 1].max(-1) - wanted[..., 1].min(-1)
    distances = jnp.linalg.norm(found - wanted, axis=-1).mean(-1)
    return FitErrors(
        pose_degrees=rotation_angle(fitted.pose_params, truth.pose_params),
        vertices=distances / heights,
        expression=_expression_distance(head, fitted, truth) / template_height(head),
    )


def _expression_distance(head: HeadModel, fitted: Unknowns, truth: Unknowns) -> Array:
    difference = fitted.expression_params - truth.expression_params
    moved = displacement(head.expression_basis, difference)
    return jnp.sqrt(jnp.mean(jnp.sum(moved**2, axis=-1), axis=-1))


def _before_the_camera(head: HeadModel, unknowns: Unknowns) -> Array:
    """Projected vertices [B, V, 3] with a mean depth of 0."""
    vertices = pose_head(head, unknowns.head_parameters()).vertices
    projected = project_weak_perspective(vertices, unknowns.camera)
    return projected.at[..., 2].add(-projected[..., 2].mean(-1, keepdims=True))
