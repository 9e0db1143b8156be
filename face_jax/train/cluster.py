"""How a process finds the others of its run: what its launcher left in the environment.

Pure functions of the environment's variables; ``distributed.initialize`` acts on them.
"""

import re
from collections.abc import Mapping
from typing import Any

METHOD = "FACE_JAX_CLUSTER"
"""Names a detection method of JAX: ``gcetpu``, ``gketpu``, ``ompi``, ``mpi4py``, ``k8s``."""

COORDINATOR = "JAX_COORDINATOR_ADDRESS"
COUNT = "JAX_NUM_PROCESSES"
INDEX = "JAX_PROCESS_ID"
INDEXED_JOB = "JOB_COMPLETION_INDEX"
"""Kubernetes sets it in the pods of indexed jobs, among them those of a JobSet."""

PORT = "JAX_COORDINATOR_PORT"
LOCAL_DEVICES = "JAX_LOCAL_DEVICE_IDS"

STEP_NODES = "SLURM_STEP_NODELIST"
"""SLURM sets it in the tasks of ``srun`` alone, not in the batch script."""

OMPI_COUNT = "OMPI_COMM_WORLD_SIZE"
OMPI_COORDINATOR = "OMPI_MCA_orte_hnp_uri"
"""Open MPI tells it up to version 4."""

ALONE = {"cluster_detection_method": "deactivate"}
"""Keeps JAX from looking for what is already known."""


def membership(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Who this process is in its run, and where the run's coordinator listens.

    The first that is there counts: a detection method that is named; an address, a count
    and an index; Open MPI; a task of SLURM's ``srun``.

    Args:
      environment: variables by name.

    Returns:
      Arguments of ``jax.distributed.initialize``, or None in a run of one process that
      no launcher started.

    Raises:
      ValueError: a variable is missing or holds something else than is expected.
    """
    if method := environment.get(METHOD):
        return {"cluster_detection_method": method}
    if any(environment.get(name) for name in (COORDINATOR, COUNT, INDEX)):
        return _told(environment)
    if environment.get(OMPI_COUNT, "1") != "1":
        return _open_mpi(environment)
    if environment.get(STEP_NODES):
        return _slurm(environment)
    return None


def _told(environment: Mapping[str, str]) -> dict[str, Any]:
    index = INDEX if environment.get(INDEX) else INDEXED_JOB
    if not environment.get(index):
        raise ValueError(f"multi-process run: set {INDEX} (or {INDEXED_JOB}) too")
    address = _text(environment, COORDINATOR)
    if not re.fullmatch(r".+:\d+", address):
        raise ValueError(f"{COORDINATOR}: expected HOST:PORT, got {address!r}")
    members = _members(environment, COUNT, index)
    return {"coordinator_address": address, **members, **ALONE}


def _open_mpi(environment: Mapping[str, str]) -> dict[str, Any]:
    if OMPI_COORDINATOR not in environment:
        raise ValueError(
            f"mpirun started {environment[OMPI_COUNT]} processes, but Open MPI tells "
            f"their coordinator only up to version 4: set {METHOD}=mpi4py, with the "
            "package mpi4py installed"
        )
    return {"cluster_detection_method": "ompi"}


def _slurm(environment: Mapping[str, str]) -> dict[str, Any]:
    """A task of ``srun``.

    JAX's own detection gives every task one device, also where a task has its node, or
    several devices that SLURM has bound to it, for itself.
    """
    # "rack[1-2]node[007,010-012],login" begins with rack1node007.
    nodes = re.sub(r"\[(\w+)[^\]]*\]", r"\1", _text(environment, STEP_NODES))
    # Jobs on the same node rarely meet: JAX chooses among as many ports.
    job = _number(environment, "SLURM_JOB_ID")
    port = environment.get(PORT) or str(61440 + job % 4096)
    members = _members(environment, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID")
    devices = _slurm_devices(environment, members["num_processes"])
    return {
        "coordinator_address": f"{nodes.split(',')[0]}:{port}",
        **members,
        "local_device_ids": devices,
        **ALONE,
    }


def _slurm_devices(environment: Mapping[str, str], tasks: int) -> list[int] | None:
    """The device of a task that shares its node's devices; None for all it sees."""
    if LOCAL_DEVICES in environment:
        return None
    visible = environment.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if len(visible) < int(environment.get("SLURM_GPUS_ON_NODE") or 0):
        return None
    if tasks == _number(environment, "SLURM_STEP_NUM_NODES"):
        return None
    return [_number(environment, "SLURM_LOCALID")]


def _members(environment: Mapping[str, str], count: str, index: str) -> dict[str, int]:
    processes, own = _number(environment, count), _number(environment, index)
    if own >= processes:
        raise ValueError(
            f"{index}: expected 0 to {count} - 1 = {processes - 1}, got {own}"
        )
    return {"num_processes": processes, "process_id": own}


def _number(environment: Mapping[str, str], name: str) -> int:
    text = _text(environment, name)
    if not re.fullmatch(r"[0-9]+", text):
        raise ValueError(f"{name}: expected a whole number from 0 on, got {text!r}")
    return int(text)


def _text(environment: Mapping[str, str], name: str) -> str:
    if not (text := environment.get(name)):
        raise ValueError(f"multi-process run: the variable {name} is missing")
    return text
