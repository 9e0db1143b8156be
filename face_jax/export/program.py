"""What of a model can be exported: functions of named arrays."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jax import export

from face_jax.train.partitioning import slash_path
from face_jax.types import Array, PyTree

LARGEST_BATCH = 4096
"""Rows up to which programs for any number of rows are valid."""

Arrays = Mapping[str, Any]
"""Arrays, or their shapes, by name."""


@dataclasses.dataclass(frozen=True)
class Program:
    """One function of a model.

    Attributes:
      function: of the model's arrays, a tree like ``Exported.weights``, and of inputs by
        name; returns outputs by name.
      inputs: their shapes; the first axis may be a symbol.
      purpose: what it does, one line.
    """

    function: Callable[[PyTree, Arrays], dict[str, Array]]
    inputs: Mapping[str, jax.ShapeDtypeStruct]
    purpose: str


@dataclasses.dataclass(frozen=True)
class Exportable:
    """A model as it is exported.

    Attributes:
      system: such as ``fsrt``.
      weights: tree of the arrays that its programs need.
      programs: by name.
      notes: what a user of the programs has to know, such as the names of classes.
    """

    system: str
    weights: PyTree
    programs: Mapping[str, Program]
    notes: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def rows(*names: str) -> tuple[Any, ...]:
    """Numbers of rows that are not known yet, each 1 to ``LARGEST_BATCH``.

    Args:
      names: a letter for each. Shapes of one program take theirs from one call.
    """
    limits = [f"{name} <= {LARGEST_BATCH}" for name in names]
    return tuple(export.symbolic_shape(", ".join(names), constraints=limits))


def pictures(count: Any, side: int) -> jax.ShapeDtypeStruct:
    """Shape of uint8 RGB pictures [count, side, side, 3]."""
    return jax.ShapeDtypeStruct((count, side, side, 3), np.uint8)


def flat(tree: PyTree) -> dict[str, Any]:
    """The leaves of a tree by their slash paths; ``None`` has no leaf."""
    found, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {slash_path(path): leaf for path, leaf in found}


def like(tree: PyTree, leaves: Mapping[str, Any]) -> PyTree:
    """A tree of the structure of ``tree`` with the leaves that ``flat`` named."""
    paths, structure = jax.tree_util.tree_flatten_with_path(tree)
    return jax.tree.unflatten(
        structure, [leaves[slash_path(path)] for path, _ in paths]
    )
