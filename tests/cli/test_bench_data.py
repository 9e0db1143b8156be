"""``face-jax bench data`` on a prepared data set."""

import json

import jax
import numpy as np
import pytest

from data_pipelines import pipeline
from data_pipelines.prepare.examining import Source
from data_pipelines.prepare.layouts import find_layout
from data_pipelines.prepare.preparation import Preparation, prepare
from face_jax.cli.__main__ import main
from face_jax.cli.input_speed import PREPARED, InputSpeed, device_seconds
from face_jax.train.step_timing import made_up_batch
from tests.data_pipelines.prepare.replicas import BUILDERS


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    root, out = tmp_path_factory.mktemp("vox"), tmp_path_factory.mktemp("records")
    BUILDERS["voxceleb"](root)
    prepare(
        Preparation("voxceleb", (), Source(root), out / "vox"),
        find_layout("voxceleb")(root),
    )
    return out / "vox"


@pytest.mark.slow
def test_every_way_is_timed(records, tmp_path, capsys):
    out = tmp_path / "speed.json"
    settings = ["data.source=prepared_clips", f"data.prepared_clips.path={records}"]
    command = ["bench", "data", "--config", "configs/fsrt/vox256.py:smoke"]
    for setting in settings:
        command += ["--set", setting]
    command += ["--workers", "0", "1", "--batches", "2", "--step", "--out", str(out)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "on the device: colours and normalisation" in printed
    assert "| waiting, % of the step |" in printed
    found = json.loads(out.read_text())
    assert [speed["way"] for speed in found["input"]] == ["plain loop", "0", "1"]
    assert all(speed["seconds"] > 0 for speed in found["input"])
    assert all(speed["pictures"] == 2 for speed in found["input"])
    assert found["step_seconds"] > 0 and found["device_seconds"] > 0


def test_waiting_is_what_a_step_does_not_cover():
    speed = InputSpeed("1", seconds=0.4, batch_size=8, pictures=2)
    assert speed.images_per_second == 40
    np.testing.assert_allclose(speed.waiting(0.1), 0.75)
    assert speed.waiting(0.5) == 0


RECIPES = {
    "fsrt_item": {"size": 16},
    "smirk_item": {"size": 16},
    "latent_ofer_item": {"size": 16, "erasing_probability": 0.5},
    "latent_item": {"size": 16, "grid": 2, "width": 4, "color_changes": True},
}


@pytest.mark.parametrize("item", pipeline.ITEMS)
def test_every_kind_of_item_is_coloured_and_normalised_on_the_device(item):
    recipe = pipeline.ITEMS[item](**RECIPES[item])
    spec = {
        name: jax.ShapeDtypeStruct((2, *each.shape), each.dtype)
        for name, each in recipe.element_spec().items()
    }
    pictures = jax.tree.leaves(jax.eval_shape(PREPARED[item], spec))
    assert {picture.dtype for picture in pictures} == {np.dtype(np.float32)}
    assert {picture.shape[-3:] for picture in pictures} == {(16, 16, 3)}
    if item == "latent_item":
        assert device_seconds(item, made_up_batch(spec), rounds=1) > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batches", "0"], "--batches: expected"),
        (["--workers", "-1"], "--workers: expected"),
        (["--set", "data.source=prepared_clips"], "expected a data set that"),
    ],
)
def test_wrong_arguments_are_one_line(capsys, arguments, message):
    command = ["bench", "data", "--config", "configs/fsrt/vox256.py"]
    assert main([*command, *arguments]) == 2
    assert message in capsys.readouterr().err
