"""launch/slurm.sbatch, with stand-ins of srun and scontrol."""

import re
import subprocess

import pytest

from tests.launch.stand_ins import LAUNCH, ROOT, assert_joined, joining, real
from tests.launch.stand_ins import stand_ins as stand_ins
from tests.processes.command import SETTINGS, environment, losses

SCRIPT = LAUNCH / "slurm.sbatch"

SETTING = {
    "SLURM_JOB_ID": "4711",
    "SLURM_SUBMIT_DIR": str(ROOT),
    "PYTHONPATH": str(ROOT),
    "RELAUNCH_WAIT": "0",
}

TWO_TASKS = """
command = words[words.index("face-jax"):]
shared = {
    "SLURM_STEP_NODELIST": "localhost",
    "SLURM_STEP_NUM_NODES": "1",
    "SLURM_STEP_NUM_TASKS": "2",
}
tasks = [
    subprocess.Popen(
        command,
        env={**os.environ, **shared, "SLURM_PROCID": str(n), "SLURM_LOCALID": str(n)},
    )
    for n in range(2)
]
sys.exit(max(task.wait() for task in tasks))
"""


def submit(stand_ins, *words, **variables):
    return subprocess.run(
        ["bash", str(SCRIPT), *words],
        cwd=stand_ins.folder,
        env=environment(**{**SETTING, "PATH": stand_ins.path, **variables}),
        capture_output=True,
        text=True,
        timeout=450,
        check=False,
    )


def with_statuses(stand_ins, *statuses):
    """An srun whose tasks end so, one call after the other."""
    stand_ins.answer("statuses", statuses)
    stand_ins.add("srun", "sys.exit(int(following('statuses')))")
    stand_ins.add("scontrol")


def test_what_the_job_asks_for():
    options = re.findall(r"^#SBATCH --(.*)$", SCRIPT.read_text(), re.M)
    assert {"ntasks-per-node=1", "signal=TERM@120", "requeue"} <= set(options)
    # What was written before the job was queued again is kept.
    assert "open-mode=append" in options


def test_the_tasks_are_those_of_one_step(stand_ins):
    with_statuses(stand_ins, 0)
    done = submit(stand_ins, "--config", "c.py", "--set", "a=b c")
    assert done.returncode == 0
    # srun waits for the rest when one has left in order, and kills it in the end.
    options = ["--label", "--kill-on-bad-exit=0", "--wait=120"]
    train = ["face-jax", "train", "--config", "c.py", "--set", "a=b c"]
    assert stand_ins.calls() == [["srun", *options, *train]]


def test_a_preempted_job_is_queued_again_if_it_still_runs(stand_ins):
    with_statuses(stand_ins, 75)
    assert submit(stand_ins).returncode == 0
    assert [call[0] for call in stand_ins.calls()] == ["srun", "scontrol"]
    assert stand_ins.calls("scontrol") == [
        ["scontrol", "requeue", "Incomplete", "4711"]
    ]


def test_a_failure_is_launched_again_within_the_job(stand_ins):
    with_statuses(stand_ins, 1, 134, 0)
    done = submit(stand_ins)
    assert done.returncode == 0
    assert [call[0] for call in stand_ins.calls()] == ["srun"] * 3
    assert "failed with status 134" in done.stderr


def test_failures_are_limited(stand_ins):
    with_statuses(stand_ins, 3)
    assert submit(stand_ins, RELAUNCHES="1").returncode == 3
    assert [call[0] for call in stand_ins.calls()] == ["srun"] * 2


def test_wrong_input_is_wrong_again(stand_ins):
    with_statuses(stand_ins, 2, 0)
    assert submit(stand_ins).returncode == 2
    assert [call[0] for call in stand_ins.calls()] == ["srun"]


def test_outside_the_repository_nothing_starts(stand_ins):
    with_statuses(stand_ins, 0)
    done = submit(stand_ins, SLURM_SUBMIT_DIR="/nowhere")
    assert done.returncode != 0
    assert "/nowhere/launch/env.sh" in done.stderr
    assert not stand_ins.calls()


def test_tasks_of_srun_are_one_run(stand_ins):
    stand_ins.add("srun", TWO_TASKS)
    stand_ins.add("face-jax", joining())
    done = submit(stand_ins, "--config", "c.py", RELAUNCHES="0")
    assert done.returncode == 0, done.stderr
    assert_joined(stand_ins, ["train", "--config", "c.py"])


@pytest.mark.slow
def test_tasks_of_srun_train_a_smoke_config(stand_ins, tmp_path):
    stand_ins.add("srun", TWO_TASKS)
    stand_ins.add("face-jax", real())
    words = ["--config", str(ROOT / "configs/fsrt/demo.py") + ":smoke"]
    words += ["--workdir", str(tmp_path / "run")]
    for setting in SETTINGS:
        words += ["--set", setting]
    done = submit(stand_ins, *words, RELAUNCHES="0")
    assert done.returncode == 0, done.stderr
    assert set(losses(tmp_path / "run")) == {1, 2}
