"""The evaluation of recognised expressions: what it writes, and says of wrong input."""

import csv
import json

import cv2
import jax
import numpy as np
import pytest

from face_jax.cli.__main__ import main
from face_jax.latent_ofer import model as models
from face_jax.latent_ofer.labels import label_map
from face_jax.placement import place_everywhere
from face_jax.train.partitioning import batch_sharding, make_mesh
from tests.data_pipelines.prepare.replicas import prepared
from tests.latent_ofer.small_pipeline import small_model
from tests.latent_ofer.small_tasks import SIDE


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("raf_db"), "raf_db")[0]


@pytest.fixture
def run(records, tmp_path, monkeypatch):
    """Runs the task with the small model; returns the status."""

    def load(path, method, sharding, folded):
        assert not folded
        model = small_model()
        variables = place_everywhere(model.variables, sharding)
        return model.replace(variables=variables, rows=sharding)

    monkeypatch.setattr(models, "load", load)
    stage = tmp_path / "run" / "detector"
    stage.mkdir(parents=True)
    items = {"size": SIDE, "mode": "train", "face_scale": 1.2, "class_balanced": True}
    data = {"item": "latent_ofer_item", "latent_ofer_item": items}
    (stage / "config.json").write_text(json.dumps({"data": data}))

    def call(*flags, data=records, out="report"):
        where = ["--checkpoint", str(tmp_path / "run"), "--out", str(tmp_path / out)]
        return main(["evaluate", "recognition", *where, "--data", str(data), *flags])

    return call


def report(tmp_path, out="report"):
    return json.loads((tmp_path / out / "report.json").read_text())


def test_report_agrees_with_the_table_of_pictures(run, tmp_path, capsys):
    assert run("--split", "train") == 0
    assert "mean class recall" in capsys.readouterr().out
    found = report(tmp_path)
    with (tmp_path / "report" / "pictures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    classes = label_map(small_model().dataset).classes
    everything = found["rows"]["all pictures"]
    assert everything["pictures"] == len(rows) == found["conditions"]["items"] >= 2
    right = np.mean([row["label"] == row["found"] for row in rows])
    np.testing.assert_allclose(everything["accuracy"]["mean"], right, rtol=1e-6)
    for row in rows:
        shares = [float(row[name]) for name in classes]
        assert classes[int(np.argmax(shares))] == row["found"]
        np.testing.assert_allclose(sum(shares), 1.0, rtol=1e-5)
    assert found["conditions"]["data"]["class_order"] == list(classes)
    assert found["conditions"]["data"]["face_scale"] == 1.2
    text = (tmp_path / "report" / "report.md").read_text()
    assert "(confusion.svg)" in text and "(worst.png)" in text
    assert cv2.imread(str(tmp_path / "report" / "worst.png")) is not None


def test_batch_and_devices_change_nothing(run, tmp_path, monkeypatch):
    tables = []
    for batch in ("1", "4"):
        assert run("--split", "train", "--batch", batch, out=batch) == 0
        tables.append(tmp_path / batch / "pictures.csv")
    rows = batch_sharding(make_mesh(devices=jax.devices()[:8]))
    monkeypatch.setattr("face_jax.cli.devices.over_all_devices", lambda: rows)
    assert run("--split", "train", "--batch", "3", out="mesh") == 0
    tables.append(tmp_path / "mesh" / "pictures.csv")
    read = [list(csv.reader(path.read_text().splitlines())) for path in tables]
    numbers = [np.array([row[3:] for row in rows[1:]], float) for rows in read]
    for rows, found in zip(read[1:], numbers[1:], strict=True):
        assert [row[:3] for row in rows] == [row[:3] for row in read[0]]
        np.testing.assert_allclose(found, numbers[0], rtol=1e-5, atol=1e-6)


def test_data_without_the_models_expressions_are_one_line(run, tmp_path, capsys):
    clips = prepared(tmp_path, "videos")[0]
    assert run("--split", "train", data=clips) == 2
    assert "no file has a known expression" in capsys.readouterr().err
    assert run(data=tmp_path / "none") == 2
    assert "none" in capsys.readouterr().err
    assert run("--batch", "0") == 2
    assert "--batch: expected 1" in capsys.readouterr().err


def test_a_run_on_other_items_is_one_line(run, tmp_path, capsys):
    stage = tmp_path / "run" / "detector" / "config.json"
    stage.write_text(json.dumps({"data": {"item": "smirk_item"}}))
    assert run() == 2
    assert "expected data.item 'latent_ofer_item'" in capsys.readouterr().err
    stage.unlink()
    assert run() == 2
    assert "config.json: no such file" in capsys.readouterr().err
