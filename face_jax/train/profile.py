"""A profile of some iterations, on request: what XProf and Perfetto show."""

import logging
from pathlib import Path

import jax

from face_jax.types import PyTree

log = logging.getLogger("face_jax")


class Profile:
    """Traces a range of iterations into ``<folder>/process_<index>``.

    Args:
      folder: of the profiles of a run.
      first: the iteration before which the trace begins, or None for no trace.
      count: iterations in it.
    """

    def __init__(self, folder: Path, first: int | None, count: int):
        self._folder = folder / f"process_{jax.process_index()}"
        self._first, self._count = first, count
        self._running = False

    def before(self, step: int, state: PyTree) -> None:
        """Begins or ends the trace where this iteration is the one to do so.

        Args:
          step: the iteration that comes next.
          state: arrays of those before, which are waited for.
        """
        if self._first is None:
            return
        if self._running and step >= self._first + self._count:
            jax.block_until_ready(state)
            self.close()
        elif step == self._first:
            jax.block_until_ready(state)
            self._folder.mkdir(parents=True, exist_ok=True)
            jax.profiler.start_trace(str(self._folder))
            self._running = True

    def close(self) -> None:
        """Ends a trace that is running, and writes it."""
        if self._running:
            self._running = False
            jax.profiler.stop_trace()
            log.info("profile written to %s", self._folder)
