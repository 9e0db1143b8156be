"""The evaluation of a pipeline whose stages took two steps each."""

import json

import cv2
import pytest

from face_jax.cli.__main__ import main
from tests.cli.small_pipeline import small_pipeline


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    with small_pipeline(tmp_path_factory.mktemp("pipeline")) as folder:
        yield folder


@pytest.mark.slow
def test_report_is_written(pipeline, tmp_path, capsys):
    out = tmp_path / "report"
    flags = ["--recognizers", str(pipeline / "expression"), "--pictures", "7"]
    command = [
        "evaluate",
        "occlusion",
        "--checkpoint",
        str(pipeline),
        "--out",
        str(out),
    ]
    assert main([*command, *flags]) == 0
    found = json.loads((out / "report.json").read_text())
    assert found["pictures"]["test"] == found["conditions"]["items"] == 7
    assert found["kinds"]["unseen"] and "block" in found["kinds"]["seen"]
    assert found["detection"][-1]["title"] == "Deep SVDD, soft boundary"
    assert len(found["reconstruction"]) == 4
    titles = [report["title"] for report in found["recognition"]]
    assert titles == [
        "reconstruction + relevant latents",
        "CNN only, trained on uncovered faces",
    ]
    rows = [list(report["rows"]) for report in found["recognition"]]
    assert rows[0] == rows[1] and "uncovered" in rows[0]
    text = (out / "report.md").read_text()
    assert "PSNR in the hole" in capsys.readouterr().out
    for sheet in out.glob("*.png"):
        assert f"({sheet.name})" in text and cv2.imread(str(sheet)) is not None


@pytest.mark.slow
def test_one_run_is_not_two_seeds(pipeline, tmp_path, capsys):
    copy = tmp_path / "copy"
    copy.symlink_to(pipeline / "recognizer")
    command = ["evaluate", "occlusion", "--checkpoint", str(pipeline), "--out", "x"]
    assert main([*command, "--recognizers", str(copy)]) == 2
    assert "expected another seed or setting than that" in capsys.readouterr().err


def test_a_folder_without_stages_is_one_line(tmp_path, capsys):
    command = ["evaluate", "occlusion", "--checkpoint", str(tmp_path), "--out", "x"]
    assert main(command) == 2
    missing = tmp_path / "detector" / "config.json"
    assert f"{missing}: no such file" in capsys.readouterr().err


def test_wrong_flags_are_one_line(tmp_path, capsys):
    command = ["evaluate", "occlusion", "--checkpoint", str(tmp_path), "--out", "x"]
    assert main([*command, "--pictures", "0"]) == 2
    assert "--pictures: expected 1 to" in capsys.readouterr().err


def test_other_data_is_one_line(tmp_path, capsys):
    stage = tmp_path / "detector"
    stage.mkdir()
    (stage / "config.json").write_text(json.dumps({"data": {"source": "faces"}}))
    command = ["evaluate", "occlusion", "--checkpoint", str(tmp_path), "--out", "x"]
    assert main(command) == 2
    expected = "data.source: expected 'synthetic_images', got faces"
    assert expected in capsys.readouterr().err
