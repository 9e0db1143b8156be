"""The clock of a run: where each second went, and when it will end."""

import contextlib
import time
from collections.abc import Iterator


class Clock:
    """Counts seconds by what they were spent on, between two reports.

    Step time excludes compilation, evaluation and saving, so that examples per second
    mean the speed of training itself.
    """

    def __init__(self, now=time.perf_counter):
        self._now = now
        self._spent: dict[str, float] = {}
        self._steps = 0
        self._start = now()

    @contextlib.contextmanager
    def spending(self, what: str) -> Iterator[None]:
        """Books the time inside the block on ``what``."""
        begin = self._now()
        try:
            yield
        finally:
            self._spent[what] = self._spent.get(what, 0.0) + self._now() - begin

    def tick(self) -> None:
        """One iteration is done."""
        self._steps += 1

    def report(self, batch_size: int) -> dict[str, float]:
        """Figures since the last report, which then starts anew.

        Args:
          batch_size: rows of the global batch.

        Returns:
          ``seconds_per_step`` (without compilation and pauses),
          ``examples_per_second``, ``input_wait_fraction`` in [0, 1], and for each
          other activity its seconds as ``<what>_seconds``.
        """
        total = self._now() - self._start
        wait = self._spent.pop("input", 0.0)
        stepping = max(total - sum(self._spent.values()), 1e-9)
        figures = {f"{what}_seconds": spent for what, spent in self._spent.items()}
        if self._steps:
            figures["seconds_per_step"] = stepping / self._steps
            figures["examples_per_second"] = batch_size * self._steps / stepping
            figures["input_wait_fraction"] = wait / stepping
        self._spent, self._steps, self._start = {}, 0, self._now()
        return figures


def format_duration(seconds: float) -> str:
    """Seconds as ``1h02m``, ``3m05s`` or ``12s``."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
