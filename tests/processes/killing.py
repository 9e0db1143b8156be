"""Killing a run without warning, and looking at what it has left."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.processes.command import environment


def kill(command: Sequence[str], ready: Callable[[], bool]) -> None:
    """Starts a run and kills it as soon as what it has written is ``ready``."""
    process = subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and not ready():
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()


def saved_steps(workdir: Path) -> list[int]:
    """Steps of the checkpoints of a run that has begun; none of another."""
    folder = workdir / "checkpoints"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return [int(name) for name in names if name.isdigit()]
