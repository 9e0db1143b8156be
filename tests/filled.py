"""Variables filled by numpy: compiling an initialiser costs more than most tests."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np

POSITIVE = ("scale", "var", "deviation", "radius")


def fill(module: nn.Module, *inputs: Any, seed: int = 0, **keywords: Any) -> Any:
    """Variables of a module: small random numbers, variances positive.

    Args:
      module: the module.
      *inputs: arrays or shape structs that it is initialised with.
      seed: of the numbers.
      **keywords: of the module's ``init``, for example ``method``.
    """
    keys = jax.eval_shape(lambda: jax.random.key(0))
    shapes = jax.eval_shape(lambda k, *x: module.init(k, *x, **keywords), keys, *inputs)
    return numbers_for(shapes, seed)


def numbers_for(shapes: Any, seed: int = 0) -> Any:
    """A tree of arrays like that of shape structs: what ``fill`` fills in."""
    rng = np.random.default_rng(seed)

    def numbers(path: Any, leaf: Any) -> np.ndarray:
        if path[-1].key in POSITIVE:
            return np.asarray(rng.uniform(0.5, 1.5, leaf.shape), np.float32)
        limit = 1 / np.sqrt(np.prod(leaf.shape[:-1])) if leaf.ndim > 1 else 0.1
        return np.asarray(limit * rng.standard_normal(leaf.shape), np.float32)

    return jax.tree_util.tree_map_with_path(numbers, shapes)
