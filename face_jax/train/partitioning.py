"""Meshes and shardings: the only place that decides where an array lives.

The mesh has three axes, any of them of size 1: ``data`` and ``fsdp`` split the batch,
``fsdp`` also splits large parameters, ``tensor`` splits the matrices that a task's
rules name. Modules carry no sharding metadata: rules are regular expressions over
slash paths, and optimizer moments follow because their paths repeat the parameter's.
"""

import contextlib
import dataclasses
import math
import re
from collections.abc import Iterable, Mapping, Sequence

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from face_jax.types import PyTree

AXES = ("data", "fsdp", "tensor")
BATCH_AXES = ("data", "fsdp")
Rules = Sequence[tuple[str, PartitionSpec]]


def make_mesh(
    data: int = -1,
    fsdp: int = 1,
    tensor: int = 1,
    devices: Sequence[jax.Device] | None = None,
) -> Mesh:
    """The device mesh; one of the sizes may be -1 for "all devices that are left".

    Args:
      data: copies of the model that see different rows of the batch.
      fsdp: devices that share the parameters of one copy and its rows.
      tensor: devices that share single matrices.
      devices: the devices to use, all of this run by default.

    Returns:
      A mesh with the axes ``data``, ``fsdp``, ``tensor``.

    Raises:
      ValueError: the sizes do not multiply to the number of devices.
    """
    devices = jax.devices() if devices is None else devices
    sizes = {"data": data, "fsdp": fsdp, "tensor": tensor}
    fixed = math.prod(size for size in sizes.values() if size != -1)
    free = [name for name, size in sizes.items() if size == -1]
    if len(free) == 1 and fixed and len(devices) % fixed == 0:
        sizes[free[0]] = len(devices) // fixed
    if len(free) > 1 or math.prod(sizes.values()) != len(devices):
        raise ValueError(
            f"mesh (data, fsdp, tensor) = ({data}, {fsdp}, {tensor}) does not use "
            f"exactly the {len(devices)} devices of this run"
        )
    return jax.make_mesh(
        tuple(sizes.values()), AXES, axis_types=(AxisType.Auto,) * 3, devices=devices
    )


def outside_of_meshes() -> contextlib.AbstractContextManager:
    """A block in which no mesh is set, also where one is around it."""
    return jax.set_mesh(Mesh(np.empty((), object), ()))


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """Rows of the batch over the ``data`` and ``fsdp`` axes."""
    return NamedSharding(mesh, PartitionSpec(BATCH_AXES))


def replicated(mesh: Mesh) -> NamedSharding:
    """A whole copy on every device."""
    return NamedSharding(mesh, PartitionSpec())


def check_batch_size(batch_size: int, accumulation: int, mesh: Mesh) -> None:
    """Refuses a batch that the mesh cannot divide.

    Args:
      batch_size: rows of the global batch.
      accumulation: micro-batches of an iteration.
      mesh: the device mesh.

    Raises:
      ValueError: the batch is not a multiple of shards times micro-batches.
    """
    shards = mesh.shape["data"] * mesh.shape["fsdp"]
    if batch_size % (shards * accumulation):
        raise ValueError(
            f"loader.batch_size = {batch_size} is not divisible by mesh data x fsdp = "
            f"{shards} times run.accumulation = {accumulation}"
        )


@dataclasses.dataclass(frozen=True)
class Placement:
    """Shardings of a tree, and what is worth saying about them.

    Attributes:
      shardings: a ``NamedSharding`` for each leaf.
      notes: lines for the start-up log: rules that matched nothing, axes that do
        not divide.
    """

    shardings: PyTree
    notes: tuple[str, ...]


def place(
    tree: PyTree, mesh: Mesh, rules: Rules = (), fsdp_min_bytes: int = 4 << 20
) -> Placement:
    """Decides the sharding of every leaf.

    The first rule whose expression matches the whole path decides; leaves that no rule
    names are split over ``fsdp`` along their largest divisible dimension when they hold
    at least ``fsdp_min_bytes``, and replicated otherwise. The windows of convolutions stay
    whole: of four dimensions only the last two are split, which are channels.

    Args:
      tree: arrays or their shapes.
      mesh: the device mesh.
      rules: ordered (regular expression, spec); a spec may be shorter than the rank.
      fsdp_min_bytes: size from which unnamed tensors are split, bytes.

    Returns:
      The placement.
    """
    matched: set[str] = set()
    notes: list[str] = []

    def decide(key_path, leaf) -> NamedSharding:
        path = slash_path(key_path)
        for pattern, spec in rules:
            if len(spec) <= len(leaf.shape) and re.fullmatch(pattern, path):
                matched.add(pattern)
                fitted = _fit(path, leaf.shape, spec, mesh, notes)
                return NamedSharding(mesh, fitted)
        return NamedSharding(mesh, _largest_over_fsdp(leaf, mesh, fsdp_min_bytes))

    shardings = jax.tree_util.tree_map_with_path(decide, tree)
    unused = [pattern for pattern, _ in rules if pattern not in matched]
    notes += [f"partition rule {pattern!r} matches nothing" for pattern in unused]
    return Placement(shardings, tuple(notes))


def slash_path(key_path: Iterable) -> str:
    """A tree path as ``params/encoder/block_0/kernel``."""
    return "/".join(_name(entry) for entry in key_path)


def _name(entry) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(entry, attribute):
            return str(getattr(entry, attribute))
    return str(entry)


def _fit(
    path: str,
    shape: tuple[int, ...],
    spec: PartitionSpec,
    mesh: Mesh,
    notes: list[str],
) -> PartitionSpec:
    entries = []
    for size, axes in zip(shape, spec, strict=False):
        parts = _parts(axes, mesh.shape)
        if size % parts:
            notes.append(f"{path}: dimension {size} is not divisible by {axes}={parts}")
            axes = None
        entries.append(axes)
    return PartitionSpec(*entries)


def _parts(axes: str | tuple[str, ...] | None, sizes: Mapping[str, int]) -> int:
    names = (axes,) if isinstance(axes, str) else axes or ()
    return math.prod(sizes[name] for name in names)


def _largest_over_fsdp(leaf, mesh: Mesh, min_bytes: int) -> PartitionSpec:
    parts = mesh.shape["fsdp"]
    size = math.prod(leaf.shape) * getattr(leaf.dtype, "itemsize", 0)
    first = len(leaf.shape) - 2 if len(leaf.shape) >= 4 else 0
    divisible = [
        axis for axis, n in enumerate(leaf.shape) if axis >= first and n % parts == 0
    ]
    if parts == 1 or size < min_bytes or not divisible:
        return PartitionSpec()
    largest = max(divisible, key=lambda axis: leaf.shape[axis])
    return PartitionSpec(*(None,) * largest, "fsdp")
