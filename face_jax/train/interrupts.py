"""Leaving a run in order: Ctrl-C and SIGTERM finish the iteration and save."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """While inside, a first signal is remembered and a second one acts at once.

    Yields:
      A function that says whether a signal came. Outside the main thread, where
      signals cannot be caught, it always says no.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    seen = threading.Event()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def remember(number, frame):
        del frame
        seen.set()
        signal.signal(number, before[number])

    for number in SIGNALS:
        signal.signal(number, remember)
    try:
        yield seen.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
