"""Distances between what an encoder of heads sees in pictures."""

import jax.numpy as jnp

from face_jax.types import Array


def parameter_distance(prediction: Array, target: Array) -> Array:
    """Mean absolute difference of parameters [..., P]; [...] in their unit.

    Its mean over frames is ``aed_exp`` for coefficients of expression, and ``apd`` for
    rotations of the head in radians, as LivePortrait (arXiv 2407.03168) takes them from
    SMIRK. Numbers of different encoders cannot be compared.
    """
    return jnp.abs(prediction - target).mean(axis=-1)
