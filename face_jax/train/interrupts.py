"""Leaving a run in order: Ctrl-C and SIGTERM finish the iteration and save."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Memory:
    """A signal handler that remembers the first signal and lets the second one act."""

    def __init__(self):
        self.seen = threading.Event()
        self.before = {number: signal.getsignal(number) for number in SIGNALS}

    def __call__(self, number, frame) -> None:
        del frame
        self.seen.set()
        signal.signal(number, self.before[number])


@contextlib.contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """While inside, a first signal is remembered and a second one acts at once.

    A block within another one shares its memory: what came inside is known outside.

    Yields:
      A function that says whether a signal came. Outside the main thread, where
      signals cannot be caught, it always says no.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    handlers = map(signal.getsignal, SIGNALS)
    if outer := next((h for h in handlers if isinstance(h, _Memory)), None):
        yield outer.seen.is_set
        return
    memory = _Memory()
    for number in SIGNALS:
        signal.signal(number, memory)
    try:
        yield memory.seen.is_set
    finally:
        for number, handler in memory.before.items():
            signal.signal(number, handler)
