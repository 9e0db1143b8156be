"""A small decoder learns what a large one answers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import face_jax
from configs.fsrt.distilled import TRAINED_BY
from face_jax.cli.__main__ import main
from face_jax.cli.config import load_config
from face_jax.fsrt import draws as drawing
from face_jax.fsrt.distillation_task import SHARED, TEACHER, DistillationTask
from face_jax.fsrt.networks import build_networks
from face_jax.systems import build_task
from face_jax.train.step import StepOptions, train_step
from face_jax.train.task import Phase
from tests.fsrt.small_task import SIDE, random_batch
from tests.fsrt.tiny_model import NETWORKS, build_model, save_checkpoint
from tests.train.on_mesh import one_device, start

LEARNED = {**NETWORKS, "keypoints": "learned"}
SMALL = {**NETWORKS["decoder"], "width": 8, "render_hidden": [8, 8]}
STUDENT = {**LEARNED, "decoder": SMALL}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    return save_checkpoint(folder, build_model())


def task(teacher, networks=STUDENT, **changes):
    fields = {
        "teacher": str(teacher),
        "networks": networks,
        "schedule": {"name": "constant", "peak": 1e-3},
        "num_pixels": 16,
        "color_jitter": False,
    }
    return DistillationTask(**{**fields, **changes})


def batch_without_crops(rows=3, driving=2):
    batch = random_batch(rows, driving=driving)
    one = np.ones_like(batch["keypoint_scale"])
    return {**batch, "keypoint_scale": one, "keypoint_shift": 0 * one}


def draws(batch, crossed):
    rows, frames = batch["driving_images"].shape[:2]
    given = (jax.random.key(3), rows, frames, 16, SIDE)
    positions = drawing.random_positions(*given).sampled
    return positions, jnp.broadcast_to(jnp.asarray(crossed), (rows, frames))


def losses(task, variables, batch, crossed):
    @jax.jit
    def function(variables, batch, positions, crossed):
        return task.loss_at(variables, batch, positions, crossed)[1].metrics

    return function(variables, batch, *draws(batch, crossed))


@pytest.fixture(scope="module")
def variables(teacher):
    student = task(teacher)
    random = student.init(jax.random.key(0), random_batch(1))
    return {**random, **student.pretrained()}


def test_all_but_the_decoder_is_the_teachers(teacher, variables):
    model = face_jax.load(teacher)
    pairs = [(name, name) for name in SHARED] + [(TEACHER, "decoder")]
    for ours, theirs in pairs:
        jax.tree.map(
            np.testing.assert_array_equal, variables[ours], model.variables[theirs]
        )
    shapes = [jax.tree.map(jnp.shape, variables[name]) for name in ("decoder", TEACHER)]
    assert shapes[0] != shapes[1]


@pytest.mark.parametrize("crossed", [False, True])
def test_a_student_that_is_the_teacher_has_nothing_to_learn(teacher, crossed):
    same = task(teacher, LEARNED)
    found = same.pretrained()
    variables = {**found, "decoder": found[TEACHER]}
    found = losses(same, variables, random_batch(2, driving=2), crossed)
    assert list(found) == ["teacher"] and found["teacher"] == 0


def test_crossed_frames_show_the_motion_of_the_item_before(teacher, variables):
    student, batch = task(teacher), batch_without_crops()
    before = {
        name: np.roll(value, 1, axis=0) if name.startswith("driving") else value
        for name, value in batch.items()
    }
    crossed = losses(student, variables, batch, True)["teacher"]
    own = losses(student, variables, before, False)["teacher"]
    np.testing.assert_allclose(crossed, own, rtol=1e-5)
    assert abs(crossed - losses(student, variables, batch, False)["teacher"]) > 1e-4


def test_the_truth_counts_where_it_is_known(teacher, variables):
    student, batch = task(teacher, truth_weight=2.0), batch_without_crops()
    half = [[True, False]]
    all_own, none_own, some = (
        losses(student, variables, batch, each)["truth"] for each in (False, True, half)
    )
    assert none_own == 0 < some < all_own
    other = {**batch, "driving_images": 255 - batch["driving_images"]}
    assert losses(student, variables, other, True)["truth"] == 0
    assert losses(student, variables, other, False)["truth"] != all_own


def test_a_step_moves_the_decoder_alone(teacher, variables):
    student = task(teacher)
    state, batch, *_ = start(student, random_batch(2), one_device())
    assert set(state.params) == {"decoder"}
    assert set(state.frozen) == {*SHARED, TEACHER}
    step = jax.jit(lambda s, b, k: train_step(student, Phase(), StepOptions(), s, b, k))
    new, metrics = step(state, batch, jax.random.key(1))
    assert metrics["student/loss"] == metrics["student/teacher"] > 0
    assert any(
        bool(jnp.any(a != b))
        for a, b in zip(
            jax.tree.leaves(state.params), jax.tree.leaves(new.params), strict=True
        )
    )


@pytest.mark.parametrize("of", TRAINED_BY)
def test_every_config_of_a_teacher_gives_a_smaller_decoder(of):
    base = load_config(f"configs/fsrt/{of}.py").task.networks.to_dict()
    config = load_config(f"configs/fsrt/distilled.py:of={of}", ["task.teacher=random"])
    student = build_task(config.system, config.task.to_dict())
    teacher = build_networks(**base)
    for name in (*SHARED, "keypoints", "image_size"):
        assert getattr(student.modules, name) == getattr(teacher, name)
    assert student.modules.decoder.num_heads == teacher.decoder.num_heads // 2
    assert config.task.schedule.decay_steps == config.run.steps


def test_an_unknown_config_of_a_teacher_is_told():
    message = "of=nothing: expected one of clips64, .*vox256"
    with pytest.raises(ValueError, match=message):
        load_config("configs/fsrt/distilled.py:of=nothing")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"teacher": ""}, r"task\.teacher: the folder of a trained model is needed"),
        (
            {"networks": {**STUDENT, "expression_size": 4}},
            r"task\.networks: expression_encoder must be that of the teacher",
        ),
        (
            {"networks": {**STUDENT, "keypoints": "landmarks"}},
            r"task\.networks: keypoints must be that of the teacher",
        ),
    ],
)
def test_what_does_not_fit_is_told(teacher, changes, message):
    with pytest.raises(ValueError, match=message):
        assert task(**{"teacher": teacher, **changes}).teacher_settings


@pytest.mark.parametrize(
    ("file", "setting", "message"),
    [
        (
            "fsrt/distilled.py:of=people64",
            "run.steps=1",
            "task.teacher: the folder of a tr",
        ),
        ("fsrt/distilled.py:of=people64", "task.teacher=nowhere", "nowhere"),
        ("fsrt/people64.py", "task.start_from=nowhere", "nothing to begin with at no"),
        ("smirk/train.py:smoke", "task.start_from=nowhere", "nothing to begin with"),
        (
            "smirk/synthetic80.py:smoke",
            "stages.encoders.task.networks.pose_encoder.points=3",
            "pose_encoder.points: expected at least",
        ),
    ],
)
def test_what_cannot_start_draws_no_faces(
    file, setting, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("face_jax.cli.runs.ensure", lambda *blocks: pytest.fail("drew"))
    config = ["--config", f"configs/{file}", "--workdir", str(tmp_path / "run")]
    assert main(["train", *config, "--set", setting]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_teacher_of_another_system_or_none_is_told(teacher, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="nothing_here"):
        assert task(tmp_path / "nothing_here").teacher_settings
    monkeypatch.setattr(
        "face_jax.fsrt.distillation_task.stored_config",
        lambda folder: {"system": "smirk", "task": {}},
    )
    with pytest.raises(ValueError, match="a model of fsrt expected, got 'smirk'"):
        assert task(teacher).teacher_settings
