"""Coordinator, count and index of a process, from what launchers leave behind."""

import os
import re
from unittest import mock

import jax
import pytest
from jax._src import xla_bridge
from jax._src.clusters import OmpiCluster, SlurmCluster

from face_jax.train import distributed
from face_jax.train.cluster import membership

TOLD = {
    "JAX_COORDINATOR_ADDRESS": "worker-0.faces:8476",
    "JAX_NUM_PROCESSES": "4",
    "JAX_PROCESS_ID": "3",
}
TASK = {
    "SLURM_JOB_ID": "12345",
    "SLURM_STEP_NODELIST": "node[007,010-012],login",
    "SLURM_STEP_NUM_NODES": "5",
    "SLURM_STEP_NUM_TASKS": "5",
    "SLURM_PROCID": "2",
    "SLURM_LOCALID": "0",
}
SHARED = {**TASK, "SLURM_STEP_NUM_TASKS": "20", "SLURM_LOCALID": "3"}
MPI = {
    "OMPI_MCA_orte_hnp_uri": "1531576320.0;tcp://10.96.0.1,10.148.0.1:34911",
    "OMPI_COMM_WORLD_SIZE": "8",
    "OMPI_COMM_WORLD_RANK": "5",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
}


def without(environment, *names):
    return {name: text for name, text in environment.items() if name not in names}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_NODELIST": "node1"},
        {"OMPI_COMM_WORLD_SIZE": "1"},
        {"JOB_COMPLETION_INDEX": "3"},
        {"JAX_COORDINATOR_ADDRESS": ""},
    ],
    ids=["nothing", "batch script", "one rank", "job of many runs", "emptied"],
)
def test_alone(environment):
    assert membership(environment) is None


def test_what_a_launcher_says_counts_before_what_it_runs_in():
    for others in ({}, TASK, MPI):
        assert membership({**others, **TOLD}) == {
            "coordinator_address": "worker-0.faces:8476",
            "num_processes": 4,
            "process_id": 3,
            "cluster_detection_method": "deactivate",
        }


def test_pods_of_an_indexed_job_know_their_index():
    pod = {**without(TOLD, "JAX_PROCESS_ID"), "JOB_COMPLETION_INDEX": "1"}
    assert membership(pod)["process_id"] == 1
    assert membership({**pod, **TOLD})["process_id"] == 3


def test_a_method_that_is_named_is_left_to_jax():
    named = {"FACE_JAX_CLUSTER": "gcetpu", **TASK}
    assert membership(named) == {"cluster_detection_method": "gcetpu"}


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("node001", "node001"),
        ("node001,host2", "node001"),
        ("node[001-015],host2", "node001"),
        ("node[001,007-015],host2", "node001"),
    ],
)
def test_a_task_of_slurm_finds_the_coordinator_as_jax_does(nodes, first):
    task = {**TASK, "SLURM_STEP_NODELIST": nodes, "SLURM_NTASKS": "5"}
    found = membership(task)
    with mock.patch.dict(os.environ, task, clear=True):
        assert SlurmCluster.is_env_present()
        theirs = SlurmCluster.get_coordinator_address(None, None)
        assert found["num_processes"] == SlurmCluster.get_process_count() == 5
        assert found["process_id"] == SlurmCluster.get_process_id() == 2
    assert found["coordinator_address"] == theirs
    assert theirs.startswith(f"{first}:")
    other = membership({**task, "JAX_COORDINATOR_PORT": "4444"})
    assert other["coordinator_address"] == f"{first}:4444"


@pytest.mark.parametrize(
    ("nodes", "first"), [("rack[1-2]node[03-04]", "rack1node03"), ("gpu[3]", "gpu3")]
)
def test_lists_of_nodes_beyond_those(nodes, first):
    found = membership({**TASK, "SLURM_STEP_NODELIST": nodes})
    assert found["coordinator_address"].startswith(f"{first}:")


@pytest.mark.parametrize(
    ("environment", "devices"),
    [
        ({**TASK, "CUDA_VISIBLE_DEVICES": "0,1", "SLURM_GPUS_ON_NODE": "2"}, None),
        ({**SHARED, "CUDA_VISIBLE_DEVICES": "0,1", "SLURM_GPUS_ON_NODE": "2"}, [3]),
        (SHARED, [3]),
        ({**SHARED, "CUDA_VISIBLE_DEVICES": "3", "SLURM_GPUS_ON_NODE": "4"}, None),
        ({**SHARED, "CUDA_VISIBLE_DEVICES": "6,7", "SLURM_GPUS_ON_NODE": "8"}, None),
        ({**SHARED, "JAX_LOCAL_DEVICE_IDS": "1"}, None),
    ],
    ids=["own node", "shared", "unknown", "one bound", "two bound", "said"],
)
def test_devices_of_a_task_of_slurm(environment, devices):
    assert membership(environment)["local_device_ids"] == devices


def test_open_mpi_is_left_to_jax():
    (method,) = membership(MPI).values()
    assert method == OmpiCluster.name
    with mock.patch.dict(os.environ, MPI, clear=True):
        assert OmpiCluster.is_env_present()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            without(TOLD, "JAX_COORDINATOR_ADDRESS"),
            "JAX_COORDINATOR_ADDRESS is missing",
        ),
        (without(TOLD, "JAX_NUM_PROCESSES"), "JAX_NUM_PROCESSES is missing"),
        (without(TOLD, "JAX_PROCESS_ID"), "JAX_PROCESS_ID (or JOB_COMPLETION_INDEX)"),
        (
            {**TOLD, "JAX_COORDINATOR_ADDRESS": "worker-0"},
            "JAX_COORDINATOR_ADDRESS: expected HOST:PORT, got 'worker-0'",
        ),
        (
            {**TOLD, "JAX_NUM_PROCESSES": "two"},
            "JAX_NUM_PROCESSES: expected a whole number from 0 on, got 'two'",
        ),
        (
            {**TOLD, "JAX_PROCESS_ID": "4"},
            "JAX_PROCESS_ID: expected 0 to JAX_NUM_PROCESSES - 1 = 3, got 4",
        ),
        (
            {**without(TOLD, "JAX_PROCESS_ID"), "JOB_COMPLETION_INDEX": "7"},
            "JOB_COMPLETION_INDEX: expected 0 to JAX_NUM_PROCESSES - 1 = 3, got 7",
        ),
        (without(TASK, "SLURM_PROCID"), "SLURM_PROCID is missing"),
        ({**TASK, "SLURM_JOB_ID": "-1"}, "SLURM_JOB_ID: expected a whole number"),
        (without(MPI, "OMPI_MCA_orte_hnp_uri"), "FACE_JAX_CLUSTER=mpi4py"),
    ],
)
def test_errors_name_the_variable(environment, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        membership(environment)


def test_initialize_joins_with_what_was_found(monkeypatch):
    joined = []
    monkeypatch.setattr(jax.distributed, "initialize", lambda **a: joined.append(a))
    distributed.initialize({})
    assert not joined
    distributed.initialize(TOLD)
    assert joined == [membership(TOLD)]


@pytest.mark.parametrize("method", ["slurm", "nowhere"])
def test_a_cluster_that_jax_does_not_find_is_no_run_of_one(method, monkeypatch):
    monkeypatch.setattr(xla_bridge, "backends_are_initialized", lambda: False)
    for name in (*TOLD, *TASK):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=f"cannot join the run as .*{method}"):
        distributed.initialize({"FACE_JAX_CLUSTER": method})
