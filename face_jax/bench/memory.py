"""How much memory a computation needs: by how much the process grows meanwhile."""

import contextlib
import ctypes
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
SETTLE_SECONDS = 0.1
"""In which XLA's threads let go of the results of an earlier run."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
_SMALL_BLOCK, _LARGEST_BLOCK = 128 << 10, 32 << 20
"""Parameters of ``mallopt``, and the bounds between which glibc itself moves the first.
Source: mallopt(3)."""
_RESET_PEAK = "5"
"""Written to ``clear_refs``, it makes the present resident memory the peak. Source:
proc(5)."""


def resident_growth(run: Callable[[], None]) -> int | None:
    """Bytes by which the resident memory of the process grows at most during a run.

    Args:
      run: does it, and waits for its end. It is called twice and the larger growth is
        taken: on a busy machine results of an earlier run may go only while it runs, and
        hide what takes their place.

    Returns:
      The bytes, on Linux; None where the system does not tell. What other threads of the
      process allocate meanwhile is in it.
    """
    try:
        with _freed_at_once():
            return max(_growth(run), _growth(run))
    except OSError:
        return None


def _growth(run: Callable[[], None]) -> int:
    time.sleep(SETTLE_SECONDS)
    CLEAR_REFS.write_text(_RESET_PEAK)
    before = _status("VmRSS")
    run()
    return max(0, _status("VmHWM") - before)


@contextlib.contextmanager
def _freed_at_once() -> Iterator[None]:
    """Within it large blocks go back to the system: reused, they would be no growth.

    Afterwards the C library keeps them as it does by itself after a while.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(
        library, "mallopt"
    ):  # of other C libraries than glibc
        yield
        return
    _set_thresholds(library, mapped=_SMALL_BLOCK, trimmed=_SMALL_BLOCK)
    library.malloc_trim(0)
    try:
        yield
    finally:
        _set_thresholds(library, mapped=_LARGEST_BLOCK, trimmed=2 * _LARGEST_BLOCK)


def _set_thresholds(library: ctypes.CDLL, mapped: int, trimmed: int) -> None:
    library.mallopt(_MMAP_THRESHOLD, mapped)
    library.mallopt(_TRIM_THRESHOLD, trimmed)


def _status(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    if found is None:
        raise OSError(f"{STATUS}: no {field}")
    return int(found.group(1)) * 1024
