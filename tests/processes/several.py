"""A training of several local processes, as a launcher starts and ends it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from face_jax.train.checkpoint_meta import read_meta
from tests.processes.command import environment, free_port, membership

REST = 0.02
"""Seconds between two looks."""


class Launch:
    """The processes of a run; whoever is left when the block ends is killed.

    Args:
      workdir: of the run; beside it ``<workdir>.<rank>.txt`` keep what they print, and
        ``<workdir>.<rank>.mark`` what they began.
      *settings: of the config.
      config: which one.
      processes: how many.
      devices: of each.
      cache: folder of compiled programs, or None.
    """

    def __init__(
        self,
        workdir: Path,
        *settings: str,
        config: str,
        processes: int,
        devices: int,
        cache: Path | None = None,
    ):
        address = f"localhost:{free_port()}"
        self._processes: list[subprocess.Popen] = []
        self._marks = [_beside(workdir, rank, "mark") for rank in range(processes)]
        for rank, mark in enumerate(self._marks):
            mark.unlink(missing_ok=True)
            variables = membership(address, processes, rank)
            if cache is not None:
                variables |= _caching(cache)
            with _beside(workdir, rank, "txt").open("a") as output:
                self._processes.append(
                    subprocess.Popen(
                        _command(workdir, mark, config, settings),
                        env=environment(devices, **variables),
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
                )

    def __enter__(self) -> "Launch":
        return self

    def __exit__(self, *_) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def wait_for(
        self, rank: int, moment: str, occurrence: int, delay: float, patience: float
    ) -> bool:
        """Waits until a process has begun something so often, and some seconds more.

        Args:
          rank: of the process.
          moment: what, as it is marked, or ``start``.
          occurrence: how often.
          delay: seconds after that.
          patience: seconds before this gives up.

        Returns:
          Whether it came to that and the process still runs.
        """
        deadline = time.monotonic() + patience
        while moment != "start" and self._begun(rank, moment) < occurrence:
            if time.monotonic() > deadline or self._ended(rank):
                return False
            time.sleep(REST)
        time.sleep(delay)
        return not self._ended(rank)

    def signal(self, rank: int, name: str) -> None:
        """Sends ``KILL`` or ``TERM`` to a process."""
        self._processes[rank].send_signal(getattr(signal, f"SIG{name}"))

    def settle(self, grace: float) -> list[int]:
        """Waits for all; when one has failed, the rest have ``grace`` seconds left."""
        failed_at = None
        while None in (statuses := [p.poll() for p in self._processes]):
            now = time.monotonic()
            # A process that was preempted leaves with the others, a dead one without.
            if failed_at is None and any(s not in (None, 0, 75) for s in statuses):
                failed_at, grace = now, min(grace, 2.0)
            if failed_at is None and any(s is not None for s in statuses):
                failed_at = now
            if failed_at is not None and now - failed_at > grace:
                for process in self._processes:
                    process.kill()
            time.sleep(REST)
        return statuses

    def _begun(self, rank: int, moment: str) -> int:
        mark = self._marks[rank]
        return mark.read_text().split().count(moment) if mark.exists() else 0

    def _ended(self, rank: int) -> bool:
        return self._processes[rank].poll() is not None


def newest_digests(workdir: Path) -> tuple[int, dict[str, int]]:
    """Step and digests of the newest checkpoint; -1 and nothing where there is none."""
    folder = workdir / "checkpoints"
    steps = [int(p.name) for p in folder.glob("*") if p.name.isdigit()]
    if not steps:
        return -1, {}
    meta = read_meta(folder / str(max(steps)))
    return meta["step"], meta["digests"]


def differing_arrays(one: Path, other: Path) -> list[str]:
    """Paths of arrays, optimizers' included, that are not bit-equal in the last state."""
    (step, ours), (last, theirs) = map(newest_digests, (one, other))
    assert step == last >= 0 and set(ours) == set(theirs)
    return [path for path, digest in ours.items() if digest != theirs[path]]


def _beside(workdir: Path, rank: int, suffix: str) -> Path:
    return workdir.with_name(f"{workdir.name}.{rank}.{suffix}")


def _command(workdir: Path, mark: Path, config: str, settings: tuple) -> list[str]:
    command = [sys.executable, "-m", "tests.processes.marked_train", str(mark), "train"]
    command += ["--config", config, "--workdir", str(workdir)]
    for setting in settings:
        command += ["--set", setting]
    return command


def _caching(folder: Path) -> dict[str, str]:
    return {
        "JAX_ENABLE_COMPILATION_CACHE": "true",
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
