"""What landmarks say of identity and expression: one Gauss-Newton step from an estimate.

Errors of landmarks teach pose at once but single expressions late: whatever moves the
same landmarks trades against each other, and the gradient along such a trade is small.
The step solves for all coefficients together, with what is likely beforehand, and the
encoders learn from its result. It is not part of SMIRK (arXiv 2404.04104) as published;
fitting in the loop of training a regressor is known from SPIN, for bodies.
"""

import dataclasses

import jax
import jax.numpy as jnp

from face_jax.geometry.cameras import project_weak_perspective
from face_jax.geometry.head import HeadModel, HeadParameters, pose_head
from face_jax.geometry.landmarks import landmarks_mediapipe_105, surface_points
from face_jax.geometry.products import einsum
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.smirk.encoder import EncodedFace
from face_jax.types import Array

LANDMARKS = "mediapipe_105"


@dataclasses.dataclass(frozen=True)
class FitPriors:
    """Standard deviations of what is fitted, about where it is expected.

    Attributes:
      landmarks: of the landmarks, the picture is 2 wide.
      shape: of identity coefficients about the teacher's, or about zero.
      expression: of expression coefficients about zero.
      rotation: of the head about the estimate, radians.
      scale: of the camera about the estimate, as a share.
      shift: likewise, metres.
    """

    landmarks: float = 0.003
    shape: float = 1.0
    expression: float = 1.0
    rotation: float = 0.3
    scale: float = 0.3
    shift: float = 0.03


def fit_landmarks(
    head: HeadModel,
    face: EncodedFace,
    landmarks: Array,
    priors: FitPriors,
    identity: Array | None = None,
    bounds: tuple[float, float] | None = None,
) -> HeadParameters:
    """Identity and expression that explain landmarks best, near an estimate.

    Head rotation and camera move along and are then forgotten; jaw and eyelids stay as
    they are estimated. Repeated from its own result the step converges where the
    rotation is right.

    Args:
      head: with landmarks ``mediapipe_105``.
      face: estimates of B faces; no gradient reaches them.
      landmarks: [B, 105, 2], the picture is [-1, 1] wide; x right, y down.
      priors: what is likely beforehand.
      identity: [B, n] expected identity coefficients; None for zero.
      bounds: of expression coefficients; None for none.

    Returns:
      ``shape_params`` [B, n] and ``expression_params`` [B, m], float32.
    """
    face, identity = jax.lax.stop_gradient((face, identity))
    shape, expression = face.head.shape_params, face.head.expression_params
    assert shape is not None and expression is not None
    points = landmarks_mediapipe_105(head, pose_head(head, face.head).vertices)
    moved = _moves(head, face, points, shape.shape[1], expression.shape[1])
    found = project_weak_perspective(points, face.camera)[..., :2]
    expected = jnp.zeros_like(shape) if identity is None else identity
    ahead = [expected - shape, -expression, jnp.zeros((len(shape), 6))]
    deviations = _deviations(priors, face.camera, shape.shape[1], expression.shape[1])
    step = _solve(
        moved / priors.landmarks,
        (landmarks - found).reshape(len(shape), -1) / priors.landmarks,
        jnp.concatenate(ahead, axis=-1),
        deviations,
    )
    ends = (shape.shape[1], shape.shape[1] + expression.shape[1])
    of_shape, of_expression, _ = jnp.split(step, ends, axis=-1)
    expression = expression + of_expression
    if bounds is not None:
        expression = jnp.clip(expression, *bounds)
    return HeadParameters(shape_params=shape + of_shape, expression_params=expression)


def _moves(
    head: HeadModel,
    face: EncodedFace,
    points: Array,
    num_shape: int,
    num_expression: int,
) -> Array:
    """Derivatives of projected landmarks, [B, 210, n + m + 6].

    By identity, expression, a turn of the head about the axes of model space, and the
    camera. Skin is taken to move with the head as a whole.
    """
    rows, still = len(points), jnp.zeros_like(face.camera).at[:, 0].set(1.0)
    pose = face.head.pose_params
    turn = axis_angle_to_matrix(jnp.zeros((rows, 3)) if pose is None else pose)
    bases = (
        head.identity_basis[..., :num_shape],
        head.expression_basis[..., :num_expression],
    )
    basis = jnp.moveaxis(jnp.concatenate(bases, axis=-1), -1, 0)
    basis = surface_points(basis, head.faces, head.landmarks[LANDMARKS])
    turned = einsum("bij,kpj->bkpi", turn, basis)
    # About the mean point: a turn about the origin would also shift far.
    centred = points - points.mean(axis=1, keepdims=True)
    turns = jnp.cross(jnp.eye(3)[None, :, None], centred[:, None])
    shifts = jnp.broadcast_to(jnp.eye(3)[:2, None], (rows, 2, points.shape[1], 3))
    scale = points + jnp.pad(face.camera[:, None, 1:], ((0, 0), (0, 0), (0, 1)))
    in_space = (
        jnp.concatenate([turned, turns, shifts], axis=1)
        * face.camera[:, :1, None, None]
    )
    every = jnp.concatenate([in_space, scale[:, None]], axis=1)
    # Projection is linear in what it is given, but for the shift.
    seen = project_weak_perspective(every, still[:, None])[..., :2]
    return jnp.moveaxis(seen.reshape(rows, every.shape[1], -1), 1, 2)


def _deviations(
    priors: FitPriors, camera: Array, num_shape: int, num_expression: int
) -> Array:
    """Standard deviations of all unknowns, [B, n + m + 6], in the order of ``_moves``."""
    each = [priors.shape] * num_shape + [priors.expression] * num_expression
    each += [priors.rotation] * 3 + [priors.shift] * 2
    fixed = jnp.broadcast_to(jnp.asarray(each), (len(camera), len(each)))
    return jnp.concatenate([fixed, priors.scale * camera[:, :1]], axis=-1)


def _solve(moves: Array, errors: Array, ahead: Array, deviations: Array) -> Array:
    """The most likely step [B, k]: least squares of errors [B, r] with priors [B, k]."""
    # In units of their deviations all unknowns are alike, which float32 needs.
    scaled = moves * deviations[:, None]
    normal = einsum("brk,brl->bkl", scaled, scaled) + jnp.eye(moves.shape[-1])
    right = einsum("brk,br->bk", scaled, errors) + ahead / deviations
    factor = jax.scipy.linalg.cho_factor(normal)
    return deviations * jax.scipy.linalg.cho_solve(factor, right[..., None])[..., 0]
