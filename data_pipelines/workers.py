"""Processes that work beside this one, and end with it."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import SpawnContext
from typing import Any


def spawning() -> SpawnContext:
    """How workers begin, and what they share with this process.

    They start afresh: forks of a process with threads may hang.
    """
    return multiprocessing.get_context("spawn")


@contextmanager
def worker_pool(
    workers: int,
    begin: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Iterator[ProcessPoolExecutor]:
    """Workers, while the block lasts; jobs that have not begun then are dropped.

    Args:
      workers: how many processes, at least 1.
      begin: called first in each of them; a function that can be pickled.
      arguments: its arguments; they may be what ``spawning`` shares.

    Yields:
      The pool.

    Raises:
      ChildProcessError: a worker was killed.
    """
    pool = ProcessPoolExecutor(workers, spawning(), _begin, (begin, arguments))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "a worker process was killed, perhaps for want of memory; the same command "
            "goes on from here, and `face-jax prepare` with --workers 1 needs the least"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    _end_with_parent()
    if begin is not None:
        begin(*arguments)


def _end_with_parent() -> None:
    """Ends a worker whose parent was killed; by itself it would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
