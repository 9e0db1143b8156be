"""``face-jax bench data`` on a prepared data set."""

import json

import numpy as np
import pytest

from data_pipelines.prepare.examining import Source
from data_pipelines.prepare.layouts import find_layout
from data_pipelines.prepare.preparation import Preparation, prepare
from face_jax.cli.__main__ import main
from face_jax.cli.input_speed import InputSpeed
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
