"""How much memory a computation needs: as XLA plans it, and as the process grows by it."""

import ctypes
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
SETTLE_SECONDS = 0.1
"""In which XLA's threads let go of the results of an earlier run."""
_RESET_PEAK = "5"
"""Written to ``clear_refs``, it makes the present resident memory the peak. Source:
proc(5)."""


def planned_bytes(program: jax.stages.Compiled) -> int | None:
    """Bytes on one device that XLA plans: arguments, results and what lies between.

    None where the backend does not tell.
    """
    found = program.memory_analysis()
    if found is None:
        return None
    inside = found.argument_size_in_bytes + found.temp_size_in_bytes
    # What results overwrite is counted with the arguments.
    return inside + found.output_size_in_bytes - found.alias_size_in_bytes


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
        return max(_growth(run), _growth(run))
    except OSError:
        return None


def _growth(run: Callable[[], None]) -> int:
    _give_back()
    CLEAR_REFS.write_text(_RESET_PEAK)
    before = _status("VmRSS")
    run()
    return max(0, _status("VmHWM") - before)


def _give_back() -> None:
    """Returns freed memory to the system: reused, it would not count as growth."""
    time.sleep(SETTLE_SECONDS)
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # other C libraries than glibc have none
            trim(0)


def _status(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    if found is None:
        raise OSError(f"{STATUS}: no {field}")
    return int(found.group(1)) * 1024
