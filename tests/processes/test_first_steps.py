"""However many processes: the same batches, losses and gradients."""

import sys

import numpy as np
import pytest

from tests.processes.command import together

ONE_UPDATE = (
    "configs/fsrt/demo.py:smoke",
    "configs/latent_ofer/synthetic64.py:smoke#expression",
)
SEVERAL_UPDATES = (
    *ONE_UPDATE,
    "configs/smirk/synthetic80.py:smoke#encoders",
    "configs/smirk/synthetic80.py:smoke#paths@1",
    "configs/latent_ofer/synthetic64.py:smoke#autoencoder",
)


def first_steps(path, cases, processes, devices):
    program = [sys.executable, "-m", "tests.processes.first_steps", str(path)]
    together([*program, *cases], processes, devices)
    with np.load(path) as arrays:
        return dict(arrays)


def check(found, reference, cases):
    assert set(found) == set(reference)
    largest = dict.fromkeys(cases, 0.0)
    for name, theirs in reference.items():
        case, _, what = name.partition("|")
        if what.startswith("gradient"):
            largest[case] = max(largest[case], np.linalg.norm(theirs))
    assert min(largest.values()) > 0
    for name, theirs in reference.items():
        case, _, what = name.partition("|")
        if what.startswith("batch"):
            np.testing.assert_array_equal(found[name], theirs, err_msg=name)
            continue
        # Of tensors whose gradient is nought by design, as a bias before a batch norm's,
        # only rounding is left: they are measured by the others' size.
        norm = np.linalg.norm(theirs)
        norm = max(norm, 1e-3 * largest[case]) if what.startswith("gradient") else norm
        apart = np.linalg.norm(found[name] - theirs) / norm
        assert apart <= 1e-4, f"{name}: {apart:.1e}"


def test_two_processes(tmp_path):
    alone = first_steps(tmp_path / "1.npz", ONE_UPDATE, processes=1, devices=4)
    found = first_steps(tmp_path / "2.npz", ONE_UPDATE, processes=2, devices=2)
    check(found, alone, ONE_UPDATE)


@pytest.mark.slow
def test_two_and_four_processes_with_every_update(tmp_path):
    """Those of two paths too, where one network's updates come after another's."""
    cases = SEVERAL_UPDATES
    alone = first_steps(tmp_path / "1.npz", cases, processes=1, devices=8)
    for processes, devices in ((2, 4), (4, 2)):
        path = tmp_path / f"{processes}.npz"
        check(first_steps(path, cases, processes, devices), alone, cases)
