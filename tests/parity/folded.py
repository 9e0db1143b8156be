"""Folded networks on golden data: what they find beside what the plain ones find."""

from collections.abc import Callable, Iterator
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from tests.parity.fixture import Check

SHARE = 1e-5
"""Largest difference, as a share of the scale of an array."""


def network_checks(
    network: nn.Module,
    fold: Callable[[Any], Any],
    variables: Any,
    given: tuple[Any, ...],
    plain: Any,
) -> Iterator[Check]:
    """Checks all that a folded network finds.

    Args:
      network: the plain one.
      fold: variables to those of the folded one.
      variables: of the plain one.
      given: its inputs.
      plain: what it found in them.
    """
    found = jax.jit(network.clone(folded=True).apply)(fold(variables), *given)
    yield from checks(found, plain)


def checks(found: Any, plain: Any) -> Iterator[Check]:
    """Checks all arrays of a tree; what is folded away is empty and left out."""
    pairs = zip(
        jax.tree_util.tree_leaves_with_path(found), jax.tree.leaves(plain), strict=True
    )
    for (path, ours), theirs in pairs:
        if ours.size:
            limit = SHARE * np.abs(np.asarray(theirs, np.float64)).max()
            yield Check(f"folded{jax.tree_util.keystr(path)}", ours, theirs, limit)
