"""The configs of SMIRK and the defaults of its task say the same."""

import dataclasses

import pytest

from configs.smirk import pretrain, synthetic80, train
from face_jax.smirk.task import SmirkTask
from face_jax.systems import build_task

FILES = {"pretrain": pretrain, "synthetic80": synthetic80, "train": train}


@pytest.mark.parametrize("variant", ["", "smoke"])
@pytest.mark.parametrize("name", FILES)
def test_every_setting_is_one_of_the_task(name, variant):
    config = FILES[name].get_config(variant)
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
    ("name", "phases"),
    [
        ("pretrain", ("pretraining", "pretraining")),
        ("train", ("cycle_generator", "cycle_encoder")),
        ("synthetic80", ("pretraining", "cycle_encoder")),
    ],
)
def test_two_steps_of_a_smoke_variant_see_its_phases(name, phases):
    task = SmirkTask(**FILES[name].get_config("smoke").task.to_dict())
    assert tuple(task.phase(step).step for step in (0, 1)) == phases
