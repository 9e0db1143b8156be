"""Several processes as one run: start-up, and host batches as global arrays."""

import os
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding

from face_jax.types import Array, PyTree


def initialize() -> None:
    """Joins the other processes of this run, when the environment names them.

    Launchers set ``JAX_COORDINATOR_ADDRESS``, ``JAX_NUM_PROCESSES`` and
    ``JAX_PROCESS_ID``; without them this is a run of one process and nothing happens.
    Must be called before the first computation.

    Raises:
      ValueError: only some of the three variables are set.
    """
    names = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
    found = {name: os.environ.get(name) for name in names}
    if all(value is None for value in found.values()):
        return
    if missing := [name for name, value in found.items() if value is None]:
        raise ValueError(f"multi-process run: environment variables {missing} missing")
    address, count, index = (found[name] for name in names)
    jax.distributed.initialize(address, int(count or 1), int(index or 0))


def is_main_process() -> bool:
    """Whether this process writes logs and pictures."""
    return jax.process_index() == 0


def to_global(
    batch: Mapping[str, np.ndarray], sharding: NamedSharding
) -> dict[str, Array]:
    """This process's rows as part of global arrays.

    Args:
      batch: name to the rows of this process, in the order of the global batch.
      sharding: how the rows of the global batch are split.

    Returns:
      Name to global array; one transfer from host to device.
    """

    def place(rows: Any) -> Array:
        return jax.make_array_from_process_local_data(sharding, np.asarray(rows))

    return {name: place(rows) for name, rows in batch.items()}


def from_host(tree: PyTree, shardings: PyTree) -> PyTree:
    """Host arrays that every process holds whole, as global arrays.

    Args:
      tree: numpy or jax arrays, the same in every process.
      shardings: a sharding for each of them, of devices of any process.

    Returns:
      The tree of global arrays.
    """

    def place(leaf: Any, sharding: jax.sharding.Sharding) -> Array:
        host = np.asarray(leaf)
        return jax.make_array_from_callback(
            host.shape, sharding, lambda index: host[index]
        )

    return jax.tree.map(place, tree, shardings)
