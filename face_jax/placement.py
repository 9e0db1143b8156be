"""Where a loaded model lives, and how the rows that it is given are divided."""

import contextlib
import math
from typing import cast

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from face_jax.types import PyTree

Rows = NamedSharding | None
"""How rows are divided over devices, such as ``partitioning.batch_sharding(mesh)``; None
leaves everything to the default device."""


def place_everywhere(tree: PyTree, rows: Rows) -> PyTree:
    """Puts arrays on the default device, or on every device that sees rows.

    Args:
      tree: arrays.
      rows: how rows are divided.
    """
    if rows is None:
        return jax.device_put(tree)
    return jax.device_put(tree, NamedSharding(rows.mesh, PartitionSpec()))


def place_rows(tree: PyTree, rows: Rows) -> PyTree:
    """Divides arrays by their first axis.

    Args:
      tree: arrays [B, ...].
      rows: how; None leaves them as they are.

    Raises:
      ValueError: B is not a multiple of the parts.
    """
    if rows is None:
        return tree
    parts = count_parts(rows)
    for leaf in jax.tree.leaves(tree):
        if leaf.shape[0] % parts:
            raise ValueError(
                f"rows: expected a multiple of {parts}, over which the model's sharding "
                f"divides them, got {leaf.shape[0]}"
            )
    return jax.device_put(tree, rows)


def seeing(rows: Rows) -> contextlib.AbstractContextManager:
    """A context in which the renderer divides its work like the rows.

    It does so over the mesh that is set, by the axes ``data`` and ``fsdp``; one that the
    caller has set stays.

    Args:
      rows: how rows are divided.
    """
    if rows is None or not jax.sharding.get_abstract_mesh().empty:
        return contextlib.nullcontext()
    return jax.set_mesh(cast(Mesh, rows.mesh))


def count_parts(rows: NamedSharding) -> int:
    """Into how many parts the first axis is divided."""
    axes = rows.spec[0] if len(rows.spec) else None
    names = (axes,) if isinstance(axes, str) else axes or ()
    return math.prod(rows.mesh.shape[name] for name in names)
