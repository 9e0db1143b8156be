"""Leaving a run in order: Ctrl-C and SIGTERM finish the iteration and save.

In a run of several processes the notice may reach one of them alone. JAX's preemption
service hands it on and finds a question that none of them has asked yet; from that one on
all processes are told to stop, so that they save the same step.
"""

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator

import jax
from jax.experimental import multihost_utils

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


class _Agreement:
    """What the processes of a run answer together; the nth question is the same in all."""

    def __init__(self):
        self._numbers, self._stopping = itertools.count(), False

    def __call__(self) -> bool:
        if not self._stopping:
            number = next(self._numbers)
            self._stopping = multihost_utils.reached_preemption_sync_point(number)
        return self._stopping


_AGREEMENT = _Agreement()


@contextlib.contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """While inside, a first signal is remembered and a second one acts at once.

    A block within another one shares its memory: what came inside is known outside.

    Yields:
      A function that says whether a signal came. In a run of several processes all get
      the same answer, if all ask equally often, and SIGTERM is left to JAX. In a run of
      one, outside the main thread, where signals cannot be caught, it always says no.
    """
    if jax.process_count() > 1:
        with _interrupt_is_a_notice():
            yield _AGREEMENT
        return
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


@contextlib.contextmanager
def leaving_at(number: signal.Signals, status: int) -> Iterator[None]:
    """While inside, a signal ends the process in order, with an exit status of its own.

    Blocks of ``asked_to_stop`` go before. Does nothing in a run of several processes,
    where JAX catches the signal, and outside the main thread.

    Args:
      number: the signal.
      status: the exit status.
    """

    def leave(*_) -> None:
        raise SystemExit(status)

    if jax.process_count() > 1:
        yield
        return
    with _handling(number, leave):
        yield


@contextlib.contextmanager
def _interrupt_is_a_notice() -> Iterator[None]:
    """Ctrl-C as SIGTERM, of which JAX tells the other processes; a second one acts."""
    before = signal.getsignal(signal.SIGINT)

    def hand_on(*_) -> None:
        signal.signal(signal.SIGINT, before)
        os.kill(os.getpid(), signal.SIGTERM)

    with _handling(signal.SIGINT, hand_on):
        yield


@contextlib.contextmanager
def _handling(number: signal.Signals, handler: Callable[..., None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
