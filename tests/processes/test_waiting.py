"""Processes of a run wait for one that has long work to do before the training."""

import subprocess
import sys

import pytest

from tests.processes.command import environment, free_port

LONGER_THAN_A_COLLECTIVE = 35
SCRIPT = f"""
import time
from face_jax.train import distributed
distributed.initialize()
import jax
if jax.process_index() == 0:
    time.sleep({LONGER_THAN_A_COLLECTIVE})
distributed.wait_for_all("data")
assert distributed.everywhere(True)
"""


@pytest.mark.slow
def test_one_may_take_longer_than_a_collective_waits():
    address = f"localhost:{free_port()}"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            env=environment(
                JAX_COORDINATOR_ADDRESS=address,
                JAX_NUM_PROCESSES="2",
                JAX_PROCESS_ID=str(index),
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    errors = [process.communicate(timeout=300)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
