"""Trains as several processes of this machine that form one run, and keeps them going.

python launch/local.py --processes 4 -- --config configs/fsrt/vox256.py --workdir runs/vox
    four processes, one GPU each
python launch/local.py --processes 2 --cpu-devices 1 -- \
    --config configs/fsrt/demo.py:smoke --workdir runs/smoke
    two processes on the CPU, to see what a cluster will do

What follows ``--`` are arguments of ``face-jax train``. When one process fails the others
are killed and all are launched again, from the newest checkpoint; likewise when the run
was preempted, which its exit status 75 says; not where the input is wrong (2). SIGTERM and Ctrl-C are passed on, so that all
save the same step; a second one kills. Needs nothing but Python and an installed face_jax.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

DONE, WRONG_INPUT, PREEMPTED = 0, 2, 75
TRAIN = (sys.executable, "-m", "face_jax.cli", "train")
LONGEST_WAIT = 300.0
"""Seconds before a relaunch, at most."""

PATIENCE = 300.0
"""Seconds that the rest may take to leave after the first process has left in order."""


def environments(
    processes: int, cpu_devices: int | None, outer: Mapping[str, str]
) -> list[dict[str, str]]:
    """The variables of each process.

    Args:
      processes: how many form the run.
      cpu_devices: CPU devices of each, or None for one GPU each.
      outer: variables that they inherit.

    Returns:
      Name to value, for each process.
    """
    address = f"127.0.0.1:{_free_port()}"
    shared = {
        **outer,
        "FACE_JAX_CLUSTER": "",
        "JAX_COORDINATOR_ADDRESS": address,
        "JAX_COORDINATOR_BIND_ADDRESS": address,
        "JAX_NUM_PROCESSES": str(processes),
    }
    if cpu_devices:
        shared |= {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(cpu_devices)}
        # XLA's threads: sums over devices block some, with few they lock each other out.
        shared.setdefault("NPROC", "32")
        own = [{"JAX_PROCESS_ID": str(index)} for index in range(processes)]
    else:
        own = [
            {"JAX_PROCESS_ID": str(index), "JAX_LOCAL_DEVICE_IDS": str(index)}
            for index in range(processes)
        ]
    return [{**shared, **variables} for variables in own]


class Launcher:
    """Keeps one run going: starts its processes, watches them, passes signals on.

    Args:
      command: of every process.
      processes: how many form the run.
      cpu_devices: CPU devices of each, or None for one GPU each.
    """

    def __init__(
        self,
        command: Sequence[str],
        processes: int,
        cpu_devices: int | None = None,
    ):
        self.command = list(command)
        self.processes, self.cpu_devices = processes, cpu_devices
        self.asked_to_stop = threading.Event()
        self._running: list[subprocess.Popen] = []
        self._to_send: signal.Signals | None = None
        self._output = threading.Lock()

    def run(self, relaunches: int, wait: float) -> int:
        """Launches until the run is done, a signal came, or too often.

        Args:
          relaunches: how often at most after the first launch.
          wait: seconds before the first relaunch after a failure; doubled at each.

        Returns:
          The exit status of the last launch.
        """
        for left in range(relaunches, -1, -1):
            status = self._launch()
            if status in (DONE, WRONG_INPUT) or self.asked_to_stop.is_set() or not left:
                break
            if status == PREEMPTED:
                _say(f"the run was preempted; launching it again ({left} left)")
                continue
            _say(f"failed with status {status}; again in {wait:g} s ({left} left)")
            if self.asked_to_stop.wait(wait):
                break
            wait = min(2 * wait, LONGEST_WAIT)
        return status

    def stop(self, *_) -> None:
        """Handles a signal: the first one is passed on as SIGTERM, a second one kills."""
        # Only noted here: a signal may come while a process is being started, which
        # nobody could send anything yet.
        self._to_send = (
            signal.SIGKILL if self.asked_to_stop.is_set() else signal.SIGTERM
        )
        self.asked_to_stop.set()

    def _launch(self) -> int:
        variables = environments(self.processes, self.cpu_devices, os.environ)
        self._running = []
        for own in variables:
            if not self.asked_to_stop.is_set():
                self._running.append(self._start(own))
        readers = [
            threading.Thread(target=self._copy, args=(index, process))
            for index, process in enumerate(self._running)
        ]
        for reader in readers:
            reader.start()
        try:
            return self._watch()
        finally:
            self._kill()
            for reader in readers:
                reader.join()

    def _start(self, variables: Mapping[str, str]) -> subprocess.Popen:
        # A session of its own: Ctrl-C reaches it through us alone, and what it has
        # started, such as data workers, can be killed with it.
        return subprocess.Popen(
            self.command,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _watch(self) -> int:
        """Waits for all; returns at once when one has failed, or they do not follow."""
        deadline = None
        while True:
            self._pass_on()
            statuses = [process.poll() for process in self._running]
            ended = [status for status in statuses if status is not None]
            if failed := [s for s in ended if s not in (DONE, PREEMPTED)]:
                return failed[0] if failed[0] > 0 else 128 - failed[0]
            if len(ended) == len(statuses):
                return max(ended, default=PREEMPTED)
            deadline = deadline or (time.monotonic() + PATIENCE if ended else None)
            if deadline and time.monotonic() > deadline:
                _say(f"not all processes have left after {PATIENCE:g} s")
                return 1
            time.sleep(0.1)

    def _pass_on(self) -> None:
        number, self._to_send = self._to_send, None
        if number is not None:
            for process in self._running:
                process.send_signal(number)

    def _kill(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _copy(self, index: int, process: subprocess.Popen) -> None:
        """Writes a process's lines, each as a whole and with its index before it."""
        for line in process.stdout or ():
            with self._output:
                _print(b"[%d] %s\n" % (index, line.rstrip(b"\n")))


def main() -> int:
    """Runs what the command line says; returns the exit status."""
    args = _arguments()
    launcher = Launcher([*TRAIN, *args.train], args.processes, args.cpu_devices)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # What `nohup` or a shell's background has set to be ignored stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, launcher.stop)
    return launcher.run(args.relaunches, args.wait)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        usage="%(prog)s [options] -- ARGUMENTS OF face-jax train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--processes", required=True, type=_positive, metavar="N", help="of the run"
    )
    parser.add_argument(
        "--cpu-devices",
        type=_positive,
        metavar="N",
        help="compute on the CPU, with N devices a process (default: a GPU each)",
    )
    parser.add_argument(
        "--relaunches",
        type=_whole,
        default=3,
        metavar="N",
        help="how often at most after the first launch (default: 3)",
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="before a relaunch after a failure, doubled at each (default: 5)",
    )
    parser.add_argument("train", nargs="+", help=argparse.SUPPRESS)
    return parser.parse_args()


def _positive(text: str) -> int:
    return _at_least(1, text)


def _whole(text: str) -> int:
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    if (number := int(text)) < least:
        raise argparse.ArgumentTypeError(f"expected {least} or more, got {text}")
    return number


def _print(line: bytes) -> None:
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # A terminal that is gone is no reason to leave, or to let the pipes fill.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> None:
    print(f"launch: {message}", file=sys.stderr, flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    raise SystemExit(main())
