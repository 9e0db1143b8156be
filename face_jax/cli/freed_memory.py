"""Memory that programs free and want again, kept by the process.

XLA's programs for CPUs ask for the memory of their temporary arrays anew in every call,
hundreds of megabytes in a training step. glibc gives such pieces back to the system when
they are freed, which then has to clear every page again: up to a fifth of the time.
"""

import ctypes
import os
from collections.abc import Mapping

TUNED_BY = ("MALLOC_", "GLIBC_TUNABLES")
"""Beginnings of the environment's variables by which users tune glibc themselves."""

KEPT = {
    "M_ARENA_MAX": (-8, 1),
    "M_MMAP_MAX": (-4, 0),
    "M_TOP_PAD": (-2, 64 << 20),
    "M_TRIM_THRESHOLD": (-1, -1),
}
"""Numbers of glibc's parameters, see mallopt(3), and what they are set to: one heap for
all threads, in which large pieces lie too, which grows by 64 MB and never shrinks."""


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> bool:
    """Lets this process keep what it frees; others that it starts do as they always do.

    Only the time before the first threads is right for it. Where the C library is another
    than glibc, or users tune it by its variables, nothing happens.

    Args:
      environment: the process's variables.

    Returns:
      Whether freed memory is kept from now on.
    """
    if any(name.startswith(TUNED_BY) for name in environment):
        return False
    try:
        set_parameter = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not on Macs, musl or Windows
        return False
    return all(set_parameter(*parameter) == 1 for parameter in KEPT.values())
