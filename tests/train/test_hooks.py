"""What a task computes from data around its training: when, and where it ends up."""

import dataclasses

import jax
import numpy as np
import pytest

from face_jax.train.checkpoints import load_variables
from face_jax.train.partitioning import make_mesh
from tests.train.sphere import BATCHES, Returning, SphereTask, last_kernel
from tests.train.test_loop import leaves, lines, trainer
from tests.train.toy import ToyStreams, ToyTask, toy_batch

SHORT = {"steps": 4, "save_every": 2, "ema_decay": 0.9}


class CountingStreams(ToyStreams):
    """Knows how many of its streams are open."""

    def __init__(self):
        super().__init__()
        self.open = 0

    def training(self, name, step):
        self.open += 1
        try:
            yield from super().training(name, step)
        finally:
            self.open -= 1


def fit(variables):
    return jax.device_get(variables["sphere"]["fit"])


def test_hooks_come_once_each_and_their_result_is_kept(tmp_path):
    task, streams = SphereTask(), CountingStreams()
    state = trainer(tmp_path, task, streams=streams, **SHORT).run()
    assert task.calls == ["before", "after"]
    assert streams.open == 0
    data = np.concatenate([toy_batch(step)["x"] for step in range(BATCHES)])
    found = fit(state.variables())
    np.testing.assert_allclose(found["centre"], data.mean(0), rtol=1e-5, atol=1e-6)
    distances = np.linalg.norm(data - found["centre"], axis=1)
    expected = distances.max() + last_kernel(state.variables())
    np.testing.assert_allclose(found["radius"], expected, rtol=1e-5)
    middle, last = (fit(load_variables(tmp_path, step)[0]) for step in (2, 4))
    np.testing.assert_array_equal(middle["centre"], found["centre"])
    assert middle["radius"] == 0 and last["radius"] == found["radius"]
    again = SphereTask()
    trainer(tmp_path, again, **SHORT).run()
    assert again.calls == []  # it is finished


def test_a_run_killed_in_its_last_hook_calls_it_again(tmp_path):
    whole = trainer(tmp_path / "whole", SphereTask(), **SHORT).run()
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "parts", SphereTask(crash=True), **SHORT).run()
    assert not (tmp_path / "parts" / "checkpoints" / "4").exists()
    task = SphereTask()
    parts = trainer(tmp_path / "parts", task, **SHORT).run()
    assert task.calls == ["after"]
    for a, b in zip(leaves(whole), leaves(parts), strict=True):
        np.testing.assert_array_equal(a, b)


def test_leaving_early_calls_no_last_hook(tmp_path):
    task = SphereTask()
    trainer(tmp_path, task, stop_after=0, **SHORT).run()
    trainer(tmp_path, task, stop_after=2, **SHORT).run()
    assert task.calls == ["before"]
    assert fit(load_variables(tmp_path)[0])["centre"].any()
    trainer(tmp_path, task, stop_after=2, **SHORT).run()
    assert task.calls == ["before", "after"]


class EvaluatingTask(SphereTask):
    """Evaluated by the radius."""

    def predict(self, variables, batch):
        radius = variables["sphere"]["fit"]["radius"]
        return {**super().predict(variables, batch), "radius": radius}

    def metrics(self, batch, outputs):
        return {"radius": outputs["radius"] + 0 * batch["x"][:, 0]}


def test_the_last_evaluation_sees_the_last_hook_on_any_mesh(tmp_path):
    mesh = make_mesh(2, 2, 1, devices=jax.devices()[:4])
    state = trainer(tmp_path, EvaluatingTask(), steps=4, mesh=mesh).run()
    figures = [r["heldout/radius"] for r in lines(tmp_path) if "heldout/radius" in r]
    np.testing.assert_allclose(figures, [fit(state.variables())["radius"]], rtol=1e-5)


def test_statistics_of_trained_networks_can_be_set(tmp_path):
    plain = trainer(tmp_path / "plain", steps=0).run().model_state["line"]
    ones = jax.tree.map(lambda leaf: np.ones(leaf.shape, np.float64), plain)
    state = trainer(tmp_path / "set", Returning(changes={"line": ones}), steps=0).run()
    found = state.model_state["line"]
    assert jax.tree.structure(found) == jax.tree.structure(plain)
    for leaf in jax.tree.leaves(found):
        assert leaf.dtype == np.float32 and (leaf == 1).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"line": {"params": {}}}, "params of line: no collection that it may change"),
        ({"lime": {"fit": {}}}, "fit of lime: no collection"),
        ({"teacher": {"params": {}}}, "teacher is a teacher"),
        (
            {"line": {"batch_stats": {"BatchNorm_0": {"mean": np.ones(3)}}}},
            r"batch_stats of line does not fit this model: BatchNorm_0.mean is of "
            r"shape \[3\], expected of shape \[32\]",
        ),
    ],
)
def test_changes_that_do_not_fit_are_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=rf"Returning.before_training: .*{message}"):
        trainer(tmp_path, Returning(changes=changes), steps=2).run()
    assert not list((tmp_path / "checkpoints").iterdir())


class Pretrained(ToyTask):
    """Reads a critic of another size."""

    def pretrained(self):
        critic = {"params": {"kernel": np.ones((9, 1)), "bias": np.zeros(1)}}
        return {**super().pretrained(), "critic": critic}


def test_pretrained_variables_of_another_size_are_named(tmp_path):
    message = r"pretrained critic does not fit .* kernel is of shape \[9, 1\]"
    with pytest.raises(ValueError, match=message):
        trainer(tmp_path, Pretrained(), steps=0).run()


@dataclasses.dataclass(frozen=True)
class PartlyPretrained(ToyTask):
    """Begins with the batch norm of a network, whose other layers are random."""

    name: str = "line/BatchNorm_0"

    def pretrained(self):
        known = {"scale": np.full(32, 2.0, np.float32), "bias": np.ones(32, np.float32)}
        found = {"mean": np.full(32, 3.0, np.float32), "var": known["bias"]}
        return {
            **super().pretrained(),
            self.name: {"params": known, "batch_stats": found},
        }


def test_one_module_may_be_pretrained(tmp_path):
    alone = trainer(tmp_path / "a", ToyTask(), steps=0).run().variables()["line"]
    found = (
        trainer(tmp_path / "b", PartlyPretrained(), steps=0).run().variables()["line"]
    )
    assert np.all(found["params"]["BatchNorm_0"]["scale"] == 2)
    assert np.all(found["batch_stats"]["BatchNorm_0"]["mean"] == 3)
    for layer in ("Dense_0", "Dense_1"):
        kernels = (tree["params"][layer]["kernel"] for tree in (alone, found))
        np.testing.assert_array_equal(*kernels)
    message = r"pretrained line/Other does not fit .* Other"
    with pytest.raises(ValueError, match=message):
        trainer(tmp_path / "c", PartlyPretrained(name="line/Other"), steps=0).run()
