"""Several processes as one run: start-up, agreement, arrays that all of them share."""

import itertools
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding
from orbax.checkpoint import multihost

from face_jax.train.cluster import membership
from face_jax.types import Array, Batch, PyTree

LONGEST_WAIT = 7 * 24 * 3600.0
"""Seconds that a process waits for another one's work."""

_WAITED = itertools.count()
"""Numbers the waits: each needs a name of its own, the same in all processes."""


def initialize(environment: Mapping[str, str] = os.environ) -> None:
    """Joins the other processes of this run, when the environment names them.

    ``face_jax.train.cluster`` says which variables of launchers count; without them this
    is a run of one process and nothing happens. Must be called before the first
    computation.

    Args:
      environment: variables by name.

    Raises:
      ValueError: a variable is missing or wrong, or JAX finds no such cluster.
      RuntimeError: the others cannot be reached.
    """
    if (found := membership(environment)) is None:
        return
    try:
        jax.distributed.initialize(**found)
    except (LookupError, TypeError, AttributeError, ImportError, ValueError) as error:
        # Detection that finds nothing ends in whatever the missing thing raises.
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"cannot join the run as {found}: {reason}") from error


def is_main_process() -> bool:
    """Whether this process writes logs and pictures."""
    return jax.process_index() == 0


def everywhere(flag: bool) -> bool:
    """Whether a flag is set in every process; each must ask, and waits for the others."""
    if jax.process_count() == 1:
        return flag
    return bool(multihost_utils.process_allgather(np.asarray(flag)).all())


def wait_for_all(name: str) -> None:
    """Waits until every process is here, however long one of them works before that.

    The coordinator counts them. A computation on all devices would fail on CPUs, whose
    processes wait half a minute for each other.

    Args:
      name: what is waited for, for messages.
    """
    barrier = multihost.get_barrier_sync_fn()
    barrier(key=f"{name} {next(_WAITED)}", timeout_ms=int(1000 * LONGEST_WAIT))


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


def global_batches(
    open_stream: Callable[[], Iterator[Mapping[str, np.ndarray]]],
    sharding: NamedSharding,
) -> Generator[Batch, None, None]:
    """The batches of a stream as global arrays.

    Args:
      open_stream: gives this process's rows of each batch; called at the first one.
      sharding: how the rows of the global batch are split.

    Yields:
      Global batches. Closing the generator closes the stream.
    """
    stream = open_stream()
    try:
        for batch in stream:
            yield to_global(batch, sharding)
    finally:
        if hasattr(stream, "close"):
            stream.close()


def to_host(tree: PyTree) -> PyTree:
    """Arrays as numpy arrays that every process holds whole.

    Args:
      tree: numpy arrays, or jax arrays that may be split over several processes.

    Returns:
      The tree of copies.
    """

    def whole(leaf: Any) -> np.ndarray:
        if isinstance(leaf, jax.Array) and not leaf.is_fully_addressable:
            return multihost_utils.process_allgather(leaf, tiled=True)
        return np.array(leaf)

    return jax.tree.map(whole, tree)


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
