"""Plans of small runs: what the chips of a mesh hold, and what they send.

Those of the published configs are in the README; here the same layers are small.
"""

import dataclasses
import math

import jax
import pytest

from face_jax.train import partitioning, topologies
from face_jax.train import plan as planning
from face_jax.train.collectives import bytes_by_axes, gathered_activations
from face_jax.train.loop import Trainer
from face_jax.train.plan import plan_iteration
from face_jax.train.topologies import topology
from tests.train.chips import needs_compiler
from tests.train.small_attention import WIDTH, AttentionStreams, AttentionTask
from tests.train.toy import ToyStreams, ToyTask

LARGE = 32 << 10
"""Bytes from which a tensor counts as large in these small networks."""


def trainer(chips, path, task=None, streams=None, mesh=(-1, 1, 1), **settings):
    devices = chips.devices
    return Trainer(
        task=task or AttentionTask(),
        streams=streams or AttentionStreams(len(devices)),
        workdir=path,
        config={},
        mesh=partitioning.make_mesh(*mesh, devices=devices),
        steps=10,
        fsdp_min_bytes=LARGE,
        **settings,
    )


@pytest.fixture
def emulated(monkeypatch):
    monkeypatch.setattr(topologies, "has_compiler", lambda: False)
    return topology("v5e:4x2")


def plan_on(name, path, mesh, **settings):
    chips = topology(name)
    return plan_iteration(trainer(chips, path, mesh=mesh, **settings), chips, 0)


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    """One row a chip, and one model over four chips, on ever more of them."""
    path = tmp_path_factory.mktemp("plans")
    names = ("v5e:4x2", "v5e:8x8", "v5e:16x16")
    return [plan_on(name, path, (-1, 4, 1)) for name in names]


def test_emulated_chips_tell_what_they_can(emulated, tmp_path):
    plan = plan_iteration(trainer(emulated, tmp_path, mesh=(2, 4, 1)), emulated, 0)
    assert (plan.fits, plan.memory_bytes, plan.seconds, plan.bound) == (None,) * 4
    assert plan.costs is not None and plan.costs.traffic_bytes is None
    assert plan.costs.flops == pytest.approx(plan.flops / 8, rel=0.1)
    assert plan.mesh == {"data": 2, "fsdp": 4, "tensor": 1} and plan.rows == 8
    # Two moments for each parameter, placed alike, and a count.
    state = plan.state_bytes
    assert state["opt_state"] == 2 * state["params"] + 4
    assert state["frozen"] == state["ema"] == 0
    assert list(tmp_path.iterdir()) == []


def test_phases_are_planned_one_by_one(emulated, tmp_path):
    run = trainer(emulated, tmp_path, ToyTask(hidden=8), ToyStreams())
    plain, critic = (plan_iteration(run, emulated, step) for step in (0, 5))
    assert (plain.phase, critic.phase) == ("plain", "critic")
    assert critic.flops > plain.flops
    assert plain.state_bytes == critic.state_bytes
    # Gradients and what batch norm needs of all rows.
    assert {axes for _, axes in bytes_by_axes(plain.costs.collectives)} == {"data"}


def test_a_batch_that_the_mesh_does_not_divide_is_refused(emulated, tmp_path):
    run = trainer(emulated, tmp_path, streams=AttentionStreams(12))
    with pytest.raises(ValueError, match=r"loader.batch_size = 12 .* data x fsdp = 8"):
        plan_iteration(run, emulated, 0)


@needs_compiler
def test_one_model_on_ever_more_chips(growing):
    """Weak scaling: a chip holds, computes and sends as much on 256 as on 8."""
    few, more, many = growing
    assert [math.prod(plan.mesh.values()) for plan in growing] == [8, 64, 256]
    for plan in (more, many):
        assert plan.state_bytes == few.state_bytes
        assert plan.memory_bytes == pytest.approx(few.memory_bytes, rel=0.1)
        assert plan.costs.flops == pytest.approx(few.costs.flops, rel=0.1)
    # Sums over a ring of n chips send 2 (n - 1) / n of their size: at most twice it.
    over_data, over_fsdp = (
        [
            sum(
                size
                for (_, axes), size in bytes_by_axes(plan.costs.collectives).items()
                if axes in wanted
            )
            for plan in growing
        ]
        for wanted in (("data", "data+fsdp"), ("fsdp",))
    )
    assert over_data[0] > 0 and over_fsdp[0] > 0
    assert over_data[2] < 2.1 * over_data[0]
    assert over_fsdp[2] == pytest.approx(over_fsdp[0], rel=0.05)


@needs_compiler
def test_matrices_are_gathered_and_activations_are_not(growing):
    for plan in growing:
        assert plan.costs.unknown_loops == 0 and plan.whole_moments == ()
        found = plan.costs.collectives
        assert gathered_activations(found, plan.parameter_elements, LARGE) == []
        assert any(one.kind == "all-gather" for one in found)
        # What is summed are gradients: no larger than the largest matrix of all.
        largest = max(plan.parameter_elements)
        for one in found:
            if one.kind in ("all-reduce", "reduce-scatter"):
                assert max(shape.elements for shape in one.results) <= largest, one


@needs_compiler
def test_chips_that_share_a_model_hold_less_of_it(growing, tmp_path):
    alone = plan_on("v5e:4x2", tmp_path, (-1, 1, 1))
    assert alone.fits and growing[0].fits and alone.whole_moments == ()
    for part in ("params", "opt_state"):
        ratio = growing[0].state_bytes[part] / alone.state_bytes[part]
        assert 0.25 <= ratio < 0.35, (part, ratio)
    kinds = {kind for kind, _ in bytes_by_axes(alone.costs.collectives)}
    assert kinds == {"all-reduce"}


@needs_compiler
def test_heads_and_layers_are_shared_over_tensor(growing, tmp_path):
    plan = plan_on("v5e:4x2", tmp_path, (2, 1, 4))
    assert 3 * WIDTH**2 // 4 in plan.parameter_elements
    assert any("tensor" in one.axes for one in plan.costs.collectives)
    # A quarter of four rows is as much work as one row.
    assert plan.costs.flops == pytest.approx(growing[0].costs.flops, rel=0.1)


def test_a_state_that_does_not_fit_needs_no_compiler(emulated, tmp_path):
    chip = dataclasses.replace(emulated.chip, memory_bytes=1 << 20)
    small = dataclasses.replace(emulated, chip=chip)
    plan = plan_iteration(trainer(emulated, tmp_path), small, 0)
    assert plan.fits is False and plan.costs is None
    assert plan.memory_bytes == sum(plan.state_bytes.values()) > 1 << 20


@needs_compiler
def test_what_does_not_fit_is_told_with_what_it_would_need(tmp_path):
    chips = topology("v5e:4x2")
    run = trainer(chips, tmp_path, streams=AttentionStreams(1 << 19))
    plan = plan_iteration(run, chips, 0)
    assert plan.fits is False and plan.costs is None and plan.seconds is None
    assert plan.memory_bytes > 15 * 2**30


@needs_compiler
def test_times_are_those_of_the_stated_peaks(growing):
    plan = growing[0]
    chip = plan.topology.chip
    parts = plan.costs.seconds(chip)
    assert parts["compute"] == plan.costs.flops / 197e12
    assert parts["memory"] == plan.costs.traffic_bytes / 819e9
    assert parts["network"] == plan.costs.network_bytes / 200e9
    assert plan.seconds == parts[plan.bound] == max(parts.values())
    assert plan.utilisation == pytest.approx(plan.flops / plan.seconds / (8 * 197e12))


def test_large_moments_that_stay_whole_are_named(emulated, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "LARGE", LARGE)
    run = trainer(emulated, tmp_path, mesh=(2, 4, 1))
    assert plan_iteration(run, emulated, 0).whole_moments == ()
    whole = ((r".*/mlp/hidden/kernel", jax.P()),)
    monkeypatch.setattr(AttentionTask, "partition_rules", lambda task: whole)
    assert plan_iteration(run, emulated, 0).whole_moments == (
        "decoder/mu/block/mlp/hidden/kernel",
        "decoder/nu/block/mlp/hidden/kernel",
    )
