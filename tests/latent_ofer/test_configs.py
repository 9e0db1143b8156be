"""Configs that compare recognisers: what they are given differs, and nothing else."""

import pytest

from configs.latent_ofer import recognizers64, synthetic64
from face_jax.systems import build_task

VARIANTS = ("", "all,pipeline=P", "none", "cnn", "cnn,covered")


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_train_equally_long(variant):
    config, own = recognizers64.get_config(variant), synthetic64.recognizer()
    assert config.run.steps == own.run.steps
    assert config.loader.batch_size == own.loader.batch_size
    assert config.task.schedule.to_dict() == own.task.schedule.to_dict()
    task = build_task(config.system, config.task.to_dict())
    if config.system == "latent_ofer.recognizer":
        assert task.selection == (variant.partition(",")[0] or "relevant")
        assert task.network == own.task.network.to_dict()
        assert config.data.latent_item.to_dict() == own.data.latent_item.to_dict()


def test_names_of_a_pipeline_are_followed():
    config = recognizers64.get_config("all,pipeline=P")
    assert config.task.image_branch_from == "P/expression"
    assert config.data.latents.path == "P/latents/train"
    config = recognizers64.get_config("cnn,covered,pipeline=P")
    assert config.task.start_from == "P/expression"
    assert config.data.synthetic_images.uncover_others
    assert config.task.picture == "image"
    assert recognizers64.get_config("cnn").task.picture == "clean_image"


def test_unknown_variants_are_told():
    with pytest.raises(ValueError, match="config variant 'some': expected one of"):
        recognizers64.get_config("some")
