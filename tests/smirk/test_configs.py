"""The configs of SMIRK and the defaults of its task say the same."""

import dataclasses
import itertools

import pytest

from configs.smirk import pretrain, synthetic80, train
from data_pipelines.sources.synthetic_images import built_in_images
from face_jax.smirk.encoder import ENCODERS, JOINT_HEAD
from face_jax.smirk.task import ENCODER_TURN, GENERATOR_TURN, SmirkTask
from face_jax.systems import build_task

TURNS = (GENERATOR_TURN, ENCODER_TURN)
FILES = {"pretrain": pretrain, "train": train}


def runs_of(variant):
    """Every run of the configs, by the name of its config or stage."""
    runs = {name: file.get_config(variant) for name, file in FILES.items()}
    return runs | dict(synthetic80.get_config(variant).stages.items())


NAMES = (*FILES, "encoders", "generator", "paths")


@pytest.mark.parametrize("variant", ["", "smoke"])
@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_one_of_the_task(name, variant):
    config = runs_of(variant)[name]
    task = build_task(config.system, config.task.to_dict())
    size = task.networks["image_size"]
    blocks = (config.data, *(e.data for e in config.evals.values()))
    assert {block.smirk_item.size for block in blocks} == {size}


def test_defaults_are_the_published_main_stage():
    given = SmirkTask(**train.get_config().task.to_dict())
    for field in dataclasses.fields(SmirkTask):
        if field.name != "networks":
            value = getattr(given, field.name)
            assert value == getattr(SmirkTask(), field.name), field.name


@pytest.mark.parametrize(
    ("name", "phases", "moving"),
    [
        ("pretrain", ("pretraining", "pretraining"), ENCODERS),
        ("train", TURNS, ("expression_encoder", "generator")),
        ("encoders", ("pretraining", "pretraining"), (*ENCODERS, JOINT_HEAD)),
        ("generator", ("cycle_generator", "cycle_generator"), ("generator",)),
        ("paths", TURNS, (*ENCODERS, JOINT_HEAD, "generator")),
    ],
)
def test_two_steps_of_a_smoke_variant_see_its_phases(name, phases, moving):
    task = SmirkTask(**runs_of("smoke")[name].task.to_dict())
    assert tuple(task.phase(step).step for step in (0, 1)) == phases
    updates = [update for step in (0, 1) for update in task.updates(task.phase(step))]
    assert {network for update in updates for network in update.trains} == set(moving)


def test_small_stages_go_on_from_each_other_and_share_their_pictures():
    config = synthetic80.get_config()
    config.stages.encoders.data.synthetic_images.path = "drawn"
    order = ("encoders", "generator", "paths")
    assert tuple(config.order) == order
    for before, name in itertools.pairwise(order):
        assert config.stages[name].uses.task.start_from == before
    blocks = synthetic80.blocks(config, order)
    assert len(blocks) == 6
    assert {block.synthetic_images.path for block in blocks} == {"drawn"}


def test_with_one_look_generator_and_paths_have_pictures_of_their_own():
    config = synthetic80.get_config("one_look")
    config.stages.encoders.data.synthetic_images.path = "drawn"
    config.stages.generator.data.synthetic_images.path = "alike"
    for names, path in ((["encoders"], "drawn"), (["generator", "paths"], "alike")):
        for block in synthetic80.blocks(config, names):
            assert block.synthetic_images.path == path
            built_in = built_in_images(**block.synthetic_images.built_in)
            assert built_in.one_look == (path == "alike")
