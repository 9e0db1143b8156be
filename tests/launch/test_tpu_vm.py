"""launch/tpu_vm.sh, with a stand-in of gcloud and its workers."""

import os
import re
import signal
import subprocess
import sys
import tarfile

import pytest

from tests.launch.stand_ins import LAUNCH, ROOT
from tests.launch.stand_ins import stand_ins as stand_ins

SCRIPT = LAUNCH / "tpu_vm.sh"
CLOUD = """
if words[2:4] == ["queued-resources", "list"]:
    print(following("states"), end="")
elif words[2:4] == ["tpu-vm", "describe"]:
    print(2)
elif words[2:4] == ["tpu-vm", "scp"] and words[4].endswith(".tar.gz"):
    (folder / "archive").write_bytes(Path(words[4]).read_bytes())
elif "face-jax train" in words[-2]:
    sys.exit(int(following("statuses")))
elif words[3] == "ssh" and "pip install" in words[-2]:
    sys.exit(int(following("installations")))
"""
"""``words[-2]`` is the command of ``ssh``; the last word is the zone."""


@pytest.fixture
def cloud(stand_ins):
    """States of the slice, and statuses of the training, one look after the other."""

    def prepare(states, statuses=(0,), installations=(0,)):
        stand_ins.answer("states", states)
        stand_ins.answer("statuses", statuses)
        stand_ins.answer("installations", installations)
        stand_ins.add("gcloud", CLOUD)
        return stand_ins

    return prepare


def call(stand_ins, *words, **variables):
    settings = {"NAME": "faces", "ZONE": "z", "TYPE": "v4-32", "RUNTIME": "base"}
    settings |= {"POLL": "0", "RELAUNCH_WAIT": "0", "PATH": stand_ins.path}
    return subprocess.run(
        [str(SCRIPT), *words],
        cwd=ROOT,
        env={**os.environ, **settings, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def steps(stand_ins):
    """What was asked of the cloud, looks at the queue aside."""
    found = []
    for _, _, _, kind, verb, *rest in stand_ins.calls("gcloud"):
        assert rest[-1] == "--zone=z"
        name = verb
        if verb == "ssh":
            name = "run" if "face-jax train" in rest[-2] else "install"
        if (kind, verb) != ("queued-resources", "list"):
            found.append(name)
    return found


def commands(stand_ins, word):
    """The commands of workers in which a word stands."""
    calls = stand_ins.calls("gcloud")
    found = [c[-2].removeprefix("--command=") for c in calls if c[4] == "ssh"]
    return [command for command in found if word in command]


def test_a_slice_is_queued_for_filled_and_used(cloud):
    stand_ins = cloud(["", "", "WAITING_FOR_RESOURCES", "ACTIVE"])
    done = call(stand_ins, "train", "--config", "c.py", SPOT="1", SETUP="mount it")
    assert done.returncode == 0, done.stderr
    assert steps(stand_ins) == ["create", "scp", "install", "run"]
    (create,) = (c for c in stand_ins.calls() if c[4] == "create")
    assert create[3:] == [
        *("queued-resources", "create", "faces", "--node-id=faces"),
        *("--accelerator-type=v4-32", "--runtime-version=base", "--spot", "--zone=z"),
    ]
    (copy,) = (c for c in stand_ins.calls() if c[4] == "scp")
    assert copy[6:] == ["faces:face_jax.tar.gz", "--worker=all", "--zone=z"]
    assert not os.path.exists(copy[5])
    for ssh in (c for c in stand_ins.calls() if c[4] == "ssh"):
        assert ssh[5:7] == ["faces", "--worker=all"]
    (install,) = commands(stand_ins, "pip install")
    assert install.startswith("set -e; mount it;") and "'.[tpu]'" in install
    with tarfile.open(stand_ins.folder / "archive") as archive:
        names = set(archive.getnames())
    assert {"pyproject.toml", "constraints.txt", "face_jax/cli/train.py"} <= names
    assert not any(name.startswith(".git/") for name in names)


def test_without_spot_none_is_asked_for(cloud):
    stand_ins = cloud(["", "", "ACTIVE"])
    call(stand_ins, "train")
    (create,) = (c for c in stand_ins.calls() if c[4] == "create")
    assert "--spot" not in create


def test_a_preempted_slice_is_replaced_and_costs_no_relaunch(cloud):
    states = ["ACTIVE", "SUSPENDED", "SUSPENDED", "SUSPENDED", "", "ACTIVE"]
    stand_ins = cloud(states, [255, 0])
    done = call(stand_ins, "train", RELAUNCHES="0")
    assert done.returncode == 0, done.stderr
    first, again = (
        ["scp", "install", "run"],
        ["delete", "create", "scp", "install", "run"],
    )
    assert steps(stand_ins) == first + again
    (delete,) = (c for c in stand_ins.calls() if c[4] == "delete")
    assert delete[5:] == ["faces", "--force", "--quiet", "--zone=z"]


def test_a_failure_is_launched_again_on_the_same_slice(cloud):
    stand_ins = cloud(["ACTIVE"], [1, 0])
    assert call(stand_ins, "train").returncode == 0
    assert steps(stand_ins) == ["scp", "install", "run", "run"]


def test_failures_are_limited_and_preemptions_are_none(cloud):
    stand_ins = cloud(["ACTIVE"], [75, 75, 1, 3])
    assert call(stand_ins, "train", RELAUNCHES="1").returncode == 3
    assert steps(stand_ins) == ["scp", "install"] + 4 * ["run"]


def test_wrong_input_is_wrong_again(cloud):
    stand_ins = cloud(["ACTIVE"], [2, 0])
    assert call(stand_ins, "train").returncode == 2
    assert steps(stand_ins) == ["scp", "install", "run"]


def test_a_failed_installation_is_repeated_before_the_run(cloud):
    stand_ins = cloud(["ACTIVE"], [0], [1, 0])
    assert call(stand_ins, "train").returncode == 0
    assert steps(stand_ins) == ["scp", "install", "scp", "install", "run"]


def test_what_a_worker_runs(cloud, tmp_path):
    """The command of ``run``, in a home as ``copy`` leaves it, with a forgotten process."""
    stand_ins = cloud(["ACTIVE"])
    call(stand_ins, "run", "--config", "c.py", "--set", "a=(1, 'b c')")
    (command,) = commands(stand_ins, "face-jax train")
    home = tmp_path / "home"
    (home / "face_jax" / "launch").mkdir(parents=True)
    (home / "face_jax" / "launch" / "env.sh").write_text(
        (LAUNCH / "env.sh").read_text()
    )
    told = "print(os.environ['FACE_JAX_CLUSTER'], words)\nsys.exit(75)"
    stand_ins.add("face-jax", told)
    (home / "face_jax" / ".venv").symlink_to(stand_ins.folder)
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (home / "face-jax.pid").write_text(str(left.pid))
    (home / "face-jax.log").write_text("before\n")
    done = subprocess.run(["bash", "-c", command], cwd=home, timeout=60, check=False)
    assert done.returncode == 75
    assert left.wait(timeout=60) == -signal.SIGKILL
    words = ["train", "--config", "c.py", "--set", "a=(1, 'b c')"]
    assert (home / "face-jax.log").read_text() == f"before\ngcetpu {words}\n"
    assert int((home / "face-jax.pid").read_text()) != left.pid


def test_stop_lets_the_training_save(cloud, tmp_path):
    stand_ins = cloud(["ACTIVE"])
    call(stand_ins, "stop")
    (command,) = commands(stand_ins, "kill")
    training = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (tmp_path / "face-jax.pid").write_text(str(training.pid))
    subprocess.run(["bash", "-c", command], cwd=tmp_path, timeout=60, check=True)
    assert training.wait(timeout=60) == -signal.SIGTERM


def test_logs_of_every_worker(cloud, tmp_path):
    stand_ins = cloud(["ACTIVE"])
    assert call(stand_ins, "logs", LOGS=str(tmp_path / "logs")).returncode == 0
    copies = [c[5:] for c in stand_ins.calls() if c[4] == "scp"]
    assert copies == [
        [
            "faces:face-jax.log",
            str(tmp_path / "logs" / "faces" / f"worker{worker}.log"),
            f"--worker={worker}",
            "--zone=z",
        ]
        for worker in range(2)
    ]


@pytest.mark.parametrize(
    ("words", "variables", "message"),
    [
        ((), {}, "expected train, logs, .* got ''"),
        (("fly",), {}, "expected train, logs, .* got 'fly'"),
        (("train",), {"ZONE": ""}, "ZONE: its zone"),
        (("train",), {"TYPE": ""}, "TYPE: its accelerator type"),
    ],
)
def test_errors_say_what_is_expected(words, variables, message, cloud):
    done = call(cloud([""]), *words, **variables)
    assert done.returncode != 0
    assert re.search(message, done.stderr)
