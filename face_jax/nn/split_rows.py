"""Keeps the rows of a batch divided over devices while matrices are, too."""

import math

import jax
from jax.sharding import AxisType, PartitionSpec

from face_jax.types import Array

BATCH_AXES = ("data", "fsdp")
"""Axes of a mesh that split batches; others see every row."""


def keep_rows_split(x: Array) -> Array:
    """Tells the compiler that each device has the same rows as before.

    Left to itself it may exchange activations where a matrix is split over ``fsdp``
    like the rows: each device then has a part of every row's sums, and all of them are
    added up. With this it gathers the matrix, which is smaller.

    Args:
      x: [B, ...].

    Returns:
      The same array. Nothing happens where no mesh is set (``jax.set_mesh``), in
      ``shard_map``, and where the mesh does not divide B.
    """
    mesh = jax.sharding.get_abstract_mesh()
    axes = tuple(
        name
        for name, kind in zip(mesh.axis_names, mesh.axis_types, strict=True)
        if name in BATCH_AXES and kind == AxisType.Auto
    )
    parts = math.prod(mesh.shape[name] for name in axes)
    if parts == 1 or x.shape[0] % parts:
        return x
    rest = (PartitionSpec.UNCONSTRAINED,) * (x.ndim - 1)
    return jax.lax.with_sharding_constraint(x, PartitionSpec(axes, *rest))
