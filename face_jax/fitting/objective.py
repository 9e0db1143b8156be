"""What a fit makes small: the difference of two pictures, seen coarsely and finely."""

import dataclasses

import jax.numpy as jnp

from face_jax.fitting.unknowns import Unknowns
from face_jax.types import Array


@dataclasses.dataclass(frozen=True)
class Objective:
    """Weights of the terms.

    Attributes:
      levels: number of picture sizes, each half of the one before. Coarse ones lead a
        start that is many pixels off; fine ones find the place.
      shape_weight: of the mean square of the identity's coefficients.
      expression_weight: of the mean of the expression's weights.
    """

    levels: int = 5
    shape_weight: float = 2e-5
    expression_weight: float = 2e-5

    def __call__(self, drawn: Array, target: Array, unknowns: Unknowns) -> Array:
        """Loss of B fits.

        Args:
          drawn: [B, H, W, C] the picture of the unknowns.
          target: [B, H, W, C] the picture to explain.
          unknowns: what was drawn.

        Returns:
          [B] float32; each fit's loss is its own.
        """
        prior = self.shape_weight * jnp.mean(unknowns.shape_params**2, axis=-1)
        prior += self.expression_weight * jnp.mean(
            jnp.abs(unknowns.expression_params), axis=-1
        )
        return pyramid_difference(drawn - target, self.levels) + prior


def pyramid_difference(difference: Array, levels: int) -> Array:
    """Mean squared difference at several picture sizes, summed.

    Args:
      difference: [B, H, W, C]; sides divisible by ``2 ** (levels - 1)``.
      levels: at least 1.

    Returns:
      [B].

    Raises:
      ValueError: the sides cannot be halved that often.
    """
    height, width = difference.shape[1:3]
    coarsest = 2 ** (levels - 1)
    if height % coarsest or width % coarsest:
        raise ValueError(
            f"picture: expected sides divisible by {coarsest} for {levels} levels, "
            f"got {height} x {width}"
        )
    total = jnp.mean(difference**2, axis=(1, 2, 3))
    for _ in range(levels - 1):
        difference = _halve(difference)
        total += jnp.mean(difference**2, axis=(1, 2, 3))
    return total


def _halve(picture: Array) -> Array:
    batch, height, width, channels = picture.shape
    shape = (batch, height // 2, 2, width // 2, 2, channels)
    return picture.reshape(shape).mean(axis=(2, 4))
