"""Batches under ``vmap`` and over devices.

Everything here that searches or gathers treats a batch of meshes as one long list. Left
to themselves, ``vmap`` would run the search in step for all mapped meshes, and the
compiler would gather the whole list on every device.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jax.sharding import AxisType, PartitionSpec

from face_jax.nn.split_rows import BATCH_AXES
from face_jax.types import PyTree


def fold_mapped(function: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """Lets ``vmap`` fold its axis into the batch instead of mapping the function.

    Args:
      function: of arrays and results that all have a leading batch axis.

    Returns:
      The same function.
    """
    folding = custom_vmap(function)

    @folding.def_vmap
    def fold(axis_size: int, in_batched: list[PyTree], *args: PyTree):
        def folded(mapped: bool, array: jax.Array) -> jax.Array:
            if not mapped:
                array = jnp.broadcast_to(array, (axis_size, *array.shape))
            return array.reshape(-1, *array.shape[2:])

        result = folding(*jax.tree.map(folded, tuple(in_batched), args))
        unfolded = jax.tree.map(
            lambda array: array.reshape(axis_size, -1, *array.shape[1:]), result
        )
        return unfolded, jax.tree.map(lambda _: True, result)

    return folding


def split_over_devices(
    function: Callable[..., PyTree], *batched: PyTree, shared: Any = ()
) -> PyTree:
    """Calls a function with the rows of each device, where a mesh is set.

    ``jax.set_mesh`` sets it. A batch that the mesh does not divide is left to the
    compiler.

    Args:
      function: of ``*batched, shared``; its results have a leading batch axis.
      *batched: trees of arrays with the same leading batch axis.
      shared: tree of arrays that every device needs whole.

    Returns:
      What the function returns for the whole batch.
    """
    mesh = jax.sharding.get_abstract_mesh()
    axes = tuple(
        name
        for name, kind in zip(mesh.axis_names, mesh.axis_types, strict=True)
        if name in BATCH_AXES and kind != AxisType.Manual
    )
    parts = math.prod(mesh.shape[name] for name in axes)
    rows = jax.tree.leaves(batched)[0].shape[0]
    if parts == 1 or rows % parts:
        return function(*batched, shared)
    whole, split = PartitionSpec(), PartitionSpec(axes)
    in_specs = (*(split for _ in batched), whole)
    # The search's loop carries values that no device shares; nothing is to be checked.
    return jax.shard_map(function, in_specs=in_specs, out_specs=split, check_vma=False)(
        *batched, shared
    )
