"""``face-jax train`` as processes of their own, as a user or a launcher starts them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np

from face_jax.train.checkpoints import load_variables

LOSS = "generator/loss"
CONFIG = "configs/fsrt/demo.py:smoke"
SETTINGS = (
    "task.schedule.warmup_steps=0",
    "run.log_every=1",
    "run.clip_norm=1.0",
    "task.evaluate_ablations=False",
)


def train_command(
    workdir: Path, *settings: str, config: str = CONFIG, common: tuple = SETTINGS
) -> list[str]:
    command = [sys.executable, "-m", "face_jax.cli", "train", "--config", config]
    command += ["--workdir", str(workdir)]
    for setting in (*common, *settings):
        command += ["--set", setting]
    return command


def environment(devices: int = 1, **changes: str) -> dict[str, str]:
    flags = (
        f"--xla_force_host_platform_device_count={devices} "
        "--xla_backend_optimization_level=0"
    )
    return {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": flags,
        # Initial parameters compile ten times faster than with the default generator.
        "JAX_DEFAULT_PRNG_IMPL": "unsafe_rbg",
        **changes,
    }


def run(
    workdir: Path, *settings: str, devices: int = 1, status: int = 0, **command
) -> None:
    done = subprocess.run(
        train_command(workdir, *settings, **command),
        env=environment(devices),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == status, done.stderr


def run_together(workdir: Path, *settings: str, processes: int, devices: int) -> None:
    """The same command in several processes that form one run."""
    together(train_command(workdir, *settings), processes, devices)


def together(command: list[str], processes: int, devices: int) -> None:
    """A command in several processes that know of each other; all have to succeed."""
    address = f"localhost:{free_port()}"
    running = [
        subprocess.Popen(
            command,
            env=environment(devices, **membership(address, processes, index)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(processes)
    ]
    errors = [process.communicate(timeout=900)[1] for process in running]
    # All of them: where one fails, the others only say that it is gone.
    statuses = [process.returncode for process in running]
    told = "".join(f"\n== process {n}:\n{error}" for n, error in enumerate(errors))
    assert not any(statuses), f"{statuses}{told}"


def membership(address: str, processes: int, index: int) -> dict[str, str]:
    """Environment variables by which a process of a run finds the others."""
    if processes == 1:
        return {}
    return {
        "JAX_COORDINATOR_ADDRESS": address,
        "JAX_NUM_PROCESSES": str(processes),
        "JAX_PROCESS_ID": str(index),
    }


def losses(workdir: Path, term: str = LOSS) -> dict[int, float]:
    """A term of training by step; lines may still be being written."""
    path = workdir / "metrics.jsonl"
    text = path.read_text() if path.exists() else ""
    lines = text.rpartition("\n")[0].splitlines()
    name = f"train/{term}"
    records = map(json.loads, lines)
    return {record["step"]: record[name] for record in records if name in record}


def parameters(workdir: Path, step: int | None = None) -> list[np.ndarray]:
    variables, _ = load_variables(workdir, step)
    return [np.asarray(leaf) for leaf in jax.tree.leaves(variables)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]
