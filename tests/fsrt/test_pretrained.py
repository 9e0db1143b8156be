"""Weights that a run starts from."""

import jax
import numpy as np
import pytest

from face_jax.train import checkpoints
from tests.fsrt.small_task import small_task
from tests.fsrt.tiny_model import build_model, save_checkpoint

TRAINED = ("decoder", "encoder", "expression_encoder", "keypoint_detector")


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("earlier")
    save_checkpoint(folder, build_model())
    return folder


def test_a_run_starts_where_another_one_ended(workdir):
    task = small_task(
        keypoints="learned",
        phase2_start=None,
        phase3_start=None,
        start_from=str(workdir),
    )
    loaded = task.pretrained()
    stored, _ = checkpoints.load_variables(workdir)
    assert sorted(loaded) == sorted(TRAINED)
    jax.tree.map(np.testing.assert_array_equal, loaded, {n: stored[n] for n in TRAINED})


def test_the_detector_comes_with_the_run(workdir):
    task = small_task(
        start_from=str(workdir), keypoint_detector_weights=None, vgg19_weights=None
    )
    # Phase 3 needs a discriminator, which the earlier run need not have had.
    assert task.has_discriminator
    assert sorted(task.pretrained()) == sorted(TRAINED)


def test_what_is_not_there_is_named(workdir, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="nothing_here"):
        small_task(start_from=str(tmp_path / "nothing_here")).pretrained()
    found, config = checkpoints.load_variables(workdir)
    del found["decoder"]
    monkeypatch.setattr(
        "face_jax.fsrt.pretrained.load_variables", lambda folder: (found, config)
    )
    with pytest.raises(ValueError, match=r"task\.start_from: .* has no decoder"):
        small_task(start_from=str(workdir)).pretrained()


def test_the_detector_is_read_from_a_converted_checkpoint(workdir):
    task = small_task(keypoint_detector_weights=str(workdir), phase3_start=None)
    stored, _ = checkpoints.load_variables(workdir)
    found = task.pretrained()["keypoint_detector"]
    jax.tree.map(np.testing.assert_array_equal, found, stored["keypoint_detector"])
    lacking = small_task(vgg19_weights=str(workdir))
    with pytest.raises(
        ValueError, match="expected a checkpoint with vgg19, it has dec"
    ):
        lacking.pretrained()
