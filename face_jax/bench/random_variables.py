"""Variables of networks that nobody has trained: what they compute costs the same."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np

from face_jax.types import PyTree

POSITIVE = ("scale", "var")
"""Names of parameters and statistics that are 1; all others of one axis are 0."""


def random_variables(module: nn.Module, *inputs: Any, seed: int = 0) -> dict[str, Any]:
    """Fills a network with numpy, which no initialiser needs to be compiled for.

    Args:
      module: the network.
      *inputs: arrays or shape structs of its ``__call__``.
      seed: of the numbers.

    Returns:
      Its variable dictionary, float32: kernels normal with the deviation
      1 / sqrt(fan in), norms without effect, biases 0.
    """
    shapes = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    return random_tree(shapes, seed)


def random_tree(shapes: PyTree, seed: int = 0) -> Any:
    """A tree of arrays like that of shape structs, filled as ``random_variables`` does."""
    random = np.random.default_rng(seed)

    def numbers(path: Any, leaf: Any) -> np.ndarray:
        if leaf.ndim < 2:
            value = float(path[-1].key in POSITIVE)
            return np.full(leaf.shape, value, np.float32)
        deviation = np.float32(np.prod(leaf.shape[:-1]) ** -0.5)
        return deviation * random.standard_normal(leaf.shape, np.float32)

    return jax.tree_util.tree_map_with_path(numbers, shapes)
