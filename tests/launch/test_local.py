"""launch/local.py: what it starts, what it does at failures, and a real run of two."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.launch.stand_ins import LAUNCH, ROOT
from tests.processes.command import SETTINGS, environment, losses

ENTRY = """
import json, os, signal, sys, time
from pathlib import Path

names = ("FACE_JAX_CLUSTER", "JAX_COORDINATOR_ADDRESS", "JAX_COORDINATOR_BIND_ADDRESS")
names += ("JAX_NUM_PROCESSES", "JAX_LOCAL_DEVICE_IDS", "JAX_NUM_CPU_DEVICES")
own = {name: os.environ.get(name) for name in names}
index = int(os.environ["JAX_PROCESS_ID"])
launch = len(list(Path().glob(f"{index}-*"))) + 1
Path(f"{index}-{launch}").write_text(json.dumps([os.getpid(), own, sys.argv[1:]]))
ready = lambda: len(list(Path().glob(f"*-{launch}"))) == int(own["JAX_NUM_PROCESSES"])
while not ready():
    time.sleep(0.01)


def leave_when_asked():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))
    Path(f"waiting{index}").touch()
    time.sleep(600)


"""


@pytest.fixture
def launcher(tmp_path):
    """Starts local.py in a folder whose ``face_jax`` is a script of the test."""

    def start(script: str, *words: str) -> subprocess.Popen:
        package = tmp_path / "face_jax" / "cli"
        package.mkdir(parents=True)
        (package.parent / "__init__.py").touch()
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(ENTRY + script)
        command = [sys.executable, str(LAUNCH / "local.py"), "--processes", "2", *words]
        with nothing_ignored():
            return subprocess.Popen(
                [*command, "--", "--config", "c.py", "--set", "a=b c"],
                cwd=tmp_path,
                env=environment(FACE_JAX_CLUSTER="gcetpu"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

    return start


@contextlib.contextmanager
def nothing_ignored():
    """While inside, a process that is started gets the usual handlers of signals.

    Tests that run in a shell's background or a service have some ignored or blocked, and
    so has a process in which libtpu was loaded, without Python's knowledge; all this is
    inherited.
    """
    numbers = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def launches(folder: Path) -> list[list]:
    """What the processes of each launch have found, in order."""
    count = len(list(folder.glob("0-*")))
    return [
        [json.loads((folder / f"{index}-{launch}").read_text()) for index in range(2)]
        for launch in range(1, count + 1)
    ]


def is_running(number: int) -> bool:
    """Whether a process is there, and not only its status for whoever asks for it."""
    try:
        return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def wait_for(paths) -> None:
    deadline = time.monotonic() + 60
    while not all(path.exists() for path in paths):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_process_gets_its_place_and_its_lines_stay_whole(launcher, tmp_path):
    script = "for n in range(200): print(f'{index}{n} ' * 20, end='\\n', flush=True)"
    process = launcher(script)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    ((first, second),) = launches(tmp_path)
    address = first[1]["JAX_COORDINATOR_ADDRESS"]
    for index, (_, variables, words) in enumerate((first, second)):
        assert variables == {
            "FACE_JAX_CLUSTER": "",
            "JAX_COORDINATOR_ADDRESS": address,
            "JAX_COORDINATOR_BIND_ADDRESS": address,
            "JAX_NUM_PROCESSES": "2",
            "JAX_LOCAL_DEVICE_IDS": str(index),
            "JAX_NUM_CPU_DEVICES": None,
        }
        assert words == ["train", "--config", "c.py", "--set", "a=b c"]
        lines = [f"{index}{n} " * 20 for n in range(200)]
        ours = [line for line in output.splitlines() if line.startswith(f"[{index}] ")]
        assert ours == [f"[{index}] {line}" for line in lines]
    assert len(output.splitlines()) == 400


def test_devices_of_the_cpu(launcher, tmp_path):
    process = launcher("", "--cpu-devices", "3")
    process.communicate(timeout=60)
    ((first, second),) = launches(tmp_path)
    for _, variables, _ in (first, second):
        assert variables["JAX_NUM_CPU_DEVICES"] == "3"
        assert variables["JAX_LOCAL_DEVICE_IDS"] is None


@pytest.mark.parametrize(
    ("failure", "status"),
    [("sys.exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", 137)],
)
def test_one_that_fails_takes_the_rest_along_and_all_come_again(
    failure, status, launcher, tmp_path
):
    script = f"if launch == 1:\n    if index: {failure}\n    time.sleep(600)"
    process = launcher(script, "--wait", "0.1")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f"failed with status {status}; again in 0.1 s (3 left)" in errors
    ((survivor, _), (again, _)) = launches(tmp_path)
    assert not is_running(survivor[0])
    addresses = [found[1]["JAX_COORDINATOR_ADDRESS"] for found in (survivor, again)]
    assert addresses[0] != addresses[1]


def test_failures_are_limited_and_waits_grow(launcher, tmp_path):
    process = launcher("sys.exit(5)", "--wait", "0.1", "--relaunches", "2")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 5
    assert len(launches(tmp_path)) == 3
    assert "again in 0.1 s (2 left)" in errors and "again in 0.2 s (1 left)" in errors


def test_wrong_input_is_wrong_again(launcher, tmp_path):
    process = launcher("sys.exit(2)", "--wait", "600")
    process.communicate(timeout=60)
    assert process.returncode == 2
    assert len(launches(tmp_path)) == 1


def test_a_preempted_run_goes_on_at_once(launcher, tmp_path):
    process = launcher("sys.exit(75 if launch == 1 else 0)", "--wait", "600")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(launches(tmp_path)) == 2
    assert "preempted" in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_passed_on_and_ends_the_run(number, launcher, tmp_path):
    process = launcher("leave_when_asked()")
    wait_for([tmp_path / "waiting0", tmp_path / "waiting1"])
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 75
    assert len(launches(tmp_path)) == 1


def test_a_second_signal_kills(launcher, tmp_path):
    script = """
signal.signal(signal.SIGTERM, lambda *_: Path(f"told{index}").touch())
Path(f"waiting{index}").touch()
while True:
    time.sleep(600)
"""
    process = launcher(script)
    wait_for([tmp_path / "waiting0", tmp_path / "waiting1"])
    process.send_signal(signal.SIGINT)
    wait_for([tmp_path / "told0", tmp_path / "told1"])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGKILL
    ((first, second),) = launches(tmp_path)
    assert not is_running(first[0]) and not is_running(second[0])


def test_a_reader_that_is_gone_does_not_stop_the_run(launcher, tmp_path):
    script = "print('begun', flush=True)\nPath(f'waiting{index}').touch()\n"
    script += "while not Path('go').exists(): time.sleep(0.01)\n"
    script += "print('x' * 1_000_000, flush=True)\nPath(f'ended{index}').touch()"
    process = launcher(script)
    wait_for([tmp_path / "waiting0", tmp_path / "waiting1"])
    process.stdout.close()
    (tmp_path / "go").touch()
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "ended0").exists() and (tmp_path / "ended1").exists()


def test_a_signal_between_launches_ends_it(launcher, tmp_path):
    process = launcher("sys.exit(5)", "--wait", "600")
    assert process.stderr is not None
    assert "again in 600 s" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--processes", "0"), "--processes: expected 1 or more, got 0"),
        (("--cpu-devices", "0"), "--cpu-devices: expected 1 or more, got 0"),
        (("--relaunches", "-1"), "--relaunches: expected 0 or more, got -1"),
    ],
)
def test_errors_say_what_is_expected(words, message, launcher, tmp_path):
    process = launcher("", *words)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and message in errors
    assert not launches(tmp_path)


@pytest.mark.slow
def test_two_processes_train_a_smoke_config(tmp_path):
    """The real thing: two steps, logs, a checkpoint of both."""
    command = [sys.executable, "launch/local.py", "--processes", "2"]
    command += ["--cpu-devices", "1", "--relaunches", "0", "--"]
    command += ["--config", "configs/fsrt/demo.py:smoke", "--workdir", str(tmp_path)]
    for setting in (*SETTINGS, "evals.tail.every=0"):
        command += ["--set", setting]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=450,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert set(losses(tmp_path)) == {1, 2}
    assert (tmp_path / "checkpoints" / "2").is_dir()
    assert "[0] compiling the step" in done.stdout
