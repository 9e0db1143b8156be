"""Configs that compare recognisers: what they are given differs, and nothing else."""

import pytest

from configs.latent_ofer import recognizers64, synthetic64
from face_jax.systems import build_task

GIVEN = ("relevant", "all", "none", "uncovered", "covered")


@pytest.mark.parametrize("given", GIVEN)
def test_all_train_equally_long(given):
    config, own = recognizers64.get_config(f"given={given}"), synthetic64.recognizer()
    assert config.run.steps == own.run.steps
    assert config.loader.batch_size == own.loader.batch_size
    assert config.task.schedule.to_dict() == own.task.schedule.to_dict()
    task = build_task(config.system, config.task.to_dict())
    if config.system == "latent_ofer.recognizer":
        assert task.selection == given
        assert task.network == own.task.network.to_dict()
        assert config.data.latent_item.to_dict() == own.data.latent_item.to_dict()


def test_names_of_a_pipeline_are_followed():
    config = recognizers64.get_config("given=all,pipeline=P")
    assert config.task.image_branch_from == "P/expression"
    assert config.data.latents.path == "P/latents/train"
    config = recognizers64.get_config("given=covered,pipeline=P")
    assert config.task.start_from == "P/expression"
    assert config.data.synthetic_images.uncover_others
    assert config.task.picture == "image"
    assert recognizers64.get_config("given=uncovered").task.picture == "clean_image"


def test_unknown_variants_are_told():
    with pytest.raises(ValueError, match="config variant 'some': expected one of"):
        recognizers64.get_config("some")
    with pytest.raises(ValueError, match=r"given: expected one of relevant, .* 'some'"):
        recognizers64.get_config("given=some")
