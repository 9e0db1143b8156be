"""How the terms of a loss are put together."""

from collections.abc import Mapping

import jax.numpy as jnp

from face_jax.types import Array


def weighted_sum(terms: Mapping[str, Array], weights: Mapping[str, float]) -> Array:
    """Puts terms together; those without a weight are only reported.

    Args:
      terms: scalars by name.
      weights: by name of the term.

    Returns:
      Scalar float32.

    Raises:
      ValueError: a weight that is not zero has no term.
    """
    missing = {name for name, weight in weights.items() if weight} - set(terms)
    if missing:
        raise ValueError(
            f"weights: expected only {', '.join(sorted(terms))}, got "
            f"{', '.join(sorted(missing))} as well"
        )
    total = jnp.float32(0)
    for name, weight in weights.items():
        total += weight * terms[name] if weight else 0.0
    return total
