"""Gradients of one update that must not grow too large."""

import functools

import jax
import jax.numpy as jnp
import optax

from face_jax.types import Array, PyTree


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def limit_gradient(tree: PyTree, largest: float) -> PyTree:
    """The tree itself, whose gradient is scaled down where its norm is too large.

    Unlike the clipping of a run, which holds for every update, this can be one loss's
    alone. Where a batch is accumulated, each part is limited for itself.

    Args:
      tree: of arrays; use what is returned, once.
      largest: global norm of the gradient over all its leaves, above 0.

    Returns:
      The tree.
    """
    return tree


def _forward(tree: PyTree, largest: float) -> tuple[PyTree, None]:
    return tree, None


def _backward(largest: float, _: None, gradient: PyTree) -> tuple[PyTree]:
    norm: Array = optax.tree.norm(gradient)
    scale = jnp.minimum(1.0, largest / jnp.maximum(norm, 1e-12))
    return (jax.tree.map(lambda leaf: leaf * scale, gradient),)


limit_gradient.defvjp(_forward, _backward)
