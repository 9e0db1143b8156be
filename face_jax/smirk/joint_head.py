"""What SMIRK's encoders (arXiv 2404.04104) see together, beyond what each sees alone.

A broad face is one that is near, or turned less, or smiles: each encoder has to guess
what the others know. It is not part of the published method, whose three encoders share
nothing.
"""

import flax.linen as nn
import jax.numpy as jnp

from face_jax.types import Array

POSE_AND_CAMERA = 6
EYELIDS, JAW = 2, 3
"""Numbers that encoders estimate besides coefficients of identity and expression."""


class JointHead(nn.Module):
    """Corrections of all parameters from what all encoders see; none before training.

    Attributes:
      num_shape: number of identity coefficients.
      num_expression: number of expression coefficients.
      pose_gains: what the corrections of rotation and camera are multiplied by.
      shape_gain: likewise, of identity.
      expression_gain: likewise, of expression, eyelids and jaw.
    """

    num_shape: int
    num_expression: int
    pose_gains: tuple[float, ...] = (1.0,) * POSE_AND_CAMERA
    shape_gain: float = 1.0
    expression_gain: float = 1.0

    @nn.compact
    def __call__(self, seen: Array) -> tuple[Array, Array, Array]:
        """Corrects estimates.

        Args:
          seen: [B, n] float32, places of learned points and the estimates themselves.

        Returns:
          To be added: [B, 6] to rotation (radians) and camera; [B, num_shape]; and
          [B, num_expression + 5] to expression, eyelids and jaw. float32.
        """
        gains = {
            "pose": jnp.asarray(self.pose_gains),
            "shape": jnp.full(self.num_shape, self.shape_gain),
            "expression": jnp.full(
                self.num_expression + EYELIDS + JAW, self.expression_gain
            ),
        }
        zeros = nn.initializers.zeros
        pose, shape, expression = (
            gain * nn.Dense(len(gain), kernel_init=zeros, name=name)(seen)
            for name, gain in gains.items()
        )
        return pose, shape, expression
