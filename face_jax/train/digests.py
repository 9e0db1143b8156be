"""Digests of arrays: computed where they live, equal for every sharding."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.train.partitioning import slash_path
from face_jax.types import Array, PyTree

_UNSIGNED = {1: jnp.uint8, 2: jnp.uint16, 4: jnp.uint32}
_STRIDE = np.uint32(2654435761)  # odd, so every weight below is odd


def digests(tree: PyTree) -> dict[str, int]:
    """Path of each array to a 32-bit digest.

    The digest is a sum of the elements' bits times odd weights of their positions,
    modulo 2**32: integer sums do not depend on their order, so any sharding gives the
    same number, and a single flipped bit always changes it.

    Args:
      tree: arrays of at most 32 bits per element.

    Returns:
      Slash path to digest.
    """
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    values = jax.device_get(_digest_all([leaf for _, leaf in leaves]))
    return {
        slash_path(path): int(value)
        for (path, _), value in zip(leaves, values, strict=True)
    }


def descriptions(tree: PyTree) -> dict[str, str]:
    """Type and shape of each array by its path, as ``float32[3,64]``.

    Args:
      tree: arrays, or what tells their shapes.
    """
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {slash_path(path): _description(leaf) for path, leaf in leaves}


def _description(leaf: Any) -> str:
    shape = ",".join(map(str, np.shape(leaf)))
    return f"{jax.dtypes.result_type(leaf)}[{shape}]"


@jax.jit
def _digest_all(leaves: list[Array]) -> list[Array]:
    return [_digest(leaf) for leaf in leaves]


@jax.jit  # arrays of one shape are traced once
def _digest(leaf: Array) -> Array:
    if leaf.dtype == jnp.bool_:
        leaf = leaf.astype(jnp.uint8)
    bits = jax.lax.bitcast_convert_type(leaf, _UNSIGNED[leaf.dtype.itemsize])
    # Weights per axis keep this local on each shard: no array is ever flattened.
    weight = jnp.uint32(0)
    for axis, size in enumerate(leaf.shape):
        shape = [1] * leaf.ndim
        shape[axis] = size
        step = jnp.arange(size, dtype=jnp.uint32) * (_STRIDE + np.uint32(4 * axis))
        weight = weight + step.reshape(shape)
    return jnp.sum(bits.astype(jnp.uint32) * (2 * weight + 1), dtype=jnp.uint32)
