import platform
import subprocess
import sys

import pytest

from face_jax.cli import freed_memory
from face_jax.cli.freed_memory import keep_freed_memory

FAULTS = """
import ctypes, resource, sys, threading
from face_jax.cli.freed_memory import keep_freed_memory

kept = keep_freed_memory({}) if sys.argv[1] == "kept" else False
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
size, faults = 100 << 20, []

def fill():
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        piece = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
        libc.memset(piece, 1, ctypes.c_size_t(size))
        libc.free(piece)
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

thread = threading.Thread(target=fill)  # as XLA's threads do
thread.start(); thread.join()
print(kept, *faults)
"""
ON_GLIBC = platform.libc_ver()[0] == "glibc"


def page_faults(how):
    """Whether memory is kept, and pages that each of four rounds had to be given."""
    run = subprocess.run(
        [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
    )
    kept, *faults = run.stdout.split()
    return kept == "True", [int(count) for count in faults]


@pytest.mark.skipif(not ON_GLIBC, reason="the parameters are those of glibc")
def test_freed_memory_is_used_again_without_new_pages():
    kept, faults = page_faults("kept")
    _, as_always = page_faults("as always")
    assert kept
    assert faults[0] > 10  # of 4 KB, or where the system gives larger ones, of 2 MB
    assert max(faults[1:]) < min(as_always[1:]) / 10


def test_other_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: object())
    assert keep_freed_memory({}) is False


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"])
def test_users_settings_go_first(name):
    assert keep_freed_memory({name: "1"}) is False
