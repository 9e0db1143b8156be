"""What a fit looks for, where it starts, and how far it may go."""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp

from face_jax.geometry.head import HeadModel, HeadParameters, template_height
from face_jax.types import Array


@flax.struct.dataclass
class Unknowns:
    """Everything that a fit changes; B heads are fitted side by side.

    Attributes:
      shape_params: [B, S] identity in standard deviations.
      expression_params: [B, E] expression weights.
      pose_params: [B, 3] axis-angle rotation of the head, radians.
      camera: [B, 3] weak-perspective (s, tx, ty); per metre, metres, metres.
    """

    shape_params: Array
    expression_params: Array
    pose_params: Array
    camera: Array

    def head_parameters(self) -> HeadParameters:
        """The part of it that poses a head."""
        return HeadParameters(
            shape_params=self.shape_params,
            expression_params=self.expression_params,
            pose_params=self.pose_params,
        )


@dataclasses.dataclass(frozen=True)
class Freedom:
    """What may move, and how fast: step sizes of Adam for every field.

    Attributes:
      shape_params: standard deviations per step; 0 keeps the mean head.
      expression_params: weights per step; 0 keeps the expression.
      pose_params: radians per step.
      scale: of the camera, as a share of itself per step.
      translation: of the camera, metres per step.
      expression_range: weights are kept between these; None for heads whose
        directions have no natural limits.
    """

    shape_params: float = 0.05
    expression_params: float = 0.02
    pose_params: float = 0.01
    scale: float = 0.003
    translation: float = 5e-4
    expression_range: tuple[float, float] | None = (0.0, 1.0)

    def pose_and_camera_alone(self) -> "Freedom":
        """The same without identity and expression."""
        return dataclasses.replace(self, shape_params=0.0, expression_params=0.0)

    def rates(self, unknowns: Unknowns) -> Unknowns:
        """Step sizes in the shape of the unknowns."""
        camera = jnp.stack(
            [
                self.scale * unknowns.camera[:, 0],
                jnp.full_like(unknowns.camera[:, 1], self.translation),
                jnp.full_like(unknowns.camera[:, 2], self.translation),
            ],
            axis=-1,
        )
        return Unknowns(
            shape_params=jnp.full_like(unknowns.shape_params, self.shape_params),
            expression_params=jnp.full_like(
                unknowns.expression_params, self.expression_params
            ),
            pose_params=jnp.full_like(unknowns.pose_params, self.pose_params),
            camera=camera,
        )

    def confine(self, unknowns: Unknowns) -> Unknowns:
        """The nearest unknowns that are allowed."""
        if self.expression_range is None:
            return unknowns
        weights = jnp.clip(unknowns.expression_params, *self.expression_range)
        return dataclasses.replace(unknowns, expression_params=weights)


def mean_head(head: HeadModel, pose_params: Array, camera: Array) -> Unknowns:
    """The mean, neutral head in a given pose, as a start.

    Args:
      head: the model; every one of its directions is fitted.
      pose_params: [B, 3] axis-angle, radians.
      camera: [B, 3] weak-perspective.
    """
    batch = pose_params.shape[0]
    return Unknowns(
        shape_params=jnp.zeros((batch, head.identity_basis.shape[-1])),
        expression_params=jnp.zeros((batch, head.expression_basis.shape[-1])),
        pose_params=jnp.asarray(pose_params, jnp.float32),
        camera=jnp.asarray(camera, jnp.float32),
    )


def random_head(head: HeadModel, key: Array, batch: int) -> Unknowns:
    """Random persons with random expressions, facing the camera by and large.

    Identity is standard normal; five directions of the expression have weights in
    [0.2, 0.8] and the others none; turns are up to 20 degrees to the side, 10 up and
    down and to a shoulder.

    Args:
      head: the model.
      key: random key.
      batch: B.
    """
    shape_key, which, weight_key, pose_key, camera_key = jax.random.split(key, 5)
    directions = head.expression_basis.shape[-1]
    order = jax.vmap(lambda k: jax.random.permutation(k, directions))(
        jax.random.split(which, batch)
    )
    weights = jax.random.uniform(
        weight_key, (batch, directions), minval=0.2, maxval=0.8
    )
    limits = jnp.deg2rad(jnp.array([10.0, 20.0, 10.0]))
    turns = jax.random.uniform(pose_key, (batch, 3), minval=-1.0) * limits
    jitter = jax.random.uniform(camera_key, (batch, 3), minval=-1.0)
    scale = (1.7 + 0.1 * jitter[:, :1]) / template_height(head)
    middle = -(head.template.max(0) + head.template.min(0))[:2] / 2
    camera = jnp.concatenate([scale, middle + 0.005 * jitter[:, 1:]], axis=-1)
    return Unknowns(
        shape_params=jax.random.normal(
            shape_key, (batch, head.identity_basis.shape[-1])
        ),
        expression_params=jnp.where(order < 5, weights, 0.0),
        pose_params=turns,
        camera=camera.astype(jnp.float32),
    )
