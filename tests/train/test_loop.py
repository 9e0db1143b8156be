"""The loop with a system that it has never heard of."""

import json
import logging
import signal

import jax
import numpy as np
import pytest

from face_jax.train.checkpoints import newest_step
from face_jax.train.failures import NonFiniteError
from face_jax.train.loop import Trainer
from face_jax.train.partitioning import batch_sharding, make_mesh
from tests.train.toy import ToyStreams, ToyTask, toy_batch


def trainer(workdir, task=None, steps=12, mesh=None, **options) -> Trainer:
    return Trainer(
        task=task or ToyTask(),
        streams=options.pop("streams", ToyStreams()),
        workdir=workdir,
        config={"system": "toy", "task": {"networks": {"hidden": 32}}},
        mesh=mesh or make_mesh(1, 1, 1, devices=jax.devices()[:1]),
        steps=steps,
        **{"log_every": 1, "save_every": 4, **options},
    )


class StoppedStreams(ToyStreams):
    """A notice comes while the second batch is made."""

    def training(self, name, step):
        for batch in super().training(name, step):
            if step == 1:
                signal.raise_signal(signal.SIGTERM)
            step += 1
            yield batch


class AlternatingTask(ToyTask):
    """The critic learns at every other step."""

    def phase(self, step):
        return super().phase(step if step % 2 else -1)


def lines(workdir):
    text = (workdir / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def leaves(state):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(state)]


def test_a_fourth_system_trains_saves_evaluates_and_draws(tmp_path):
    state = trainer(tmp_path, steps=40).run()
    records = [r for r in lines(tmp_path) if "train/line/mse" in r]
    assert [r["step"] for r in records] == list(range(1, 41))
    assert records[-1]["train/line/mse"] < 0.8 * records[0]["train/line/mse"]
    assert "train/critic/critic" not in records[4]
    assert "train/critic/critic" in records[5]
    evaluated = [r for r in lines(tmp_path) if "heldout/mse" in r]
    assert [r["step"] for r in evaluated] == list(range(4, 41, 4))
    rows = toy_batch(-1 % 1000)
    outputs = ToyTask().predict(state.variables(), rows)
    expected = np.mean((outputs["y"][:11] - rows["y"][:11]) ** 2)
    np.testing.assert_allclose(evaluated[-1]["heldout/mse"], expected, rtol=1e-5)
    assert (tmp_path / "images" / "heldout_y_0000040.png").exists()
    assert "line" in (tmp_path / "parameters.txt").read_text()
    assert json.loads((tmp_path / "config.json").read_text())["system"] == "toy"


def test_phases_that_alternate_are_reported_together(tmp_path):
    task = AlternatingTask(critic_from=0)
    trainer(tmp_path, task, steps=10, log_every=4).run()
    records = [r for r in lines(tmp_path) if "train/line/mse" in r]
    # Alone before the critic comes for the first time, then at every fourth step.
    assert [r["step"] for r in records] == [1, 4, 8, 10]
    assert all("train/critic/critic" in r for r in records[1:])


@pytest.mark.parametrize("step", [2, 3])
def test_terms_are_named_by_the_phase_in_which_they_are_not_finite(tmp_path, step):
    task = AlternatingTask(critic_from=0)
    streams = ToyStreams(broken_at=step)
    with pytest.raises(NonFiniteError, match=rf"step {step}: line/mse is not finite"):
        trainer(tmp_path, task, steps=8, log_every=8, streams=streams).run()


def test_updates_move_only_the_networks_they_train(tmp_path):
    state = trainer(tmp_path / "a", ToyTask(critic_from=100), steps=3).run()
    other = trainer(tmp_path / "b", ToyTask(critic_from=0), steps=3).run()
    np.testing.assert_array_equal(
        leaves(state.params["line"])[0], leaves(other.params["line"])[0]
    )
    fresh = trainer(tmp_path / "c", steps=0).run()
    for was, now in zip(
        leaves((fresh.params["critic"], fresh.opt_state["critic"])),
        leaves((state.params["critic"], state.opt_state["critic"])),
        strict=True,
    ):
        np.testing.assert_array_equal(was, now)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path):
    options = {"ema_decay": 0.9, "clip_norm": 1.0}
    whole = trainer(tmp_path / "whole", **options).run()
    trainer(tmp_path / "parts", stop_after=7, **options).run()
    parts = trainer(tmp_path / "parts", **options).run()
    for a, b in zip(leaves(whole), leaves(parts), strict=True):
        np.testing.assert_array_equal(a, b)
    losses = [
        [r["train/line/loss"] for r in lines(tmp_path / name) if "train/line/loss" in r]
        for name in ("whole", "parts")
    ]
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("task", "streams", "term"),
    [
        (ToyTask(explode_at=5), ToyStreams(), "line/parameter_norm"),
        (ToyTask(), ToyStreams(broken_at=5), "line/mse"),
    ],
)
def test_the_guard_stops_with_step_and_term(tmp_path, task, streams, term):
    run = trainer(tmp_path, task, streams=streams, log_every=3, save_every=3, steps=30)
    with pytest.raises(NonFiniteError, match=rf"step 5: {term} is not finite"):
        run.run()
    steps = sorted(p.name for p in (tmp_path / "checkpoints").iterdir())
    assert "3" in steps
    assert "9" not in steps
    assert all("NaN" not in json.dumps(r) for r in lines(tmp_path))


def test_checkpoints_of_another_model_are_refused(tmp_path):
    trainer(tmp_path, steps=2).run()
    other = trainer(tmp_path, ToyTask(hidden=16), steps=4)
    other.config["task"]["networks"]["hidden"] = 16
    with pytest.raises(ValueError, match=r"task.networks.hidden was 32 .* is 16 now"):
        other.run()


def test_a_batch_that_does_not_divide_the_mesh_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"loader.batch_size = 16 .* run.accumulation = 3"
    ):
        trainer(tmp_path, accumulation=3).run()
    assert not (tmp_path / "checkpoints").exists()


def test_a_flipped_bit_is_noticed_and_the_step_before_taken(tmp_path, caplog):
    wide = ToyTask(hidden=8192)
    trainer(tmp_path, wide, steps=8).run()
    folder = tmp_path / "checkpoints" / "8" / "params"
    largest = max(folder.rglob("*"), key=lambda p: p.stat().st_size * p.is_file())
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 4
    largest.write_bytes(bytes(data))
    with caplog.at_level(logging.INFO, "face_jax"):
        resumed = trainer(tmp_path, wide, steps=8).run()
    assert "trying the one before" in caplog.text
    assert "going on from step 4" in caplog.text
    assert int(resumed.step) == 8
    assert (tmp_path / "checkpoints" / "8.corrupt").exists()


def test_complete_checkpoints_are_reported_on(tmp_path):
    seen = []

    def report(step):
        seen.append((step, newest_step(tmp_path)))

    trainer(tmp_path, steps=7, save_every=5, report=report, report_every=3).run()
    assert seen == [(3, 3), (6, 6), (7, 7)]


def test_reports_compute_on_meshes_of_their_own(tmp_path):
    def report(step):
        rows = jax.device_put(np.ones(8), batch_sharding(make_mesh(8, 1, 1)))
        seen.append(float(jax.jit(lambda x: x.sum())(rows)))

    seen = []
    mesh = make_mesh(2, 2, 1, devices=jax.devices()[:4])
    trainer(tmp_path, steps=2, mesh=mesh, report=report).run()
    assert seen == [8.0]


def test_a_report_that_failed_is_asked_for_again(tmp_path):
    def report(step):
        if not seen:
            seen.append(f"failed at {step}")
            raise ValueError("no such clip")
        seen.append(step)

    seen = []
    options = {"steps": 4, "save_every": 4, "report": report, "report_every": 2}
    with pytest.raises(ValueError, match="no such clip"):
        trainer(tmp_path, **options).run()
    state = trainer(tmp_path, **options).run()
    assert seen == ["failed at 2", 2, 4]
    undisturbed = trainer(tmp_path / "undisturbed", steps=4).run()
    for one, other in zip(leaves(state), leaves(undisturbed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_that_shall_stop_leaves_reports_for_later(tmp_path):
    seen = []
    options = {"steps": 4, "report": seen.append, "report_every": 2}
    trainer(tmp_path, streams=StoppedStreams(), **options).run()
    assert seen == [] and newest_step(tmp_path) == 2
    trainer(tmp_path, **options).run()
    assert seen == [2, 4]
