import dataclasses

import jax
import numpy as np
import pytest

from face_jax.smirk import pretrained
from face_jax.smirk.convert import to_published
from face_jax.smirk.networks import ENCODERS, modules
from face_jax.train.checkpoints import save_variables
from tests.smirk.small_task import small_task, write_head


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return small_task(write_head(tmp_path_factory.mktemp("head")))


def random_variables(task, names):
    """Values of the right shapes, without compiling an initialisation."""
    rng, table = np.random.default_rng(0), modules(task.modules)
    shapes = {
        n: jax.eval_shape(table[n][0].init, jax.random.key(0), *table[n][1])
        for n in names
    }
    return jax.tree.map(lambda s: rng.normal(size=s.shape).astype(np.float32), shapes)


def assert_same(found, expected):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(
        jax.tree.leaves(found), jax.tree.leaves(expected), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("with_generator", [False, True])
def test_a_run_starts_from_published_weights(task, tmp_path, with_generator):
    names = (*ENCODERS, *(["generator"] if with_generator else []))
    variables = random_variables(task, names)
    path = tmp_path / "smirk.npz"
    np.savez(path, **to_published(variables))
    started = dataclasses.replace(
        task, start_from=str(path), regularize_towards_start=True
    )
    found = started.pretrained()
    base = {f"base_{n}": variables[n] for n in ENCODERS[1:]}
    assert_same(dict(found), {**variables, **base})
    assert started.teachers() == tuple(base)


def test_a_run_starts_from_one_with_or_without_a_joint_head(task, tmp_path):
    joint = dataclasses.replace(
        task, networks={**task.networks, "joint_head": True}, start_from=str(tmp_path)
    )
    names = (*ENCODERS, "joint_head")
    variables = random_variables(joint, names)
    config = {"system": "smirk", "task": {"networks": dict(joint.networks)}}
    save_variables(tmp_path / "with", variables, config)
    encoders = {name: variables[name] for name in ENCODERS}
    save_variables(tmp_path / "without", encoders, config)
    for folder, expected in (("with", variables), ("without", encoders)):
        started = dataclasses.replace(joint, start_from=str(tmp_path / folder))
        assert_same(dict(started.pretrained()), expected)
    near = dataclasses.replace(joint, regularize_towards_start=True)
    assert near.base_encoders[-1] == "base_joint_head"


def test_teachers_are_read_from_their_files(task, tmp_path):
    variables = random_variables(task, ("emotion",))
    path = tmp_path / "emotion.npz"
    np.savez(path, **to_published(variables))
    found = pretrained.load_teachers(task.modules, {"emotion": str(path)})
    assert_same(found, variables)


WEIGHTS = {"system": "weights", "task": {}}


def test_teachers_are_read_from_converted_checkpoints(task, tmp_path):
    variables = random_variables(task, ("emotion",))
    save_variables(tmp_path, variables, WEIGHTS)
    found = pretrained.load_teachers(task.modules, {"emotion": str(tmp_path)})
    assert_same(found, variables)
    with pytest.raises(
        ValueError, match="expected a checkpoint with vgg16, it has emo"
    ):
        pretrained.load_teachers(task.modules, {"vgg16": str(tmp_path)})


def test_backbones_are_read_from_converted_checkpoints(task, tmp_path):
    name = "pose_encoder"
    variables = random_variables(task, (name,))[name]
    backbone = {collection: tree["backbone"] for collection, tree in variables.items()}
    save_variables(tmp_path, {"backbone": backbone}, WEIGHTS)
    variant = task.modules.encoders.pose_encoder.variant
    files = {variant: str(tmp_path)}
    found = pretrained.load_backbones(task.modules, files, (name,))[name]
    assert_same({c: found[c]["backbone"] for c in found}, backbone)
    gone = sorted(backbone["params"])[0]
    del backbone["params"][gone]
    other = tmp_path / "other"
    save_variables(other, {"backbone": backbone}, WEIGHTS)
    with pytest.raises(ValueError, match=rf"other does not fit this model: \S*{gone}"):
        pretrained.load_backbones(task.modules, {variant: str(other)}, (name,))


def test_files_that_are_not_there_are_named(task, tmp_path):
    without = dataclasses.replace(task, emotion_weights="nowhere.npz")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
        without.pretrained()
    path = tmp_path / "half.npz"
    np.savez(path, **to_published(random_variables(task, ENCODERS[:1])))
    with pytest.raises(ValueError, match=r"smirk_encoder\.shape_encoder"):
        dataclasses.replace(task, start_from=str(path)).pretrained()


def test_mica_teaches_no_head_whose_identities_it_does_not_know(tmp_path):
    names = tuple(f"trait{n}" for n in range(300))
    head = write_head(tmp_path, identity_names=names)
    task = small_task(head, pretraining_steps=1, mica_weights="random")
    with pytest.raises(ValueError, match=r"task\.mica_weights: MICA knows FLAME's"):
        task.pretrained()
