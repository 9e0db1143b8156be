"""Groups of patches that touch each other: things before a face cover several at once.

An addition of our own to Latent-OFER, arXiv 2307.11404, which judges every patch by
itself.
"""

import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.patches import check_mask, grid_side
from face_jax.types import Array


def without_small_groups(mask: Array, smallest: int) -> Array:
    """Takes groups of fewer than so many patches out of a mask.

    Patches of one group touch each other, at corners too, or are joined by others of it.

    Args:
      mask: bool [B, L], square grids of patches.
      smallest: number of patches; up to 1 nothing is taken out. Static under ``jit``.

    Returns:
      bool [B, L].

    Raises:
      ValueError: the mask is not boolean or its patches form no square.
    """
    check_mask(mask, mask.shape[0], mask.shape[-1])
    if smallest <= 1:
        return mask
    return mask & (group_sizes(mask) >= smallest)


def group_sizes(mask: Array) -> Array:
    """Number of patches in each patch's group, int32 [B, L]; 0 outside of the mask."""
    patches = mask.shape[1]
    touching = jnp.asarray(_neighbours(grid_side(patches)))
    joined = touching & mask[:, :, None] & mask[:, None, :]
    # Each squaring doubles the length of the paths that are known.
    for _ in range(int(np.ceil(np.log2(patches)))):
        steps = joined.astype(jnp.float32)
        joined = jnp.einsum("bij,bjk->bik", steps, steps) > 0
    return joined.sum(axis=-1, dtype=jnp.int32)


def _neighbours(side: int) -> np.ndarray:
    """bool [L, L], whether patches are the same or touch, of a grid ``side`` wide."""
    rows, columns = np.divmod(np.arange(side * side), side)
    apart = [np.abs(places[:, None] - places) for places in (rows, columns)]
    return np.maximum(*apart) <= 1
