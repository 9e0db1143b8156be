"""SMIRK's training: phases, who moves, what the losses are made of, and sharding."""

import dataclasses
import logging

import jax
import numpy as np
import pytest

from data_pipelines.transforms.smirk_colors import color_arrays, draw_color_changes
from face_jax.smirk import paths
from face_jax.train import partitioning
from face_jax.train.task import Phase
from tests.smirk.phases import gradients
from tests.smirk.small_task import (
    NETWORKS,
    SIDE,
    random_batch,
    small_task,
    write_head,
)
from tests.train.on_mesh import assert_near, changed, one_device, steps

ENCODERS = {"pose_encoder", "shape_encoder", "expression_encoder"}


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    return write_head(tmp_path_factory.mktemp("head"))


def test_phases_follow_the_parity_of_steps(head):
    task = small_task(head, pretraining_steps=3)
    names = [task.phase(step).step for step in (0, 2, 3, 4, 5, 10**6)]
    turns = ("cycle_encoder", "cycle_generator", "cycle_encoder", "cycle_generator")
    assert names == ["pretraining", "pretraining", *turns]
    assert small_task(head, pretraining_steps=None).phase(10**7).step == "pretraining"
    assert small_task(head, cycle_weight=0.0).phase(1).step == "reconstruction"
    alone = small_task(head, trained_encoders=())
    assert {alone.phase(step).step for step in range(4)} == {"cycle_generator"}

    def trains(phase):
        return [(u.name, set(u.trains)) for u in task.updates(Phase(step=phase))]

    everyone = {"expression_encoder", "generator"}
    assert trains("pretraining") == [("pretraining", ENCODERS)]
    assert trains("reconstruction") == [("reconstruction", everyone)]
    first = ("reconstruction", everyone)
    assert trains("cycle_generator") == [first, ("cycle", {"generator"})]
    assert trains("cycle_encoder") == [first, ("cycle", {"expression_encoder"})]


def test_networks_that_never_move_are_frozen(head):
    assert set(small_task(head).optimizers()) == {"expression_encoder", "generator"}
    pretraining = small_task(head, pretraining_steps=None)
    assert set(pretraining.optimizers()) == ENCODERS
    # Their statistics follow the batches, so they are part of what is trained.
    reference = small_task(head, compat="reference")
    assert set(reference.optimizers()) == {*ENCODERS, "generator"}
    rates = pretraining.learning_rates(np.int32(0))
    np.testing.assert_allclose(list(rates.values()), 0.25e-3, rtol=1e-6)
    joint = dataclasses.replace(
        pretraining, networks={**NETWORKS, "joint_head": True}, joint_rate=0.1
    )
    assert set(joint.optimizers()) == {*ENCODERS, "joint_head"}
    rate = joint.learning_rates(np.int32(0))["joint_head"]
    np.testing.assert_allclose(rate, 0.025e-3, rtol=1e-6)


def test_pretraining_moves_all_encoders_and_the_joint_head(head):
    task = small_task(
        head,
        networks={"joint_head": True},
        pretraining_steps=None,
        identity_teacher="truth",
        identity_noise=0.1,
    )
    before, after, (metrics,) = steps(task, random_batch(), one_device(), "pretraining")
    assert changed(before.params, after.params) == {*ENCODERS, "joint_head"}
    assert changed(before.model_state, after.model_state) == ENCODERS
    weights = task.pretraining_weights
    total = sum(metrics[f"pretraining/{n}"] * w for n, w in weights.items())
    np.testing.assert_allclose(metrics["pretraining/loss"], total, rtol=1e-5)


@pytest.mark.parametrize(
    "turn",
    [pytest.param("cycle_generator", marks=pytest.mark.slow), "cycle_encoder"],
)
def test_turns_move_what_they_train(head, turn):
    task = small_task(head, emotion_weights="random")
    before, after, (metrics,) = steps(task, random_batch(), one_device(), turn)
    moved = {"expression_encoder", "generator"}
    assert changed(before.params, after.params) == moved
    assert changed(before.model_state, after.model_state) == moved
    assert not changed(before.frozen, after.frozen)
    assert {"pose_encoder", "shape_encoder", "emotion"} == set(before.frozen)
    calls = {name: int(after.opt_state[name].count) for name in sorted(after.opt_state)}
    second = "generator" if turn == "cycle_generator" else "expression_encoder"
    assert calls == {name: 1 + (name == second) for name in calls}
    assert ("cycle/shape" in metrics) == (turn == "cycle_generator")
    if turn == "cycle_generator":
        assert metrics["cycle/gradient_norm"] <= task.cycle_clip_norm * 1.001
    terms = {n: w for n, w in task.weights.items() if n != "perceptual"}
    total = sum(metrics[f"reconstruction/{n}"] * w for n, w in terms.items())
    np.testing.assert_allclose(metrics["reconstruction/loss"], total, rtol=1e-5)


MESHES = ((8, 1, 1), (2, 4, 1), (2, 2, 2))
# Plain descent: Adam makes whole steps of gradients that are nothing but rounding.
DESCENT = {
    "encoder_optimizer": {"name": "sgd"},
    "generator_optimizer": {"name": "sgd"},
}


SMOOTH = {"cycle_generator": 4, "cycle_encoder": 1, "pretraining": 4}
"""The last step compared: in the encoders' turn, of gradients ten times as large, rounding
of the third step moves a pixel of the second path's drawing across an edge."""


@pytest.mark.slow
@pytest.mark.parametrize("phase", SMOOTH)
def test_meshes_agree_with_one_device(head, phase):
    """Gradients and batch statistics of the first step, and losses up to the fifth."""
    # Greater steps down these gradients, which no Adam scales, lead to infinity.
    descent = {"name": "constant", "peak": 1e-5}
    stage = {
        "pretraining_steps": None,
        "identity_teacher": "truth",
        "schedule": descent,
    }
    task = small_task(head, **DESCENT, **(stage if phase == "pretraining" else {}))
    batch = random_batch()
    reference = gradients(task, batch, one_device(), phase)
    _, _, losses = steps(task, batch, one_device(), phase, 5)
    for sizes in MESHES:
        mesh = partitioning.make_mesh(*sizes)
        for found, alone in zip(
            gradients(task, batch, mesh, phase), reference, strict=True
        ):
            assert_near(found, alone, 1e-4)
        before, state, found = steps(task, batch, mesh, phase, 5)
        for name in (n for n in losses[0] if n.endswith("/loss")):
            for step, rtol in ((0, 1e-5), (SMOOTH[phase], 1e-4)):
                np.testing.assert_allclose(
                    found[step][name], losses[step][name], rtol=rtol
                )
        assert not changed(before.frozen, state.frozen)


def colors(rows):
    """What was drawn for the colours of every row."""
    random = np.random.default_rng(5)
    arrays = [color_arrays(draw_color_changes(random), SIDE) for _ in range(rows)]
    return {name: np.stack([row[name] for row in arrays]) for name in arrays[0]}


def test_pictures_are_coloured_once():
    batch = random_batch()
    same = paths.colored(batch)
    assert same.keys() == batch.keys()
    np.testing.assert_array_equal(same["image"], batch["image"])
    found = paths.colored(batch | colors(8))
    assert found.keys() == batch.keys()
    assert found["image"].dtype == np.uint8
    assert (found["image"] != batch["image"]).any(axis=(1, 2, 3)).sum() > 4
    again = paths.photographs(paths.colored(found))
    np.testing.assert_allclose(again, np.float32(found["image"]) / 255, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["pretraining", "cycle_encoder"])
def test_training_sees_the_colours_that_were_drawn(head, phase):
    """Draws in the batch, or pictures that have their colours already."""
    task = small_task(head, pretraining_steps=1, identity_teacher="truth")
    batch = random_batch()
    drawn = batch | colors(8)
    colored = jax.device_get(paths.colored(drawn))
    found, expected = (
        steps(task, given, one_device(), phase)[2][0] for given in (drawn, colored)
    )
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, err_msg=name)


@pytest.mark.slow
def test_in_reference_statistics_of_frozen_encoders_follow(head):
    task = small_task(
        head,
        compat="reference",
        vgg16_weights="random",
        perceptual_side=SIDE,
        mica_weights="random",
        weights={"identity": 1.0, "perceptual": 1.0, "landmarks": 1.0},
        cycle_copies=2,
    )
    before, after, _ = steps(task, random_batch(), one_device(), "cycle_encoder")
    moved = {"expression_encoder", "generator"}
    assert changed(before.params, after.params) == moved
    assert changed(before.model_state, after.model_state) == moved | ENCODERS


def test_teachers_without_weights_are_reported(head, caplog):
    with caplog.at_level(logging.WARNING):
        task = small_task(head, pretraining_steps=1, emotion_weights="random")
    (record,) = caplog.records
    assert record.getMessage() == (
        "training without the terms: perceptual (task.vgg16_weights is not set), "
        "identity (task.mica_weights is not set)"
    )
    assert task.teachers() == ("emotion",)


def test_settings_that_cannot_be_trained_are_refused(head):
    for changes, message in (
        ({"compat": "old"}, r"task\.compat: expected some of \('fixed', 'reference'\)"),
        ({"weights": {"vgg": 1.0}}, r"task\.weights: expected some of \('contour'"),
        ({"cycle_weights": {"camera": 1.0}}, r"task\.cycle_weights: .*'camera'"),
        ({"trained_encoders": ("generator",)}, r"task\.trained_encoders"),
        ({"identity_teacher": "me"}, r"task\.identity_teacher"),
        ({"cycle_copies": 0}, r"task\.cycle_copies: expected at least 1, got 0"),
        ({"mask_radius": -1}, r"task\.mask_radius: expected at least 0, got -1"),
        ({"hole_radius": -2}, r"task\.hole_radius: expected at least 0, got -2"),
        ({"mask_ratio": -0.1}, r"task\.mask_ratio: expected at least 0, got -0\.1"),
        ({"identity_noise": float("nan")}, r"task\.identity_noise: .* got nan"),
        ({"regularize_towards_start": True}, r"needs task\.start_from"),
    ):
        with pytest.raises(ValueError, match=message):
            small_task(head, **changes)


def test_points_that_encoders_do_not_have_are_not_taught(head):
    small_task(head, **SETTINGS["taught points"]).check()
    without = {"pretraining_weights": {"heatmaps": 1.0}, "pretraining_steps": 1}
    with pytest.raises(ValueError, match=r"pose_encoder\.points: .* 122.* got 0"):
        small_task(head, **without).check()


def test_a_joint_head_that_is_not_there_is_not_trained(head):
    task = small_task(head, trained_encoders=("joint_head",))
    message = r"task\.trained_encoders: .*joint_head is not True, got \('joint_head',\)"
    with pytest.raises(ValueError, match=message):
        task.check()
    dataclasses.replace(task, pretraining_steps=None).check()


def test_data_that_do_not_fit_are_refused(head):
    batch = random_batch()
    larger = {**batch, "image": np.zeros((8, 64, 64, 3), np.uint8)}
    with pytest.raises(ValueError, match=r"image_size is 32, the data's pictures are"):
        small_task(head).init(jax.random.key(0), larger)
    task = small_task(head, pretraining_steps=1, mica_weights="random")
    without = {n: v for n, v in batch.items() if n != "recognition_image"}
    with pytest.raises(ValueError, match="the data must have recognition_image"):
        task.init(jax.random.key(0), without)


SETTINGS = {
    "reference": {
        "compat": "reference",
        "vgg16_weights": "random",
        "mica_weights": "random",
        "emotion_weights": "random",
        "weights": {"identity": 1.0, "perceptual": 1.0, "emotion": 1.0},
        "pretraining_steps": 1,
        "cycle_copies": 2,
    },
    "towards the start": {
        "start_from": "a run",
        "regularize_towards_start": True,
        "pretraining_steps": 1,
        "identity_teacher": "truth",
        "identity_metric": "vertices",
    },
    "taught points": {
        "networks": {
            f"{name}_encoder": {"variant": "tiny", "points": 122}
            for name in ("pose", "shape", "expression")
        },
        "pretraining_steps": 1,
        "pretraining_weights": {"points": 100.0, "heatmaps": 0.3},
        "weights": {"points": 100.0},
    },
    "a joint head": {
        "networks": {
            "joint_head": True,
            "pose_encoder": {"variant": "tiny", "points": 2},
        },
        "trained_encoders": ("pose_encoder", "expression_encoder", "joint_head"),
        "start_from": "a run",
        "regularize_towards_start": True,
        "pretraining_steps": 1,
    },
    "without jaw": {
        "networks": {"use_jaw": False, "use_eyelids": False},
        "pretraining_steps": 1,
        "cycle_clip_norm": None,
        "expression_bounds": (0.0, 1.0),
    },
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_can_be_traced(head, settings):
    """Terms, carry and statistics of every phase, without computing them."""
    task, batch = small_task(head, **settings), random_batch(4)
    variables = jax.eval_shape(task.init, jax.random.key(0), batch)
    for phase in ("pretraining", "reconstruction", "cycle_generator", "cycle_encoder"):
        carry = {}
        for update in task.updates(Phase(step=phase)):
            # The second path sees the pictures that the first one coloured.
            seen = {n: v for n, v in batch.items() if n != "image" or not carry}
            loss, aux = jax.eval_shape(
                update.loss, variables, seen, jax.random.key(0), carry
            )
            assert loss.shape == ()
            assert all(metric.shape == () for metric in aux.metrics.values())
            assert set(aux.model_state) <= set(task.optimizers())
            for name, state in aux.model_state.items():
                stored = {n: t for n, t in variables[name].items() if n != "params"}
                assert jax.tree.map(np.shape, state) == jax.tree.map(np.shape, stored)
            assert all(leaf.shape[0] == 4 for leaf in jax.tree.leaves(aux.carry))
            carry = aux.carry
        has_jaw = settings.get("networks", {}).get("use_jaw", True)
        assert ("jaw" in aux.metrics) == has_jaw
    outputs = jax.eval_shape(task.predict, variables, batch)
    assert outputs["other_image"].shape == (4, SIDE, SIDE, 3)
    scores = jax.eval_shape(task.metrics, batch, outputs)
    assert {name: score.shape for name, score in scores.items()} == dict.fromkeys(
        ("nme", "psnr", "l1"), (4,)
    )


@pytest.mark.parametrize(
    ("compat", "followed"), [("fixed", set()), ("reference", ENCODERS)]
)
def test_only_in_reference_encoders_follow_what_was_made(head, compat, followed):
    task, batch = small_task(head, compat=compat), random_batch(4)
    key = jax.random.key(0)
    variables = jax.eval_shape(task.init, key, batch)
    first, second = task.updates(Phase(step="cycle_encoder"))
    _, seen = jax.eval_shape(first.loss, variables, batch, key, {})
    assert {"expression_encoder", "generator"} <= set(seen.model_state)
    rest = {name: array for name, array in batch.items() if name != "image"}
    _, made = jax.eval_shape(second.loss, variables, rest, key, seen.carry)
    assert set(made.model_state) == followed


def test_a_sheet_shows_what_there_is(head):
    task, batch = small_task(head, pretraining_steps=None), random_batch(4)
    picture = np.zeros((4, SIDE, SIDE, 3), np.float32)
    without = task.pictures(batch, {"drawn": picture})["faces"]
    names = ("drawn", "masked", "image", "other_drawn", "other_image")
    whole = task.pictures(batch, dict.fromkeys(names, picture))["faces"]
    assert without.dtype == whole.dtype == np.uint8
    assert without.shape[0] == whole.shape[0]
    assert whole.shape[1] > 2.5 * without.shape[1]
