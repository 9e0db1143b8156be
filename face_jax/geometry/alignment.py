"""Similarity and rigid transforms of space that bring point sets together."""

import flax.struct
import jax.numpy as jnp

from face_jax.geometry.products import matmul
from face_jax.types import Array


@flax.struct.dataclass
class Alignment:
    """``x -> scale * rotation (x - centre) + target_centre``; leading axes are free.

    Attributes:
      scale: [...] above 0; 1 where it was not to be fitted.
      rotation: [..., 3, 3], never a reflection.
      centre: [..., 3] centroid of the points that are moved.
      target_centre: [..., 3] where ``centre`` goes.
    """

    scale: Array
    rotation: Array
    centre: Array
    target_centre: Array


def align_points(points: Array, targets: Array, *, scaled: bool = True) -> Alignment:
    """The transform that minimises the sum of squared distances to the targets.

    Umeyama, PAMI 1991: the rotation is that of the covariance's singular vectors, with a
    sign that keeps it from being a reflection.

    Args:
      points: [..., P, 3], not all in one place.
      targets: [..., P, 3].
      scaled: whether the scale is fitted too.
    """
    centre, target_centre = points.mean(axis=-2), targets.mean(axis=-2)
    source, goal = points - centre[..., None, :], targets - target_centre[..., None, :]
    left, values, right = jnp.linalg.svd(matmul(jnp.swapaxes(goal, -1, -2), source))
    handedness = jnp.linalg.det(matmul(left, right))
    signs = jnp.ones_like(values).at[..., 2].set(handedness)
    rotation = matmul(left * signs[..., None, :], right)
    scale = (values * signs).sum(-1) / jnp.square(source).sum((-2, -1))
    scale = scale if scaled else jnp.ones_like(scale)
    return Alignment(scale, rotation, centre, target_centre)


def move_points(alignment: Alignment, points: Array) -> Array:
    """Applies a transform to points [..., P, 3]."""
    centred = points - alignment.centre[..., None, :]
    turned = matmul(centred, jnp.swapaxes(alignment.rotation, -1, -2))
    scale = alignment.scale[..., None, None]
    return scale * turned + alignment.target_centre[..., None, :]
