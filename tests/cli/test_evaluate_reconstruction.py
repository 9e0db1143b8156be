"""The evaluation of found heads against landmarks: what it writes, and wrong input."""

import csv
import json

import cv2
import jax
import numpy as np
import pytest

from face_jax.cli.__main__ import main
from face_jax.placement import place_everywhere
from face_jax.smirk import inference
from face_jax.train.partitioning import batch_sharding, make_mesh
from tests.data_pipelines.prepare.replicas import prepared
from tests.smirk.small_model import small_model

pytestmark = pytest.mark.slow

SIDE = 32


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("lrs"), "lrs")[0]


@pytest.fixture
def run(records, tmp_path, monkeypatch):
    """Runs the task with the small model; returns the status."""

    def load(path, step, sharding, folded):
        assert not folded
        model = small_model("procedural")
        variables = place_everywhere(model.variables, sharding)
        return model.replace(variables=variables, rows=sharding)

    monkeypatch.setattr(inference, "load", load)
    workdir = tmp_path / "run"
    workdir.mkdir()
    items = {"size": SIDE, "mode": "train", "truth": {"shape_params": 57}}
    data = {"item": "smirk_item", "smirk_item": items}
    (workdir / "config.json").write_text(json.dumps({"data": data}))

    def call(*flags, data=records, out="report"):
        where = ["--checkpoint", str(workdir), "--out", str(tmp_path / out)]
        return main(["evaluate", "reconstruction", *where, "--data", str(data), *flags])

    return call


def table(tmp_path, out="report"):
    with (tmp_path / out / "pictures.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_report_agrees_with_the_table_of_pictures(run, tmp_path, capsys):
    assert run("--split", "train", "--frames", "3") == 0
    assert "mean landmarks" in capsys.readouterr().out
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    rows = table(tmp_path)
    assert found["pictures"] == len(rows) == found["conditions"]["items"] >= 3
    for name in ("nme", "psnr", "l1"):
        mean = np.mean([float(row[name]) for row in rows])
        np.testing.assert_allclose(found["model"][name], mean, rtol=1e-6)
    # These faces are all alike but for a shift, which crops take out.
    assert found["mean_landmarks"]["nme"] < 0.1 < found["model"]["nme"]
    assert found["conditions"]["data"]["most_frames"] == 3
    worst = cv2.imread(str(tmp_path / "report" / "worst.png"))
    assert worst is not None
    assert b"<svg" in (tmp_path / "report" / "histogram.svg").read_bytes()


def test_batch_and_devices_change_nothing(run, tmp_path, monkeypatch):
    flags = ("--split", "train", "--frames", "2")
    assert run(*flags, "--batch", "1", out="1") == 0
    rows = batch_sharding(make_mesh(devices=jax.devices()[:8]))
    monkeypatch.setattr("face_jax.cli.devices.over_all_devices", lambda: rows)
    assert run(*flags, "--batch", "3", out="mesh") == 0
    for one, two in zip(table(tmp_path, "1"), table(tmp_path, "mesh"), strict=True):
        assert one["picture"] == two["picture"]
        for name in ("nme", "psnr", "l1"):
            assert float(two[name]) == pytest.approx(float(one[name]), rel=1e-5)


def test_pictures_without_landmarks_are_left_out(run, tmp_path, capsys):
    kdef = prepared(tmp_path, "kdef")[0]
    assert run("--split", "train", data=kdef) == 2
    assert "expected pictures with landmarks" in capsys.readouterr().err


def test_wrong_flags_are_one_line(run, capsys):
    assert run("--batch", "0") == 2
    assert "--batch: expected 1" in capsys.readouterr().err
    assert run("--frames", "0") == 2
    assert "--frames: expected 1" in capsys.readouterr().err
