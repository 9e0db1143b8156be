"""A checkpoint of two processes of four devices, restored by others."""

import sys

import jax
import numpy as np
import pytest

import face_jax
from face_jax.train.checkpoints import load_variables
from tests.processes.command import CONFIG, run_together, together

SPLIT = ("mesh.data=1", "mesh.fsdp=-1", "run.fsdp_min_bytes=0")
LENGTH = ("run.steps=2", "run.save_every=2", "evals.tail.every=0")


def restored(path, workdir, processes, devices):
    program = [sys.executable, "-m", "tests.processes.restored", str(path)]
    together([*program, CONFIG, str(workdir)], processes, devices)
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("written") / "run"
    run_together(workdir, *SPLIT, *LENGTH, processes=2, devices=4)
    return workdir


@pytest.mark.slow
def test_of_two_by_four(written, tmp_path):
    whole = restored(tmp_path / "1x1.npz", written, 1, 1)
    assert whole.pop("split") == 0 and whole["step"] == 2
    for processes, devices in ((1, 8), (4, 1)):
        path = tmp_path / f"{processes}x{devices}.npz"
        found = restored(path, written, processes, devices)
        assert found.pop("split") > 10
        assert set(found) == set(whole)
        for name, array in whole.items():
            np.testing.assert_array_equal(found[name], array, err_msg=name)
    # Parameters alone, and what the library gives to users.
    variables, config = load_variables(written)
    assert config["system"] == "fsrt"
    model = face_jax.load(written)
    for found in (variables, model.variables):
        for network, tree in found.items():
            for place, leaf in jax.tree_util.tree_leaves_with_path(tree["params"]):
                name = "/".join(["params", network, *(key.key for key in place)])
                np.testing.assert_array_equal(leaf, whole[name])
